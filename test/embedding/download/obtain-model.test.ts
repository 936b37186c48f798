import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import type { IndexEvent } from '../../../src/core/events.ts';
import { type HubModel, obtainModel } from '../../../src/embedding/download/obtain-model.ts';
import { describeModel } from '../../../src/embedding/model/recipe.ts';
import { openEmbedder } from '../../../src/embedding/open.ts';
import { indexProject } from '../../../src/operations/index.ts';
import { openForReading, openForWriting } from '../../../src/operations/open.ts';
import { search } from '../../../src/operations/search.ts';
import { makeTinyModel } from '../tiny-model.ts';
import { COMMIT, localHub, serving } from './local-hub.ts';

const ID = 'Xenova/all-MiniLM-L6-v2'; // its settings are known
const FILES = ['config.json', 'tokenizer_config.json', 'tokenizer.json', 'onnx/model.onnx'];
const SETTINGS = { id: 'test/tiny', dimension: 64, pooling: 'mean', maxTokens: 128, dtype: 'fp32' };

let parent: string;
let files: Record<string, Buffer>;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'tandem-download-'));
  const tiny = makeTinyModel(join(parent, 'tiny'));
  files = Object.fromEntries(FILES.map((path) => [path, readFileSync(join(tiny, path))]));
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

let models: string;
let folder: string;
beforeEach(() => {
  models = mkdtempSync(join(parent, 'models-'));
  folder = join(models, 'Xenova--all-MiniLM-L6-v2');
});

const hubOf = (endpoint: string, change: Partial<HubModel> = {}): HubModel => ({
  id: ID,
  endpoint,
  isAllowed: true,
  answerMs: 800,
  ...change,
});

async function obtain(hub: HubModel, signal?: AbortSignal, into = folder): Promise<string[]> {
  const told: IndexEvent[] = [];
  await obtainModel(into, hub, { observe: (event) => told.push(event), signal });
  return told.map((event) => ('message' in event ? event.message : event.type));
}

describe('a model of the hub', () => {
  test('is fetched as a whole, of one commit, checked, and put in place in one step', async () => {
    await using hub = await localHub(serving(files));
    const told = await obtain(hubOf(hub.endpoint));
    for (const path of FILES) expect(readFileSync(join(folder, path)).equals(files[path]!)).toBe(true);
    expect(readdirSync(models)).toEqual(['Xenova--all-MiniLM-L6-v2']);
    expect(hub.asked[0]).toBe(`/${ID}/resolve/main/config.json`);
    expect(hub.asked.slice(1, 4)).toEqual(FILES.slice(1).map((path) => `/${ID}/resolve/${COMMIT}/${path}`));
    expect(told).toEqual([expect.stringContaining(hub.endpoint), expect.stringContaining('downloaded 4 files')]);
  });

  test('that is there is not asked for', async () => {
    await using hub = await localHub(serving(files));
    await obtain(hubOf(hub.endpoint));
    hub.asked.length = 0;
    expect(await obtain(hubOf(hub.endpoint, { isAllowed: false }))).toEqual([]);
    expect(hub.asked).toEqual([]);
  });

  test('is not downloaded unless that was allowed', async () => {
    await using hub = await localHub(serving(files));
    const refusal = expect(obtain(hubOf(hub.endpoint, { isAllowed: false }))).rejects;
    await refusal.toMatchObject({ code: 'MODEL_MISSING', hint: expect.stringContaining('--allow-download') });
    expect(hub.asked).toEqual([]);
  });

  test('is missing before anything is written, and only writing asks for it', async () => {
    await using hub = await localHub(serving(files));
    const root = mkdtempSync(join(parent, 'project-'));
    writeFileSync(join(root, 'a.py'), 'x = 1\n');
    const env = { XDG_CACHE_HOME: join(root, 'cache'), HOME: root, HF_ENDPOINT: hub.endpoint };
    const config = (allowDownload: boolean) =>
      loadConfig({ path: root, flags: { model: ID, allowDownload }, creates: true, env });
    await expect(openForWriting(config(false))).rejects.toMatchObject({ code: 'MODEL_MISSING' });
    expect(readdirSync(root)).toEqual(['a.py']);
    {
      await using made = await openForWriting(loadConfig({ path: root, creates: true, env }));
      await indexProject(made, { phase: 1 });
    }
    await using index = await openForReading(config(true));
    expect((await search(index, 'x', { limit: 1 })).hits).toHaveLength(1); // by words
    expect(hub.asked).toEqual([]);
  });

  test('that nothing is known of is not downloaded; with its settings in the folder it is, and it works', async () => {
    await using hub = await localHub(serving(files));
    const tiny = join(models, 'test--tiny');
    const unknown = hubOf(hub.endpoint, { id: 'test/tiny' });
    const refusal = expect(obtain(unknown, undefined, tiny)).rejects;
    await refusal.toMatchObject({ code: 'MODEL_MISSING', hint: expect.stringContaining('tandem-model.json') });
    expect(hub.asked).toEqual([]);

    mkdirSync(tiny);
    writeFileSync(
      join(tiny, 'tandem-model.json'),
      JSON.stringify({ ...SETTINGS, prefixes: { query: '', document: '' } }),
    );
    await obtain(unknown, undefined, tiny);
    expect(readdirSync(models)).toEqual(['test--tiny']);
    const embedder = await openEmbedder({ model: await describeModel(tiny), workers: 1 });
    expect((await embedder.embed(['a text'])).failures).toEqual([]);
    await embedder.close();
  });

  test('keeps the files that are there already', async () => {
    await using hub = await localHub(serving(files));
    mkdirSync(folder);
    writeFileSync(join(folder, 'config.json'), 'mine');
    await obtain(hubOf(hub.endpoint));
    expect(readFileSync(join(folder, 'config.json'), 'utf8')).toBe('mine');
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'onnx', 'tokenizer.json', 'tokenizer_config.json']);
  });
});

describe('nothing is left in place', () => {
  async function refusalOf(answer: Parameters<typeof localHub>[0], signal?: AbortSignal) {
    await using hub = await localHub(answer);
    const error = await obtain(hubOf(hub.endpoint), signal).then(
      () => new Error('nothing was refused'),
      (reason: unknown) => reason,
    );
    expect(readdirSync(models)).toEqual([]);
    return error;
  }

  test('of a file whose bytes are not those that were promised', async () => {
    const flipped = (content: Buffer) => Buffer.concat([content.subarray(0, -1), Buffer.from([content.at(-1)! ^ 1])]);
    expect(await refusalOf(serving(files, flipped))).toMatchObject({
      code: 'MODEL_DAMAGED',
      message: expect.stringMatching(/SHA-256/),
    });
  });

  test.each([
    ['shorter', (content: Buffer) => content.subarray(1)],
    ['longer', (content: Buffer) => Buffer.concat([content, content])],
  ])('of a file that is %s than promised', async (_, spoil) => {
    expect(await refusalOf(serving(files, spoil))).toMatchObject({
      code: 'MODEL_DAMAGED',
      message: expect.stringMatching(/bytes came/),
    });
  });

  test('of a file that breaks off', async () => {
    const error = await refusalOf((_, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('only this', () => response.destroy());
    });
    expect(error).toMatchObject({ code: 'MODEL_MISSING', message: expect.stringMatching(/config\.json/) });
  });

  test('where the hub does not have a file', async () => {
    const { 'tokenizer.json': _, ...others } = files;
    expect(await refusalOf(serving(others))).toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringMatching(/tokenizer\.json.*404/),
    });
  });

  test('where the folder cannot be made', async () => {
    await using hub = await localHub(serving(files));
    const file = join(models, 'file');
    writeFileSync(file, '');
    const refusal = expect(obtain(hubOf(hub.endpoint), undefined, join(file, 'Xenova--all-MiniLM-L6-v2'))).rejects;
    await refusal.toMatchObject({ code: 'NOT_WRITABLE', hint: expect.stringContaining('TANDEM_CACHE_DIR') });
  });

  test('of a download that the user stops', async () => {
    const stop = new AbortController();
    const error = await refusalOf((_, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('some');
      setTimeout(() => stop.abort(new Error('stopped')), 50);
    }, stop.signal);
    expect(error).toMatchObject({ message: 'stopped' });
  });
});

describe('a hub that cannot be reached is an error within a second', () => {
  async function timed(hub: HubModel) {
    const from = performance.now();
    const error = await obtain(hub).catch((reason: unknown) => reason);
    expect(performance.now() - from).toBeLessThan(1000);
    expect(readdirSync(models)).toEqual([]);
    return error;
  }

  test('where its name is not known', async () => {
    const error = await timed(hubOf('http://hub.invalid'));
    expect(error).toMatchObject({ code: 'MODEL_MISSING', message: expect.stringContaining('hub.invalid') });
  });

  test('where it refuses', async () => {
    const { endpoint } = await localHub(() => undefined).then(async (hub) => {
      await hub[Symbol.asyncDispose]();
      return hub;
    });
    expect(await timed(hubOf(endpoint))).toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  test('where it takes the call and never answers', async () => {
    await using hub = await localHub(() => undefined);
    expect(await timed(hubOf(hub.endpoint))).toMatchObject({
      code: 'MODEL_MISSING',
      message: /no answer within 800 ms/,
    });
  });
});
