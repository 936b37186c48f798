// The built program as a user has it, in a small project.
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TemporaryDirectory, temporaryDirectory } from '../store/make.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function tandem(...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

/** As a user who owns nothing; null where that cannot be tried. */
export function tandemAsNobody(...args: string[]): Ended | null {
  if (process.getuid?.() !== 0) return null;
  const options = { encoding: 'utf8', uid: 65534, cwd: '/', env: { ...process.env, HOME: '/nonexistent' } } as const;
  if (spawnSync(process.execPath, [bin, '--version'], options).status !== 0) return null;
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], options);
  return { code: status, stdout, stderr };
}

/** The same without waiting for it; `said` resolves once stderr holds the words. */
export function tandemLater(words: string, ...args: string[]): { said: Promise<void>; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString();
  });
  const said = new Promise<void>((resolve) => {
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
      if (stderr.includes(words)) resolve();
    });
    child.once('close', () => resolve());
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { said, ended };
}

export async function smallProject(): Promise<TemporaryDirectory> {
  const directory = await temporaryDirectory();
  await mkdir(join(directory.path, 'src'));
  await writeFile(join(directory.path, 'src', 'a.py'), A);
  await writeFile(join(directory.path, 'src', 'b.ts'), B);
  await writeFile(join(directory.path, 'README.md'), '# A project\n\nIt is here to be indexed.\n');
  return directory;
}

export const A = `import os


class Reader:
    """Reads things."""

    def read(self, path):
        return os.path.join(path, 'x')

    def close(self):
        pass


def same():
    return 1


def same():
    return 1
`;

const B = `export interface Shape { area(): number }

export class Square implements Shape {
  constructor(private side: number) {}
  area(): number { return this.side * this.side; }
}
`;
