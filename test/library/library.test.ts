// The built package, as a program of somebody else's uses it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryTree } from '../config/temporary.ts';

const packageRoot = fileURLToPath(new URL('../../', import.meta.url));

test('the library can be used as its types say, and addChunks warns once and does both phases', () => {
  const folder = temporaryTree({
    'tree/a.py': 'def first():\n    return 1\n',
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        target: 'es2024',
        lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable'],
        strict: true,
        types: ['node'],
        outDir: 'out',
        rootDir: '.',
      },
      files: ['library.mts'],
    }),
  });
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  symlinkSync(packageRoot, join(folder, 'node_modules/tandem-index'));
  symlinkSync(join(packageRoot, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  copyFileSync(join(packageRoot, 'examples/library.mts'), join(folder, 'library.mts'));

  const tsc = join(packageRoot, 'node_modules/typescript/bin/tsc');
  const compiled = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  expect(compiled.stdout + compiled.stderr).toBe('');
  writeFileSync(join(folder, 'out/package.json'), '{ "type": "module" }');

  const run = spawnSync(process.execPath, [join(folder, 'out/library.mjs'), join(folder, 'tree')], {
    encoding: 'utf8',
  });
  expect(run.status, run.stderr).toBe(0);
  const [written, read] = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(written).toEqual({ parsed: [[1], 1], embedded: [[2], true], again: [], left: [], added: 1, refused: 'USAGE' });
  expect(read).toEqual({ hit: 'added', total: 3, complete: true, seen: true });
  expect(run.stderr.match(/DeprecationWarning/g)).toHaveLength(1);
});
