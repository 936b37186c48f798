// How much address space this process may take (`ulimit -v`), and what a thread needs of it: V8 ends the whole process
// where it gets none, so that a thread is not started without.
import { readFileSync } from 'node:fs';

const MIB = 1024 ** 2;

/** Of any thread of ours: V8 sets 128 MiB aside for code and as much for its heap, malloc an arena, the engine its buffers. */
export const THREAD_BYTES = 600 * MIB;

/** What V8 sets aside for a parser's memory beyond that, to be spared a check at every access; and where it is told not to. */
const PARSER_GIB = { usual: 10, checked: 2 } as const;
const FLAG = '--disable-wasm-trap-handler';
/** As in syntax/runtime.ts. */
const PARSER_PAGES = { initial: 1, maximum: 32_768 };

/** As far as it is used here: its types come with those of a browser. */
declare const WebAssembly: { readonly Memory: new (pages: { initial: number; maximum: number }) => object };

export interface AddressSpace {
  /** Bytes. */
  readonly limit: number;
  readonly used: number;
}

/** Null where there is no limit, or where the system does not tell. */
function addressSpace(): AddressSpace | null {
  try {
    const limit = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    const used = /^VmSize:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return limit === undefined ? null : { limit: Number(limit), used: Number(used ?? 0) * 1024 };
  } catch {
    return null;
  }
}

/** Of `wanted` threads that need so many bytes each, those that fit; all where there is no limit. */
export function threadsThatFit(wanted: number, bytes: number, space: AddressSpace | null = addressSpace()): number {
  return space === null ? wanted : Math.max(0, Math.min(wanted, Math.floor((space.limit - space.used) / bytes)));
}

/** As above, of threads with a parser. What such a one takes is tried out, for it depends on a switch of V8. */
export function parsersThatFit(wanted: number, space: AddressSpace | null = addressSpace()): number {
  if (space === null) return wanted;
  try {
    new WebAssembly.Memory(PARSER_PAGES);
  } catch {
    return 0;
  }
  const taken = (addressSpace()?.used ?? 0) - space.used; // until it is collected
  return threadsThatFit(wanted, THREAD_BYTES + Math.max(0, taken), space);
}

/** What to do where a thread or its memory is refused. */
export function adviceOnMemory(space: AddressSpace | null = addressSpace()): string {
  if (space === null) return 'free some memory, or use fewer threads: --workers=1';
  const limit = Number((space.limit / 1024 ** 3).toFixed(1));
  const cheaper = `set NODE_OPTIONS=${FLAG}: a parser then takes ${PARSER_GIB.checked} GiB of it instead of ${PARSER_GIB.usual} GiB`;
  return `this process may use ${limit} GiB of address space (ulimit -v); raise that limit, or ${cheaper}`;
}
