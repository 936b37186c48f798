import { chmod, cp, mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Check, checkNode, diagnose, processorCheck, spaceCheck } from '../../src/operations/doctor.ts';
import { nearestExisting, probeDirectory } from '../../src/store/files/probe-directory.ts';
import { openStores, temporaryDirectory } from '../store/make.ts';
import { modelDir } from '../verify/fixture.ts';

function find(checks: readonly Check[], name: string): Check {
  return checks.find((check) => check.name === name)!;
}

describe('doctor', () => {
  test('finds nothing wrong here, names every check and leaves nothing behind', async () => {
    await using directory = await temporaryDirectory();
    const config = { root: directory.path, indexDir: join(directory.path, '.mcp-vector-search'), modelDir };
    const { healthy, checks } = await diagnose(config);
    expect(checks.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(healthy).toBe(true);
    expect(checks.map(({ name }) => name)).toEqual([
      'node',
      'versions',
      'table engine',
      'model files',
      'embedding',
      'processor',
      'grammars',
      'write',
      'hard links',
      'rename',
      'exclusive create',
      'fsync',
      'space',
      'file system',
      'index',
      'lock',
    ]);
    expect(await readdir(directory.path)).toEqual([]);
  });

  test('names a damaged model, an open index directory and a live writer, with what to do', async () => {
    await using directory = await temporaryDirectory();
    const spoilt = join(directory.path, basename(modelDir));
    await cp(modelDir, spoilt, { recursive: true });
    await truncate(join(spoilt, 'tokenizer.json'), 1000);
    await using stores = await openStores(directory.path);
    await chmod(stores.layout.indexDir, 0o755);
    const { healthy, checks } = await diagnose({
      root: directory.path,
      indexDir: stores.layout.indexDir,
      modelDir: spoilt,
    });
    expect(healthy).toBe(false);
    expect(find(checks, 'model files')).toMatchObject({
      state: 'failed',
      found: expect.stringMatching(/tokenizer\.json has 1000 bytes/),
      remedy: expect.stringMatching(/reinstall/),
    });
    expect(find(checks, 'embedding').state).toBe('failed');
    expect(find(checks, 'index')).toMatchObject({
      state: 'warning',
      remedy: expect.stringContaining(`chmod 700 ${stores.layout.indexDir}`),
    });
    expect(find(checks, 'lock')).toMatchObject({ state: 'ok', found: expect.stringMatching(/^held by pid/) });
  });

  test.each([
    ['18.20.0', 'failed'],
    ['20.18.9', 'failed'],
    ['20.19.0', 'ok'],
    ['22.0.0', 'ok'],
  ])('of Node %s says %s', (version, state) => {
    expect(checkNode(version)).toMatchObject({ state, remedy: state === 'ok' ? '' : expect.stringContaining('20.19') });
  });

  test('names the class of processor with its cost, which is no fault, and one on which the runtime does not load', () => {
    expect(processorCheck({ name: 'A chip', class: 'x64-avx2', cost: 'no VNNI: slower' })).toMatchObject({
      state: 'ok',
      found: 'A chip, x64-avx2, no VNNI: slower',
    });
    expect(processorCheck({ name: '', class: 'unknown', cost: 'nothing works' })).toMatchObject({
      state: 'warning',
      found: 'unknown, nothing works',
    });
  });

  test('of free space says whether it will do', () => {
    expect(spaceCheck(10 * 1024 ** 3)).toMatchObject({ state: 'ok', remedy: '' });
    expect(spaceCheck(500 * 1024 ** 2)).toMatchObject({ state: 'warning', remedy: expect.stringMatching(/free some/) });
    expect(spaceCheck(1024)).toMatchObject({ state: 'failed' });
  });

  test('says if nothing can be written, and looks at the nearest folder that is there', async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'file'), '');
    expect(await probeDirectory(join(directory.path, 'file'))).toMatchObject([
      { name: 'write', problem: expect.stringMatching(/ENOTDIR/) },
    ]);
    await mkdir(join(directory.path, 'a'));
    expect(await nearestExisting(join(directory.path, 'a', 'b', 'c'))).toBe(join(directory.path, 'a'));
    expect(await nearestExisting(join(directory.path, 'file'))).toBe(directory.path);
  });
});
