import { readFileSync, symlinkSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cli } from '../../src/cli/cli.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { describeSettings, flagOf } from '../../src/config/describe-settings.ts';
import { flagName, variableName } from '../../src/config/layers.ts';
import { type ConfigRequest, loadConfig } from '../../src/config/load.ts';
import { packageRoot } from '../../src/config/package.ts';
import { SETTING_KEYS } from '../../src/config/schema.ts';
import { temporaryTree } from './temporary.ts';

/** `project/` is the root; `home/` holds the user's own file. */
function load(tree: string, request: Partial<ConfigRequest> & { env?: Record<string, string> } = {}) {
  const { env, ...rest } = request;
  const XDG_CONFIG_HOME = join(tree, 'home');
  return loadConfig({ path: 'project', creates: true, cwd: tree, env: { XDG_CONFIG_HOME, ...env }, ...rest });
}

function project(projectFile?: object | string, userFile?: object): string {
  const files: Record<string, string> = { 'project/': '' };
  if (projectFile !== undefined) {
    files['project/.tandem.json'] = typeof projectFile === 'string' ? projectFile : JSON.stringify(projectFile);
  }
  if (userFile !== undefined) files['home/tandem/config.json'] = JSON.stringify(userFile);
  return temporaryTree(files);
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    return `${(error as Error).message}; ${(error as { hint: string }).hint}`;
  }
  throw new Error('nothing was refused');
}

describe('the configuration', () => {
  it('has defaults for everything', () => {
    const tree = project();
    expect(load(tree)).toMatchObject({
      root: join(tree, 'project'),
      indexDir: join(tree, 'project/.mcp-vector-search'),
      include: [],
      exclude: [],
      allowSecrets: false,
      workers: availableParallelism(),
      checkpointInterval: 20,
      maxFileBytes: 2_097_152,
      durability: 'full',
      modelDir: join(packageRoot, 'models/all-MiniLM-L6-v2'),
      cache: { bytes: 2 * 1024 ** 3 },
    });
  });

  it('knows the bundled model by its names, a folder by its path, and looks for others in the cache folder', () => {
    const tree = project();
    const folderOf = (model: string) => load(tree, { flags: { model }, env: { XDG_CACHE_HOME: '/c' } }).modelDir;
    const bundled = join(packageRoot, 'models/all-MiniLM-L6-v2');
    expect(folderOf('all-MiniLM-L6-v2')).toBe(bundled);
    expect(folderOf('sentence-transformers/all-MiniLM-L6-v2')).toBe(bundled);
    expect(folderOf('/models/mine')).toBe('/models/mine');
    expect(folderOf('BAAI/bge-small-en-v1.5')).toMatch(/models[\\/]BAAI--bge-small-en-v1\.5$/);
  });

  it('knows where a model of the hub comes from, and that it may be fetched only if the user says so', () => {
    const hub = (model: string, allowDownload?: boolean, env = {}) =>
      load(project(), { flags: { model, allowDownload }, env }).hub;
    expect(hub('a/b')).toEqual({ id: 'a/b', isAllowed: false, endpoint: 'https://huggingface.co', answerMs: 800 });
    expect(hub('a/b', true)?.isAllowed).toBe(true);
    expect(hub('a/b', undefined, { TANDEM_ALLOW_DOWNLOAD: '1' })?.isAllowed).toBe(true);
    expect(hub('a/b', false, { TANDEM_ALLOW_DOWNLOAD: '1' })?.isAllowed).toBe(false);
    const env = { HF_ENDPOINT: 'http://mirror.local:8080/', HF_HUB_ETAG_TIMEOUT: '5' };
    expect(hub('a/b', true, env)).toMatchObject({ endpoint: 'http://mirror.local:8080', answerMs: 5000 });
    expect(refusal(() => hub('a/b', true, { HF_ENDPOINT: 'ftp://mirror' }))).toContain('HF_ENDPOINT');
    for (const model of ['all-MiniLM-L6-v2', 'sentence-transformers/all-MiniLM-L6-v2', '/models/mine'])
      expect(hub(model, true)).toBeNull();
  });

  it('takes the CPU for the device unless another is named', () => {
    const deviceOf = (device?: string) => load(project(), { flags: { device } }).device;
    expect([deviceOf(), deviceOf('auto'), deviceOf('cpu'), deviceOf('cuda')]).toEqual(['cpu', 'cpu', 'cpu', 'cuda']);
  });

  it('cannot be changed once it is made', () => {
    expect(Object.isFrozen(load(project()))).toBe(true);
  });

  it('takes flags over environment over project file over user file', () => {
    const tree = project({ workers: 3 }, { workers: 4, checkpointInterval: 40 });
    const env = { TANDEM_WORKERS: '2' };
    expect(load(tree, { env, flags: { workers: '1' } }).workers).toBe(1);
    expect(load(tree, { env }).workers).toBe(2);
    expect(load(tree).workers).toBe(3);
    expect(load(tree).checkpointInterval).toBe(40);
    expect(load(project(undefined, { workers: 4 })).workers).toBe(4);
  });

  it('starts no more workers than fit into the memory that was allowed', () => {
    const workers = (maxMemory: string) => load(project(), { flags: { workers: '6', maxMemory } }).workers;
    expect([workers('384MiB'), workers('640MiB'), workers('4g')]).toEqual([1, 3, 6]);
  });

  it('names flags and variables after the setting', () => {
    expect(flagName('checkpointInterval')).toBe('--checkpoint-interval');
    expect(variableName('maxFileSize')).toBe('TANDEM_MAX_FILE_SIZE');
  });

  it.each([
    ['1', 1],
    ['500000', 500_000],
    ['512k', 524_288],
    ['2MiB', 2_097_152],
    ['1 gb', 1_073_741_824],
  ])('reads the size %j as %d bytes', (typed, bytes) => {
    expect(load(project(), { flags: { maxFileSize: typed } }).maxFileBytes).toBe(bytes);
  });

  it.each([
    ['workers', '0'],
    ['workers', '-1'],
    ['workers', '1.5'],
    ['workers', 'many'],
    ['workers', ''],
    ['workers', '1025'],
    ['checkpointInterval', '0'],
    ['maxFileSize', '2 GiB'],
    ['maxFileSize', '0'],
    ['maxFileSize', '1mm'],
    ['maxMemory', '383MiB'],
    ['maxMemory', '2048g'],
    ['durability', 'none'],
    ['modelDir', ''],
    ['device', 'mps'],
  ])('refuses %s = %j and says what is expected', (key, value) => {
    const text = refusal(() => load(project(), { flags: { [key]: value } }));
    expect(text).toContain(`${flagName(key)} to ${JSON.stringify(value)}; it must be `);
  });

  it('names the file and the nearest known key for one it does not know', () => {
    const tree = project({ worker: 2 });
    expect(refusal(() => load(tree))).toBe(
      `${join(tree, 'project/.tandem.json')} sets worker, which is not known; did you mean workers?`,
    );
  });

  it('lists the settings for a key that is like none', () => {
    expect(refusal(() => load(project({ colour: 'red' })))).toContain('the settings are workers, checkpointInterval,');
  });

  it('refuses a misspelt variable of the environment, and leaves those of others alone', () => {
    expect(refusal(() => load(project(), { env: { TANDEM_WORKER: '2' } }))).toContain('did you mean TANDEM_WORKERS?');
    expect(load(project(), { env: { TANDEM_CACHE: 'off' } }).checkpointInterval).toBe(20);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(load(project({ workers: 3 }), { env: { TANDEM_WORKERS: '' } }).workers).toBe(3);
  });

  it.each(['[1]', '"text"', 'null', '{', ''])('refuses a project file that holds %j', (content) => {
    expect(refusal(() => load(project(content)))).toContain('.tandem.json');
  });

  it('refuses a project file that is a folder', () => {
    expect(refusal(() => load(temporaryTree({ 'project/.tandem.json/': '' })))).toContain('regular file');
  });

  it('refuses keys that reach for prototypes, and leaves them as they are', () => {
    expect(refusal(() => load(project('{"__proto__": {"workers": 9}}')))).toContain('__proto__');
    expect(refusal(() => load(project('{"constructor": {}}')))).toContain('constructor');
    expect(({} as { workers?: number }).workers).toBeUndefined();
  });
});

describe('the settings of a project', () => {
  const manifest = (tandem: unknown) => JSON.stringify({ name: 'x', tandem });

  it('may have comments, trailing commas and a $schema', () => {
    const file = '{ // why\n  "$schema": "./settings.json", /* two */ "workers": 2,\n}';
    expect(load(project(file)).workers).toBe(2);
    expect(load(temporaryTree({ 'project/.tandem.jsonc': file })).workers).toBe(2);
  });

  it('say where they are no JSON', () => {
    expect(refusal(() => load(project('{\n  "workers" 2\n}')))).toContain('colon expected at line 2, column 13');
  });

  it('may be a key of package.json, if there is no file of their own', () => {
    const file = 'project/.tandem.json';
    expect(load(temporaryTree({ 'project/package.json': manifest({ workers: 3 }) })).workers).toBe(3);
    const both = { 'project/package.json': manifest({ workers: 3, durability: 'fast' }), [file]: '{ "workers": 4 }' };
    expect(load(temporaryTree(both))).toMatchObject({ workers: 4, durability: 'full' });
  });

  it('are held to the same rules there', () => {
    const refused = (tandem: unknown) =>
      refusal(() => load(temporaryTree({ 'project/package.json': manifest(tandem) })));
    expect(refused({ model: 'a/b' })).toContain('package.json (tandem) sets model, which a project may not');
    expect(refused(5)).toContain('package.json (tandem) holds no JSON object');
    expect(refused({ worker: 5 })).toContain('did you mean workers?');
  });

  it('do not stop because a package.json is broken', () => {
    const { warnings, workers } = load(temporaryTree({ 'project/package.json': '{ "name": ' }));
    expect(warnings).toEqual([expect.stringContaining('package.json')]);
    expect(workers).toBe(availableParallelism());
  });

  it('are in one file', () => {
    const two = temporaryTree({ 'project/.tandem.json': '{}', 'project/.tandem.jsonc': '{}' });
    expect(refusal(() => load(two))).toContain('remove one of them');
  });
});

describe('the settings described', () => {
  const described = (tree: string, request: Partial<ConfigRequest>) =>
    describeSettings({ path: 'project', creates: true, cwd: tree, ...request }).settings;

  it('name the place that decides, and how to change it there', () => {
    const tree = temporaryTree({ 'project/.tandem.json': '{ "workers": 2, "exclude": ["a/"], "durability": "fast" }' });
    const env = { TANDEM_WORKERS: '3', INDEX_PATH: '/elsewhere', XDG_CONFIG_HOME: join(tree, 'home') };
    const settings = described(tree, { env, flags: { maxFileSize: '1k', exclude: ['b/'] } });
    const of = (key: string) => settings.find((each) => each.key === key);
    const file = join(tree, 'project/.tandem.json');
    expect(of('workers')).toMatchObject({ value: 3, from: 'environment', name: 'TANDEM_WORKERS', flag: '--workers' });
    expect(of('maxFileSize')).toMatchObject({ value: 1024, from: 'flag', name: '--max-file-size' });
    expect(of('durability')).toMatchObject({ value: 'fast', from: 'project', name: file });
    expect(of('exclude')).toMatchObject({ value: ['a/', 'b/'], from: 'flag' });
    expect(of('indexDir')).toMatchObject({ from: 'environment', name: 'INDEX_PATH' });
    expect(of('cacheSize')).toMatchObject({ from: 'default', name: null, flag: null, variable: 'TANDEM_CACHE_SIZE' });
    expect(settings.map(({ key }) => key)).toEqual(SETTING_KEYS);
  });

  it('name flags that there are', () => {
    const program = buildProgram({} as Cli);
    const long = [program, ...program.commands].flatMap((command) => command.options.map((option) => option.long));
    for (const key of SETTING_KEYS) {
      const flag = flagOf(key);
      if (flag === null) expect(long).not.toContain(flagName(key));
      else expect(long).toContain(flag);
    }
  });

  it('are documented as they are', async () => {
    const tool: { configDocs(): Promise<Record<string, string>> } = await import(
      new URL('../../tools/config-docs.mjs', import.meta.url).href
    );
    for (const [path, text] of Object.entries(await tool.configDocs())) {
      expect(readFileSync(join(packageRoot, path), 'utf8'), `${path}: run \`npm run docs:config\``).toBe(text);
    }
  });
});

describe('a cloned project', () => {
  it('may not choose the model', () => {
    expect(refusal(() => load(project({ modelDir: './evil' })))).toContain('which a project may not');
  });

  it('may not cause a download', () => {
    expect(refusal(() => load(project({ allowDownload: true })))).toContain('which a project may not');
    expect(refusal(() => load(project({ model: 'a/b' })))).toContain('which a project may not');
  });

  it('may not choose the device', () => {
    expect(refusal(() => load(project({ device: 'webgpu' })))).toContain('which a project may not');
  });

  it('may keep its index elsewhere in the project, and nowhere else', () => {
    const inside = project({ indexDir: 'build/index' });
    expect(load(inside).indexDir).toBe(join(inside, 'project/build/index'));
    for (const indexDir of ['..', '../elsewhere', '/tmp', '.']) {
      expect(refusal(() => load(project({ indexDir })))).toContain('outside the project');
    }
  });

  it('may not lead out by a link, neither with a setting nor with the index folder itself', () => {
    const tree = project({ indexDir: 'link/index' });
    symlinkSync('/tmp', join(tree, 'project/link'));
    expect(refusal(() => load(tree))).toContain('outside the project');

    const linked = project();
    symlinkSync('/tmp', join(linked, 'project/.mcp-vector-search'));
    expect(refusal(() => load(linked))).toContain('--index-dir');
  });
});

describe('the user', () => {
  it('may put model and index where they like', () => {
    const tree = project(undefined, { modelDir: 'models/mine', indexDir: '/var/indexes/project' });
    expect(load(tree)).toMatchObject({
      modelDir: join(tree, 'home/tandem/models/mine'),
      indexDir: '/var/indexes/project',
    });
  });

  it('gives the index folder by flag, by variable, or by INDEX_PATH as its parent', () => {
    const tree = project();
    const env = { INDEX_PATH: join(tree, 'shared') };
    expect(load(tree, { env }).indexDir).toBe(join(tree, 'shared/.mcp-vector-search'));
    expect(load(tree, { env: { ...env, TANDEM_INDEX_DIR: 'named' } }).indexDir).toBe(join(tree, 'named'));
    expect(load(tree, { env, flags: { indexDir: 'flagged' } }).indexDir).toBe(join(tree, 'flagged'));
  });

  it('adds up what is excluded, and takes what is included from the first that says it', () => {
    const tree = project({ include: ['src/'], exclude: ['b'] }, { include: ['lib/'], exclude: ['a'] });
    expect(load(tree)).toMatchObject({ include: ['src/'], exclude: ['a', 'b'] });
    const env = { TANDEM_EXCLUDE: 'c\nd, e\n', TANDEM_ALLOW_SECRETS: 'true' };
    const flags = { include: ['x', 'y'], exclude: ['!b'] };
    expect(load(tree, { env, flags })).toMatchObject({
      include: ['x', 'y'],
      exclude: ['a', 'b', 'c', 'd, e', '!b'],
      allowSecrets: true,
    });
  });

  it('does not let a project ask for secrets', () => {
    expect(refusal(() => load(project({ allowSecrets: true })))).toContain('--allow-secrets');
    expect(load(project({ allowSecrets: false }, { allowSecrets: true })).allowSecrets).toBe(false);
    expect(load(project({}, { allowSecrets: true })).allowSecrets).toBe(true);
  });

  it('refuses patterns that are none, too many or too long', () => {
    for (const exclude of [[''], ['a\nb'], ['x'.repeat(1001)], 1, [1], Array(1001).fill('a')]) {
      expect(refusal(() => load(project({ exclude })))).toContain('must be a list');
    }
  });
});
