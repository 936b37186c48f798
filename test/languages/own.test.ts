// Languages of a user's own, with a real grammar, down to the rows of an index.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { EVERYTHING } from '../../src/discover/selection.ts';
import { GRAMMARS_DIR } from '../../src/languages/load.ts';
import { fingerprintOf, loadOwnLanguages, withOwn } from '../../src/languages/own.ts';
import { openParsePool } from '../../src/phase1-parse/pool/worker-pool.ts';
import { chunkerVersion } from '../../src/phase1-parse/run.ts';

const QUERY = '(function_declaration name: (_) @name parameters: (_) @params body: (_) @body) @def.function';
const SOURCE = 'function add(a, b)\n  return a + b\nend\n';
let base: string;
let project: string;
let settings: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'own-language-'));
  project = join(base, 'project');
  settings = join(base, 'settings', 'tandem');
  mkdirSync(project);
  mkdirSync(settings, { recursive: true });
  writeFileSync(join(project, 'add.moon'), SOURCE);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** A folder with a language; with a grammar of its own unless told which shipped one. */
function language(
  folder: string,
  { shipped = '', query = QUERY, ...more }: { shipped?: string; query?: string; id?: string; queries?: string[] } = {},
): string {
  mkdirSync(folder, { recursive: true });
  const grammar = shipped || 'moon.wasm';
  writeFileSync(join(folder, 'language.json'), JSON.stringify({ id: 'moon', extensions: ['.moon'], grammar, ...more }));
  writeFileSync(join(folder, 'query.scm'), query);
  if (!shipped) copyFileSync(new URL('tree-sitter-lua.wasm', GRAMMARS_DIR), join(folder, grammar));
  return folder;
}

const trusted = (path: string) => [{ path, isTrusted: true }];

async function parsedWith(languages: ReturnType<typeof loadOwnLanguages>) {
  const pool = openParsePool({ root: project, workers: 1, maxFileBytes: 1e6, allowSecrets: false, languages });
  try {
    for await (const outcome of pool.outcomes([{ path: 'add.moon', knownSha256: null, size: 40 }])) {
      if (outcome.kind === 'parsed') return outcome.file.chunks;
    }
    return [];
  } finally {
    await pool.close();
  }
}

function tandem(...typed: string[]) {
  const program = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));
  const env = { ...process.env, XDG_CONFIG_HOME: join(base, 'settings') };
  return spawnSync(process.execPath, [program, ...typed], { cwd: project, env, encoding: 'utf8' });
}

describe("a language of the user's own", () => {
  it('is parsed by the workers with the grammar that lies beside it', async () => {
    const own = loadOwnLanguages(trusted(language(join(base, 'moon'))));
    const [chunk] = await parsedWith(own);
    expect(chunk).toMatchObject({ kind: 'function', name: 'add', language: 'moon', metrics: { parameters: 2 } });
  });

  it('replaces the built-in language of the same id', () => {
    const own = loadOwnLanguages(trusted(language(join(base, 'lua'), { id: 'lua' })));
    expect(withOwn(own).filter(({ id }) => id === 'lua')).toEqual(own);
  });

  it('has its query checked before any file is parsed, of whatever language', async () => {
    const own = loadOwnLanguages(trusted(language(join(base, 'moon'), { query: '(no_such_node) @def.function' })));
    await expect(parsedWith(own)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('belongs to the version of the chunker: a changed query means that files are parsed again', () => {
    const folder = language(join(base, 'moon'));
    const before = loadOwnLanguages(trusted(folder));
    writeFileSync(join(folder, 'query.scm'), `${QUERY} ; changed`);
    const after = loadOwnLanguages(trusted(folder));
    expect(fingerprintOf(before)).not.toBe(fingerprintOf(after));
    expect(chunkerVersion(EVERYTHING, before)).not.toBe(chunkerVersion(EVERYTHING, after));
    expect(chunkerVersion(EVERYTHING, [])).toBe(chunkerVersion(EVERYTHING));
  });

  it('is named when its folder is not there', () => {
    expect(() => loadOwnLanguages(trusted(join(base, 'gone')))).toThrow(/gone/);
  });
});

describe('a language that a project names', () => {
  const named = (languages: string[]) => {
    writeFileSync(join(project, '.tandem.json'), JSON.stringify({ languages }));
    return loadConfig({ path: project, creates: true, env: { HOME: base, XDG_CONFIG_HOME: join(base, 'settings') } });
  };

  it('may use a grammar that is shipped', async () => {
    language(join(project, 'tools/moon'), { shipped: 'tree-sitter-lua.wasm' });
    const { languages } = named(['tools/moon']);
    expect(languages).toEqual([{ path: join(project, 'tools/moon'), isTrusted: false }]);
    expect(await parsedWith(loadOwnLanguages(languages!))).toMatchObject([{ name: 'add', language: 'moon' }]);
  });

  it('may not bring a grammar, which could run any code', () => {
    language(join(project, 'tools/moon'));
    expect(() => loadOwnLanguages(named(['tools/moon']).languages!)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('grammar of its own') }),
    );
  });

  it('may not lie outside, nor read a query from outside', () => {
    language(join(base, 'moon'), { shipped: 'tree-sitter-lua.wasm' });
    expect(() => named(['../moon'])).toThrow(/outside the project/);
    language(join(project, 'moon'), { shipped: 'tree-sitter-lua.wasm', queries: ['../../moon/query.scm'] });
    expect(() => loadOwnLanguages(named(['moon']).languages!)).toThrow(/outside of it/);
  });
});

describe('the program', () => {
  it("indexes a language that the user's settings name, and ends with 2 for one that a project brings", () => {
    language(join(settings, 'moon'));
    writeFileSync(join(settings, 'config.json'), JSON.stringify({ languages: ['moon'] }));
    const run = tandem('index', '--phase=1', '--json');
    expect(run.status, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ chunks: { total: 1 } });

    language(join(project, 'evil'));
    writeFileSync(join(project, '.tandem.json'), JSON.stringify({ languages: ['evil'] }));
    const refused = tandem('index', '--phase=1');
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('grammar of its own');
  });
});
