// What is found out about the processor, and what follows from it. The kernels of another processor cannot be had here; what
// the engine does for one that saturates can.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { type LocalModel, loadLocalModel } from '../../src/embedding/inference/local-model.ts';
import { classOf, describeProcessor } from '../../src/embedding/inference/processor.ts';
import { type Arithmetic, probeArithmetic } from '../../src/embedding/inference/runtime.ts';

const folder = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));
const model = { folder, dtype: 'q8', neverSaturates: false, device: 'cpu', pooling: 'mean', dimension: 384 } as const;
const texts: { text: string }[] = JSON.parse(
  readFileSync(new URL('./fixtures/parity/texts.json', import.meta.url), 'utf8'),
);
const sample = texts.filter((_, at) => at % 25 === 0).map(({ text }) => text);

let here: Arithmetic;
beforeAll(async () => {
  here = await probeArithmetic();
});

describe('a processor', () => {
  test('is told by its arithmetic, the same each time', async () => {
    expect(await probeArithmetic()).toEqual(here);
    expect(await describeProcessor()).toMatchObject({ class: classOf(process.arch, here) });
  });

  test.each<[string, Arithmetic, string]>([
    ['x64', { saturates: false, fuses: true }, 'x64-vnni'],
    ['x64', { saturates: true, fuses: true }, 'x64-avx2'],
    ['x64', { saturates: false, fuses: false }, 'x64-sse'],
    ['x64', { saturates: true, fuses: false }, 'x64-sse'], // on Windows the runtime has such a kernel
    ['arm64', { saturates: false, fuses: true }, 'arm64'],
  ])('%s with %o is %s', (arch, arithmetic, expected) => {
    expect(classOf(arch, arithmetic)).toBe(expected);
  });

  test('whose sums saturate gets a session whose sums do not, and the same bits from it', async () => {
    const [exact, found] = [await loadLocalModel(model, { ...here, saturates: true }), await loadLocalModel(model)];
    for (const text of sample) expect(await vectorOf(exact, text)).toEqual(await vectorOf(found, text));
  });
});

function vectorOf(loaded: LocalModel, text: string): Promise<Float32Array> {
  const ids = Int32Array.from([loaded.startId, ...loaded.encode(text).slice(0, 254), loaded.endId]);
  return loaded.run(ids, 1);
}
