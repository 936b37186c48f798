// Engines and tools run as processes of their own, so that memory and CPU time are theirs.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const runner = fileURLToPath(new URL('./run.mjs', import.meta.url));

/** What `run.mjs` answers to a specification. */
export function child(spec) {
  return lastLine(output(process.execPath, [runner, JSON.stringify(spec)]));
}

/** The same, several at a time. */
export async function children(specs) {
  const texts = await Promise.all(specs.map((spec) => spawned(process.execPath, [runner, JSON.stringify(spec)])));
  return texts.map(lastLine);
}

/** Standard output of a program that ends with 0. */
export function output(program, args, settings = {}) {
  const { status, signal, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...settings,
  });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ').slice(0, 200)} ended with ${signal ?? status}\n${stderr ?? ''}`);
}

export function lastLine(text) {
  return JSON.parse(text.trim().split('\n').at(-1));
}

function spawned(program, args) {
  return new Promise((done, failed) => {
    const started = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    started.stdout.on('data', (data) => {
      text += data;
    });
    started.on('close', (code) => (code === 0 ? done(text) : failed(new Error(`${program} ended with ${code}`))));
  });
}
