// Small disks of one's own, in a mount namespace that ends with the process. Not everyone may have one.
import { spawnSync } from 'node:child_process';
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../full-disk.mjs', import.meta.url));
const UNSHARE = ['unshare', process.getuid?.() === 0 ? '-m' : '-rm'];

const DISK_BYTES = 64 * 1024 * 1024;

export function canMount() {
  const [file = '', ...words] = UNSHARE;
  const tried = ['sh', '-c', 'mount -t tmpfs -o size=1m none "$0"', tmpdir()];
  return process.platform === 'linux' && spawnSync(file, [...words, ...tried]).status === 0;
}

/**
 * Runs `fillUp` of ../full-disk.mjs over there.
 * @param {string} folder empty @param {number} moments
 * @returns {Awaited<ReturnType<typeof import('../full-disk.mjs').fillUp>>}
 */
export function fullDisks(folder, moments) {
  const [file = '', ...words] = UNSHARE;
  const order = [...words, process.execPath, script, folder, String(moments)];
  const { status, stdout, stderr } = spawnSync(file, order, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`the full disk could not be tried: ${stderr}`);
  return JSON.parse(stdout);
}

/** A disk in memory, for this namespace alone. @param {string} folder @param {string} name */
export function makeDisk(folder, name) {
  const path = join(folder, name);
  mkdirSync(path);
  const order = ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'none', path];
  const { status, stderr } = spawnSync('mount', order, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`no disk of its own: ${stderr}`);
  return path;
}

/** Leaves so many bytes free. @param {string} disk @param {number} free */
export function fill(disk, free) {
  const { bavail, bsize } = statfsSync(disk);
  const path = join(disk, 'filler');
  writeFileSync(path, Buffer.alloc(Math.max(0, bavail * bsize - free)));
  return path;
}
