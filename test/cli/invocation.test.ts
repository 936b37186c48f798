// Hints that can be typed: started the same way, for the same project and index.
import { spawnSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createInvocation } from '../../src/cli/invocation.ts';
import { startedAs } from '../../src/config/started-as.ts';
import { temporaryDirectory } from '../store/make.ts';

const top = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');
const bin = join(top, 'bin', 'tandem.js');
const onPosix = describe.skipIf(process.platform === 'win32');

onPosix('how the program was started', () => {
  const npm = { npm_lifecycle_event: 'start', npm_package_json: join(top, 'package.json') };
  test.each([
    ['npm start --', { ...npm, INIT_CWD: top }, bin],
    ['npm start --', { ...npm, INIT_CWD: join(top, 'docs') }, bin],
    [`npm --prefix ${top} start --`, { ...npm, INIT_CWD: '/elsewhere' }, bin],
    [`node ${bin}`, { ...npm, npm_package_json: '/another/package.json' }, bin],
    [`node ${bin}`, {}, bin],
    ["node '/a b/bin/tandem.js'", {}, '/a b/bin/tandem.js'],
    ['node /a/bin/tandem.js', { npm_lifecycle_event: 'npx' }, '/a/bin/tandem.js'],
    ['npx tandem-index', { npm_lifecycle_event: 'npx' }, '/home/u/.npm/_npx/1f/node_modules/.bin/tandem'],
    ['npx tandem', { npm_lifecycle_event: 'npx' }, '/p/node_modules/.bin/tandem'],
    ['tandem', { PATH: '/bin:/usr/local/bin' }, '/usr/local/bin/tandem'],
    ['/opt/t/tandem', { PATH: '/bin' }, '/opt/t/tandem'],
  ])('%s', (expected, env, script) => {
    expect(startedAs(env, script)).toBe(expected);
  });
});

onPosix('a command', () => {
  const place = { root: '/my project', isProjectRoot: false, options: ['--index-dir', "/it's"] };

  test('has the project and the options that were given, quoted', () => {
    const { command, situate } = createInvocation('npm start --');
    expect(command('index')).toBe('npm start -- index');
    situate(place);
    expect(command('resume')).toBe(`npm start -- resume '/my project' --index-dir '/it'\\''s'`);
    expect(command('search "…"')).toBe(`npm start -- search "…" -p '/my project' --index-dir '/it'\\''s'`);
    situate({ root: '/p', isProjectRoot: true, options: [] });
    expect(command('verify --repair')).toBe('npm start -- verify --repair -p /p');
    expect(command('verify --help')).toBe('npm start -- verify --help');
  });

  test('in a hint is found by its quotes, and named with the project once', () => {
    const { filled, situate } = createInvocation('tandem');
    expect(filled('run `tandem index`, not tandem')).toBe('run `tandem index`, not tandem');
    situate({ root: '/p', isProjectRoot: false, options: [] });
    expect(filled('`tandem index /p --reembed`; else `tandem verify`')).toBe(
      '`tandem index --reembed /p`; else `tandem verify /p`',
    );
  });
});

test.skipIf(process.platform === 'win32')(
  'every hint on the way can be typed as it is printed',
  async () => {
    await using directory = await temporaryDirectory();
    const project = join(directory.path, "a project's");
    await mkdir(project);
    await writeFile(join(project, 'a.py'), 'def a():\n    return 1\n');
    const link = join(directory.path, 'tandem');
    await symlink(bin, link);
    const env = { ...process.env, PATH: `${directory.path}:${process.env.PATH}` };
    const sh = (line: string) => spawnSync('sh', ['-c', line], { encoding: 'utf8', cwd: '/', env });
    const nextOf = (text: string) =>
      /(?:Next: |with: |`)((?:tandem|node) [^`\n]+)/.exec(text)?.[1] ?? `no hint in: ${text}`;

    const place = `-p '${project.replace("'", `'\\''`)}' --index-dir '${directory.path}/an index'`;
    const none = sh(`tandem status ${place}`);
    expect(none.status, none.stderr).toBe(10);
    const made = sh(`${nextOf(none.stderr)} --phase=1`);
    expect(made.status, made.stderr).toBe(0);
    const resumed = sh(nextOf(made.stdout));
    expect(resumed.status, resumed.stderr).toBe(0);
    const found = sh(nextOf(resumed.stdout));
    expect(found.status, found.stderr).toBe(0);
    expect(found.stdout).toContain('a.py');
    expect(nextOf(sh(`node '${bin}' status '${project}x'`).stderr)).toMatch(/^no hint/);
  },
  120_000,
);
