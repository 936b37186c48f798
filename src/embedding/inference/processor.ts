// Which kind of processor this is to the engine, and what that costs.
import { cpus } from 'node:os';
import { messageOf } from '../../core/errors.ts';
import { silenceRuntime } from './quiet-runtime.ts';
import type { Arithmetic } from './runtime.ts';

export interface Processor {
  /** As its maker calls it; '' where the system does not say. */
  readonly name: string;
  /**
   * `x64-vnni` (AVX-512 VNNI, AVX-VNNI or AMX), `x64-avx2` (AVX2 or AVX-512 without them), `x64-sse` (neither AVX2 nor
   * FMA), another architecture's name, or `unknown` where the runtime does not load.
   */
  readonly class: string;
  /** What this class costs beside the fastest of x64; '' for other architectures. */
  readonly cost: string;
}

// Measured by `npm run bench -- parity` (docs/decisions/0016), rounded.
const COSTS: Readonly<Record<string, string>> = {
  'x64-vnni': 'the fastest class',
  'x64-avx2':
    'no VNNI: embedding takes 1.5 to 3 times the processor time, for the same vectors (2 % differ, cosine .9995)',
  'x64-sse':
    'no AVX2: embedding takes about five times the processor time, for vectors that differ slightly (cosine .9998)',
};

/** Loads the runtime, 30 to 100 ms. Never throws. */
export async function describeProcessor(): Promise<Processor> {
  silenceRuntime();
  const name = cpus()[0]?.model.trim() ?? '';
  try {
    const { probeArithmetic } = await import('./runtime.ts');
    const found = classOf(process.arch, await probeArithmetic());
    return { name, class: found, cost: COSTS[found] ?? '' };
  } catch (error) {
    return { name, class: 'unknown', cost: `nothing can be embedded here: ${messageOf(error)}` };
  }
}

export function classOf(arch: string, { saturates, fuses }: Arithmetic): string {
  if (arch !== 'x64') return arch;
  if (!fuses) return 'x64-sse';
  return saturates ? 'x64-avx2' : 'x64-vnni';
}
