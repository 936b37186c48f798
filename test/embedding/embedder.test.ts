import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Embedder } from '../../src/embedding/embedder.ts';
import { loadLocalModel } from '../../src/embedding/inference/local-model.ts';
import { describeModel } from '../../src/embedding/model/recipe.ts';
import { openEmbedder } from '../../src/embedding/open.ts';

const DIMENSION = 384;
const modelDir = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));

let one: Embedder;
let two: Embedder;
beforeAll(async () => {
  [one, two] = await Promise.all([
    openEmbedder({ model: await describeModel(modelDir), workers: 1 }),
    openEmbedder({ model: await describeModel(modelDir), workers: 2 }),
  ]);
});
afterAll(() => Promise.all([one.close(), two.close()]));

/** Texts of many lengths, some equal, some beyond the cap. */
const corpus = Array.from({ length: 160 }, (_, number) => {
  const name = ['read', 'write', 'parse', 'close', 'merge'][number % 5];
  return `src/${name}.py ${name}_${number % 150} function\n${`    value = ${name}(${number % 150})\n`.repeat((number * 7) % 40)}`;
});

function rowOf(vectors: Float32Array, index: number): string {
  return Buffer.from(vectors.buffer, vectors.byteOffset + index * DIMENSION * 4, DIMENSION * 4).toString('base64');
}

function rowsOf(vectors: Float32Array): string[] {
  return Array.from({ length: vectors.length / DIMENSION }, (_, index) => rowOf(vectors, index));
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}

describe('a vector', () => {
  let expected: string[];
  beforeAll(async () => {
    expected = rowsOf((await two.embed(corpus)).vectors);
  });

  test('has the same bits with one worker and with two', async () => {
    expect(rowsOf((await one.embed(corpus)).vectors)).toEqual(expected);
  });

  test('has the same bits when its text is embedded by itself', async () => {
    for (let index = 0; index < corpus.length; index += 9) {
      expect(rowOf((await one.embed([corpus[index]!])).vectors, 0)).toBe(expected[index]);
    }
  });

  test('has the same bits whatever the order, the size of the batch and the neighbours', async () => {
    const places = corpus.map((_, index) => index);
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(places, { minLength: 20 }),
        fc.integer({ min: 1, max: 90 }),
        async (order, size) => {
          const rows: string[] = [];
          for (let from = 0; from < order.length; from += size) {
            const batch = order.slice(from, from + size).map((index) => corpus[index]!);
            rows.push(...rowsOf((await two.embed(batch)).vectors));
          }
          expect(rows).toEqual(order.map((index) => expected[index]));
        },
      ),
      { numRuns: 6 },
    );
  });

  test('is that of the session itself for the same ids, to the last bit', async () => {
    const model = await loadLocalModel({
      folder: modelDir,
      dtype: 'q8',
      neverSaturates: true,
      device: 'cpu',
      pooling: 'mean',
      dimension: 384,
    });
    const ids = Int32Array.from([model.startId, ...model.encode('def read(self)'), model.endId]);
    const { vectors } = await one.embed(['def read(self)']);
    expect(rowOf(await model.run(ids, 1), 0)).toBe(rowOf(vectors, 0));
  });
});

test('texts of like meaning are nearer than others', async () => {
  const { vectors } = await one.embed([
    'how do I open a file and read its lines',
    'def read_lines(path):\n    with open(path) as file:\n        return file.readlines()',
    'class Matrix:\n    def determinant(self): ...',
  ]);
  const [query, near, far] = [0, 1, 2].map((index) => vectors.subarray(index * DIMENSION, (index + 1) * DIMENSION));
  expect(cosine(query!, near!)).toBeGreaterThan(cosine(query!, far!) + 0.3);
});

test('texts at the cap differ by what fits and not by what does not', async () => {
  const words = 'word '.repeat(253);
  const { vectors, tokens } = await one.embed([`${words}alpha`, `${words}beta`, `${words}alpha beta gamma`]);
  const [alpha, beta, longer] = rowsOf(vectors);
  expect(alpha).not.toBe(beta);
  expect(longer).toBe(alpha);
  expect(tokens).toBe(2 * 256);
});

test('equal texts are embedded once', async () => {
  const { vectors, tokens } = await two.embed(Array.from({ length: 1000 }, () => 'the same line'));
  expect(tokens).toBe(5);
  expect(new Set(rowsOf(vectors)).size).toBe(1);
});

test('an abort gives the vectors that are made, and says which are not', async () => {
  const texts = Array.from({ length: 200 }, (_, n) => `text ${n} ${'of many words '.repeat(n % 40)}`);
  const abort = new AbortController();
  let done = 0;
  const result = await two.embed(texts, abort.signal, (count) => {
    done += count;
    if (done >= 50) abort.abort();
  });
  expect(done).toBeGreaterThanOrEqual(50);
  expect(result.unfinished).toHaveLength(texts.length - done);
  expect(result.unfinished.length).toBeGreaterThan(0);
  const whole = await two.embed(texts);
  const left = new Set(result.unfinished);
  for (const index of texts.keys()) {
    const row = [index * DIMENSION, (index + 1) * DIMENSION] as const;
    const expected = left.has(index) ? new Float32Array(DIMENSION) : whole.vectors.subarray(...row);
    expect(result.vectors.subarray(...row)).toEqual(expected);
  }
});

test('no texts give no vectors', async () => {
  expect(await one.embed([])).toEqual({
    vectors: new Float32Array(0),
    failures: [],
    unfinished: [],
    tokens: 0,
    reused: 0,
  });
});

test('empty, blank, broken and huge texts each get a vector of unit norm', async () => {
  const megabytes = 20 * (1 << 20);
  const odd = [
    ...['', '   \n\t', '\ud800', 'a\udc00b', '\u0000', '\ufffd\ufffd', '[SEP][MASK][CLS][PAD]', '🙂'.repeat(5000)],
    'def read(self): return 1\n'.repeat(megabytes / 25),
    ' '.repeat(megabytes),
    'x'.repeat(megabytes),
  ];
  const { vectors, failures } = await two.embed(odd);
  expect(failures).toEqual([]);
  for (let index = 0; index < odd.length; index += 1) {
    const vector = vectors.subarray(index * DIMENSION, (index + 1) * DIMENSION);
    expect(Math.abs(Math.sqrt(cosine(vector, vector)) - 1)).toBeLessThan(1e-5);
  }
});

describe('a process that holds an embedder', () => {
  async function exitOf(script: string): Promise<{ code: number | null; signal: string | null; stderr: string }> {
    const open = new URL('../../dist/embedding/open.js', import.meta.url).href;
    const describe = new URL('../../dist/embedding/model/recipe.js', import.meta.url).href;
    const program = `import { openEmbedder } from ${JSON.stringify(open)};
      import { describeModel } from ${JSON.stringify(describe)};
      const texts = Array.from({ length: 400 }, (_, i) => ('text ' + i + ' ').repeat(1 + (i % 60)));
      const opening = openEmbedder({ model: await describeModel(${JSON.stringify(modelDir)}), workers: 2 });
      ${script}`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const [code, signal] = await once(child, 'close');
    return { code, signal, stderr };
  }
  const clean = (code: number) => ({ code, signal: null, stderr: '' });

  test('ends by itself when the embedder idles, even unclosed', async () => {
    expect(await exitOf('const e = await opening; await e.embed(texts.slice(0, 5));')).toEqual(clean(0));
  });

  test('ends after close, also while vectors are made', async () => {
    expect(
      await exitOf('const e = await opening; e.embed(texts).catch(() => {}); setImmediate(() => e.close());'),
    ).toEqual(clean(0));
  });

  test('can exit with its own code at any moment: at work, idle or while the model loads', async () => {
    expect(await exitOf('const e = await opening; e.embed(texts); setTimeout(() => process.exit(7), 150);')).toEqual(
      clean(7),
    );
    expect(await exitOf('const e = await opening; await e.embed(texts.slice(0, 9)); process.exit(8);')).toEqual(
      clean(8),
    );
    expect(await exitOf('opening.catch(() => {}); setTimeout(() => process.exit(9), 300);')).toEqual(clean(9));
  });

  test('reports its own uncaught error and not a crash of the runtime', async () => {
    const { code, signal, stderr } = await exitOf(
      'const e = await opening; e.embed(texts); setTimeout(() => { throw new Error("mine") }, 150);',
    );
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(stderr).toContain('Error: mine');
  });
});
