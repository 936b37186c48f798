// The package as `npm pack` makes it, installed into an empty folder beside nothing but LanceDB's binding and the parser.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const packageRoot = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-package-')));
const installed = join(folder, 'node_modules', manifest.name);
const needed = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.optionalDependencies)];

beforeAll(() => {
  mkdirSync(join(folder, 'project'));
  writeFileSync(join(folder, 'project/a.py'), 'def greets():\n    return "good morning"\n');
  const packed = run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], packageRoot);
  mkdirSync(installed, { recursive: true });
  run('tar', ['-xzf', join(folder, packed.trim()), '-C', installed, '--strip-components=1'], folder);
  for (const name of needed) {
    const from = join(packageRoot, 'node_modules', name);
    const isHere = readdirSync(join(from, '..')).includes(name.split('/').at(-1) ?? '');
    if (isHere) cpSync(from, join(folder, 'node_modules', name), { recursive: true });
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package', () => {
  it('runs both phases, searches by meaning and is clean, with three packages installed and no script run', () => {
    const tandem = (...words: string[]) =>
      run(process.execPath, [join(installed, 'bin/tandem.js'), ...words], join(folder, 'project'));
    tandem('index', '-q');
    const [hit] = JSON.parse(tandem('search', '--mode=semantic', '--json', 'says hello at dawn'));
    expect(hit.file_path).toBe('a.py');
    tandem('verify');
    expect(tandem('doctor')).toMatch(/^ok +embedding/m);
  });

  it('is a library with types', () => {
    const program = `
      import { loadConfig, status } from '${manifest.name}';
      const report = await status(await loadConfig({ projectRoot: process.argv[1] }));
      console.log(report.complete);`;
    expect(run(process.execPath, ['--input-type=module', '-e', program, join(folder, 'project')], folder)).toBe(
      'true\n',
    );
    expect(readFileSync(join(installed, manifest.exports['.'].types), 'utf8')).toContain('loadConfig');
  });

  it('has no install scripts, and names the licence of everything in it', () => {
    const scripts = Object.keys(manifest.scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name));
    expect(scripts).toEqual([]);
    const licences = readFileSync(join(installed, 'dist/bundle/LICENSES.txt'), 'utf8');
    for (const name of ['apache-arrow', '@lancedb/lancedb', 'onnxruntime-node', 'valibot', 'ora'])
      expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'));
    expect(readdirSync(join(installed, 'dist/runtime', `${process.platform}-${process.arch}`))).toContain('LICENSE');
  });

  it('pins the version of the binding that LanceDB was built with', () => {
    const { optionalDependencies } = JSON.parse(
      readFileSync(join(packageRoot, 'node_modules/@lancedb/lancedb/package.json'), 'utf8'),
    );
    expect(manifest.optionalDependencies).toEqual(
      Object.fromEntries(Object.entries(optionalDependencies).filter(([name]) => name.startsWith('@lancedb/lancedb-'))),
    );
  });
});

/** Its stdout; a program that fails is an error with all that it said. */
function run(program: string, words: readonly string[], cwd: string): string {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, TANDEM_CACHE: 'off' };
  const { status, stdout, stderr } = spawnSync(program, words, { cwd, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}
