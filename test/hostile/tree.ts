// A project that somebody made to do harm: names a terminal or a runner would act on, links and pipes that lead out of
// it, code nested without end, credentials in ordinary files.
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Never a word of any indexed file; put together so that no scanner takes it for a leak. */
export const CANARIES = {
  outside: 'canaryOutsideTheProject',
  token: `gh${'p_'}C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry`,
  key: 'C4n4ryKeyBody'.repeat(6),
  password: 's3cr3t-C4n4ry',
  named: 'canary-in-a-file-named-secret',
} as const;

export const HOSTILE_NAMES: readonly string[] = [
  'title\u001b]0;owned\u0007.py',
  'clipboard\u001b]52;c;b3duZWQ=\u0007.py',
  'red\u001b[31m.py',
  'c1\u009b31m.py',
  'two\nlines.py',
  'back\rover.py',
  '::set-output name=x::y.py',
  'bidi\u202egnp.py',
  "it's.py",
  `double"quote.py`,
  "x' OR '1'='1.py",
  "'; DROP TABLE chunks; --.py",
  'back\\slash.py',
  'per%cent_.py',
  '-rf.py',
  ' leading and trailing .py ',
  'naïve-日本語-👩‍💻.py',
];

/** Writes the project into `<folder>/project` and what lies outside it beside it; returns the project's path. */
export function writeHostileProject(folder: string): string {
  const root = join(folder, 'project');
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const [index, name] of HOSTILE_NAMES.entries())
    write(`names/${name}`, `def named_${index}():\n    return ${index}\n`);
  write('code/escapes.py', 'def escapes():\n    """\u001b]0;owned\u0007 \u202e"""\n    return "\u001b[31m"\n');
  write('code/runner.py', '::error file=app.js::owned\n::add-mask::a\ndef runner():\n    pass\n');
  write('code/deep.js', `const deep = ${'['.repeat(20_000)}${']'.repeat(20_000)};\n`);
  write('code/calls.py', `x = ${'f('.repeat(3_000)}1${')'.repeat(3_000)}\n`);

  writeFileSync(join(folder, 'outside.py'), `def ${CANARIES.outside}():\n    pass\n`);
  mkdirSync(join(folder, 'elsewhere'));
  writeFileSync(join(folder, 'elsewhere', 'module.py'), `def ${CANARIES.outside}():\n    pass\n`);
  mkdirSync(join(root, 'links'), { recursive: true });
  symlinkSync(join(folder, 'outside.py'), join(root, 'links', 'file.py'));
  symlinkSync(join(folder, 'elsewhere'), join(root, 'links', 'folder'));
  symlinkSync('..', join(root, 'links', 'loop'));
  symlinkSync('/etc/passwd', join(root, 'links', 'passwd.py'));
  if (spawnSync('mkfifo', [join(root, 'links', 'pipe.py')]).status !== 0) throw new Error('mkfifo failed');

  write('settings/token.py', `TOKEN = "${CANARIES.token}"\n\ndef connect():\n    return login("${CANARIES.token}")\n`);
  write('settings/database.yaml', `database:\n  url: postgres://app:${CANARIES.password}@db.internal/app\n`);
  write(
    'settings/README.md',
    `# Keys\n\n-----BEGIN PRIVATE${' KEY'}-----\n${CANARIES.key}\n-----END PRIVATE KEY-----\n\nUse ${CANARIES.token} here.\n`,
  );
  for (const path of ['.env', '.env.production', 'deploy/id_rsa', 'deploy/server.pem', '.npmrc', '.kube/config']) {
    write(path, `${CANARIES.named}\n`);
  }
  return root;
}
