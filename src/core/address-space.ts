// How much address space this process may take (`ulimit -v`). The parser reserves far more of it than it uses.
import { readFileSync } from 'node:fs';

/** V8 sets this much aside for each parser, to be spared a check at every access; less where that is switched off. */
const PARSER_BYTES = { usual: 10 * 1024 ** 3, withoutTrapHandler: 2 * 1024 ** 3 } as const;

/** In bytes; null where there is no limit, or where the system does not tell. */
function addressSpaceLimit(): number | null {
  try {
    const soft = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}

/** What to do where a thread or its memory is refused. */
export function adviceOnMemory(limit: number | null = addressSpaceLimit()): string {
  if (limit === null) return 'free some memory, or use fewer threads: --workers=1';
  const gib = (bytes: number) => `${Number((bytes / 1024 ** 3).toFixed(1))} GiB`;
  const { usual, withoutTrapHandler } = PARSER_BYTES;
  const cheaper = `set NODE_OPTIONS=--disable-wasm-trap-handler: a parser thread then takes ${gib(withoutTrapHandler)} of it instead of ${gib(usual)}`;
  return `this process may use ${gib(limit)} of address space (ulimit -v); raise that limit, or ${cheaper}`;
}
