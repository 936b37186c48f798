import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import type { IndexEvent } from '../../src/core/events.ts';
import { describeModel } from '../../src/embedding/model/recipe.ts';
import { cleanUp } from '../../src/operations/cleanup.ts';
import { indexProject } from '../../src/operations/index.ts';
import { reembedWith } from '../../src/operations/reembed.ts';
import { search } from '../../src/operations/search.ts';
import { status } from '../../src/operations/status.ts';
import { openForReading, openForWriting } from '../../src/run/open-index.ts';
import type { OpenEmbedder } from '../../src/run/opened.ts';
import { makeTinyModel } from '../embedding/tiny-model.ts';

let models: string;
let one: string;
let other: string;
beforeAll(() => {
  models = mkdtempSync(join(tmpdir(), 'tandem-models-'));
  one = makeTinyModel(join(models, 'one'), { dimension: 16 });
  other = makeTinyModel(join(models, 'other'), { dimension: 32, settings: { id: 'test/other' } });
});
afterAll(() => rmSync(models, { recursive: true, force: true }));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tandem-reembed-'));
  mkdirSync(join(root, 'src'));
  const functions = Array.from({ length: 30 }, (_, n) => `def f${n}(x):\n    return x * ${n}\n\n`);
  for (const name of ['a', 'b']) writeFileSync(join(root, 'src', `${name}.py`), functions.join('\n'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const indexDir = () => join(root, '.mcp-vector-search');
const tandem = (name: string) => join(indexDir(), 'tandem', name);

function configOf(modelDir: string): Config {
  return {
    root,
    indexDir: indexDir(),
    workers: 1,
    checkpointInterval: 1,
    maxFileBytes: 100_000,
    durability: 'fast',
    modelDir,
    cache: null,
    include: [],
    exclude: [],
    allowSecrets: false,
  };
}

/** Vectors of the model's length that depend on text and model; the engine itself has its own tests. */
const openEmbedder: OpenEmbedder = async ({ model: { identity, recipe } }) => {
  const { dimension } = identity;
  return {
    identity,
    recipe,
    async embed(texts) {
      const vectors = new Float32Array(texts.length * dimension);
      for (const [row, text] of texts.entries()) {
        const digest = createHash('sha256')
          .update(recipe + text)
          .digest();
        const numbers = Array.from({ length: dimension }, (_, at) => digest[at % digest.length]! + at + 1);
        const norm = Math.hypot(...numbers);
        vectors.set(
          numbers.map((value) => value / norm),
          row * dimension,
        );
      }
      return { vectors, failures: [], unfinished: [], tokens: texts.length, reused: 0 };
    },
    close: () => Promise.resolve(),
  };
};

async function makeIndex(modelDir: string): Promise<void> {
  await using index = await openForWriting(configOf(modelDir), {}, { openEmbedder });
  await indexProject(index, { phase: 'all' });
}

async function find(modelDir: string) {
  await using index = await openForReading(configOf(modelDir));
  return (await search(index, 'return x', { limit: 5, mode: 'semantic' })).hits;
}

const remake = (
  modelDir: string,
  { fault, observe }: { fault?: (name: string) => void; observe?: (event: IndexEvent) => void } = {},
) => reembedWith(configOf(modelDir), { observe }, { openEmbedder, fault });

describe('an index made with one model', () => {
  test.each([
    ['as run.json says', []],
    ['as the checkpoint says where run.json is lost', ['run.json']],
    ['as the vectors themselves tell where both are lost', ['run.json', 'checkpoint.json']],
  ])('refuses another, with two ways out, and stays as it was: %s', async (_, lost) => {
    await makeIndex(one);
    rmSync(join(indexDir(), 'config.json')); // that mcp-vector-search's settings disagree is another refusal
    for (const name of lost) rmSync(tandem(name));
    const before = readFileSync(tandem('files.jsonl'), 'utf8');
    writeFileSync(join(root, 'src/c.py'), 'def later():\n    pass\n');
    for (const use of [makeIndex, find]) {
      const attempt = use(other);
      await expect(attempt).rejects.toMatchObject({
        code: 'MODEL_CHANGED',
        hint: expect.stringContaining('--reembed'),
      });
      await expect(attempt).rejects.toMatchObject({ hint: expect.stringContaining('--index-dir') });
    }
    expect(readFileSync(tandem('files.jsonl'), 'utf8')).toBe(before);
  });

  test('takes other weights of the same model for another recipe, searches both and counts them', async () => {
    await makeIndex(one);
    const weights = makeTinyModel(join(models, 'weights'), { dimension: 16, seed: 7 });
    writeFileSync(join(root, 'src/c.py'), 'def later():\n    pass\n');
    await makeIndex(weights);
    const [old, now] = [await describeModel(one), await describeModel(weights)];
    const { model, vectors } = await status(configOf(weights));
    expect(model?.recipes).toEqual({ [old.recipe]: vectors - 1, [now.recipe]: 1 });
    expect(model).toMatchObject({ recipe: now.recipe, outdated: vectors - 1 });
    expect(await find(weights)).toHaveLength(5);
    expect(await remake(weights)).toMatchObject({ complete: true });
    expect((await status(configOf(weights))).model).toMatchObject({ recipes: { [now.recipe]: vectors }, outdated: 0 });
  });

  test('is made anew with another by reembed, and refuses the first one from then on', async () => {
    await makeIndex(one);
    writeFileSync(join(root, 'src/c.py'), 'def later():\n    pass\n');
    const report = await remake(other);
    expect(report).toMatchObject({ complete: true, files: { added: 1 }, chunks: { pending: 0, error: 0 } });
    expect(report.phase2?.embedded).toBe(report.chunks.total);
    expect(await status(configOf(other))).toMatchObject({
      complete: true,
      model: { id: 'test/other', dimension: 32 },
      last_run: { phase2: 'finished' },
    });
    expect(await find(other)).toHaveLength(5);
    await expect(find(one)).rejects.toMatchObject({ code: 'MODEL_CHANGED' });
    expect(existsSync(tandem('reembed.json'))).toBe(false);
    await makeIndex(other);
  });

  test('an index without a vector takes whatever model comes', async () => {
    {
      await using index = await openForWriting(configOf(one), {});
      await indexProject(index, { phase: 1 });
    }
    rmSync(join(indexDir(), 'config.json'));
    await makeIndex(other);
    expect(await status(configOf(other))).toMatchObject({ complete: true, model: { dimension: 32 } });
  });
});

describe('reembed', () => {
  const before = ['reembed.batch-added', 'reembed.durable'];
  const after = ['reembed.decided', 'reembed.old-aside', 'reembed.switched', 'reembed.model-recorded'];
  test.each([...before, ...after])('killed at %s loses nothing, and the next call ends it', async (point) => {
    await makeIndex(one);
    const killed = join(models, 'killed');
    const fault = (name: string) => {
      if (name !== point) return;
      cpSync(indexDir(), killed, { recursive: true });
      throw new Error('killed');
    };
    await expect(remake(other, { fault })).rejects.toThrow('killed');
    rmSync(indexDir(), { recursive: true });
    cpSync(killed, indexDir(), { recursive: true });
    rmSync(killed, { recursive: true });
    rmSync(tandem('lock'), { force: true }); // its process is dead
    if (before.includes(point)) {
      // The old vectors are in use until the switch.
      expect(await status(configOf(one))).toMatchObject({ complete: true, model: { dimension: 16 } });
      const notices: string[] = [];
      await using index = await openForWriting(configOf(one), {
        observe: (event) => event.type === 'notice' && notices.push(event.message),
      });
      expect(index).toBeDefined();
      expect(notices.join()).toContain('--reembed');
    }
    if (['reembed.decided', 'reembed.old-aside'].includes(point)) {
      // Readers have the old ones until the new ones are in their place.
      expect((await find(one)).length).toBe(5);
      expect(await status(configOf(one))).toMatchObject({ complete: true, vectors: 60 });
    }
    let added = 0;
    const count = (name: string) => {
      if (name === 'reembed.batch-added') added++;
    };
    expect(await remake(other, { fault: count })).toMatchObject({ complete: true });
    if (before.includes(point)) expect(added).toBe(0); // what it had is not embedded again
    expect(await status(configOf(other))).toMatchObject({ complete: true, model: { id: 'test/other', dimension: 32 } });
  });

  test('begun with one model and called with another starts over', async () => {
    await makeIndex(one);
    const fault = (name: string) => {
      if (name === 'reembed.batch-added') throw new Error('stopped');
    };
    await expect(remake(other, { fault })).rejects.toThrow('stopped');
    const third = makeTinyModel(join(models, 'third'), { dimension: 8, settings: { id: 'test/third' } });
    expect(await remake(third)).toMatchObject({ complete: true });
    expect((await status(configOf(third))).model).toMatchObject({ id: 'test/third', dimension: 8 });
  });

  describe('left unfinished', () => {
    const kept = { kind: 'next-vectors' };
    const again = () => makeTinyModel(join(models, 'again'), { dimension: 16, seed: 9 }); // of one's identity

    async function stopped(modelDir: string): Promise<void> {
      await makeIndex(one);
      const fault = (name: string) => {
        if (name === 'reembed.batch-added') throw new Error('stopped');
      };
      await expect(remake(modelDir, { fault })).rejects.toThrow('stopped');
      expect(existsSync(tandem('next/vectors.lance'))).toBe(true);
    }

    test('is kept by cleanup, also with --now, while a run would go on with it', async () => {
      const model = again();
      await stopped(model);
      const report = await cleanUp(configOf(model), { now: true });
      expect(report.kept).toEqual([expect.objectContaining({ ...kept, why: 'index --reembed will use them' })]);
      let added = 0;
      const fault = (name: string) => {
        if (name === 'reembed.batch-added') added++;
      };
      expect(await remake(model, { fault })).toMatchObject({ complete: true });
      expect(added).toBe(0);
    });

    test('is kept for a run with another model, until --now', async () => {
      await stopped(other);
      const report = await cleanUp(configOf(one));
      expect(report.kept).toEqual([expect.objectContaining({ ...kept, why: expect.stringContaining('--now') })]);
      expect(existsSync(tandem('next/vectors.lance'))).toBe(true);
      expect((await cleanUp(configOf(one), { now: true })).kept).toEqual([]);
      expect([existsSync(tandem('next/vectors.lance')), existsSync(tandem('reembed.json'))]).toEqual([false, false]);
      expect(await find(one)).toHaveLength(5);
    });

    test('goes where the model makes vectors in another way now: no run would go on with it', async () => {
      await stopped(again());
      const report = await cleanUp(configOf(one));
      expect(report).toMatchObject({ kept: [] });
      expect(report.freed).toContainEqual(expect.objectContaining(kept));
      expect(existsSync(tandem('next/vectors.lance'))).toBe(false);
    });

    test('goes where nothing says what it is, though not by a dry run', async () => {
      await stopped(other);
      rmSync(tandem('reembed.json'));
      const plan = await cleanUp(configOf(one), { dryRun: true });
      expect(plan.freed).toContainEqual(expect.objectContaining(kept));
      expect(existsSync(tandem('next/vectors.lance'))).toBe(true);
      await cleanUp(configOf(one));
      expect(existsSync(tandem('next/vectors.lance'))).toBe(false);
      expect(await status(configOf(one))).toMatchObject({ complete: true });
    });
  });
});
