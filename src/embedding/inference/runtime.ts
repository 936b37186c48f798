// The only user of onnxruntime: sessions as this program wants them, and what this processor's kernels do with numbers.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import type { Device } from '../../core/device.ts';
import type { ModelSpec } from '../model/manifest.ts';

export { InferenceSession, Tensor };

env.logLevel = 'fatal'; // what goes wrong is thrown

// One thread per session: several small sessions beat one wide one, and sums keep one order.
const SESSION_OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  enableCpuMemArena: true,
  enableMemPattern: false, // shapes vary from run to run, patterns would pile up
  logSeverityLevel: 4, // as above: fatal
} as const;
const NO_SPINNING = { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } };

/** 'basic' avoids a fused layer normalisation that is slower on CPUs than its parts. */
const PLAIN = { graphOptimizationLevel: 'basic', extra: { session: NO_SPINNING } } as const;

// Weights become uint8 when the model is loaded, and products of two uint8 are summed in 32 bits. That is slower than what
// saturates, and much slower than VNNI, for which the runtime would do it too. Below 'extended' the entry does nothing.
const EXACT = {
  graphOptimizationLevel: 'extended',
  extra: { session: { ...NO_SPINNING, x64quantprecision: '1' } },
} as const;

export interface Arithmetic {
  /** Sums of two products of uint8 and int8 are cut to 16 bits: x64 with AVX2 or AVX-512, but without VNNI. */
  readonly saturates: boolean;
  /** A product is not rounded before it is added: x64 with AVX2, and ARM. */
  readonly fuses: boolean;
}

/** Made by tools/model/build.py: `sums` of four products of integers; `rest` is 0 where a product is rounded. */
const PROBE_PATH = fileURLToPath(new URL('../../../models/arithmetic.onnx', import.meta.url));
const PROBE_INPUTS = 4;
const LARGEST_INPUT = 255;
const LARGEST_WEIGHT = 127;

/**
 * What the runtime's kernels do here, found by using them: /proc/cpuinfo exists on Linux only, and in an emulator it is
 * the host's. Takes some milliseconds. Throws what the runtime throws.
 */
export async function probeArithmetic(): Promise<Arithmetic> {
  const session = await InferenceSession.create(await readFile(PROBE_PATH), { ...SESSION_OPTIONS, ...PLAIN });
  const integers = new Tensor('uint8', new Uint8Array(2 * PROBE_INPUTS).fill(LARGEST_INPUT), [2, PROBE_INPUTS]);
  const step = 2 ** -12;
  const row = [-1 - 2 * step, 1 + step]; // times (1, 1 + step): step²
  const floats = new Tensor('float32', Float32Array.from([...row, ...row]), [2, row.length]);
  const { sums, rest } = await session.run({ integers, floats });
  await session.release();
  return {
    saturates: Number(sums?.data[0]) !== PROBE_INPUTS * LARGEST_INPUT * LARGEST_WEIGHT,
    fuses: Number(rest?.data[0]) !== 0,
  };
}

/** Loads a model on one device; the runtime is not given a second one to fall back to. Throws what the runtime throws. */
export async function createSession(
  path: string,
  { dtype, neverSaturates, device }: Pick<ModelSpec, 'dtype' | 'neverSaturates'> & { readonly device: Device },
  arithmetic?: Arithmetic,
): Promise<InferenceSession> {
  const mightSaturate = device === 'cpu' && dtype !== 'fp32' && dtype !== 'fp16' && !neverSaturates;
  const isExact = mightSaturate && (arithmetic ?? (await probeArithmetic())).saturates;
  const options = isExact ? EXACT : PLAIN;
  return InferenceSession.create(path, { ...SESSION_OPTIONS, ...options, executionProviders: [device] });
}
