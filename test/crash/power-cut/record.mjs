// Watches what a run in this process makes durable. The engine never flushes, so all that reaches the disk for certain
// goes through Node's `sync`; that call is watched, whoever makes it, and what it covered is read from the file system.
// Files are kept alive by hard links, so that a later image can hold what was removed in the meantime.
import { existsSync, linkSync, mkdirSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * @typedef {{ kind: 'file' | 'folder', ino: number }} Entry
 * @typedef {Map<string, Entry>} Listing names of one folder
 * @typedef {{ size: number, mtimeMs: number }} Extent how much of a file there is
 * @typedef {object} Cut a moment at which the power may go
 * @property {string} at what was going on
 * @property {ReadonlyMap<string, Listing>} now every folder as programs see it
 * @property {ReadonlyMap<string, Listing>} flushed every folder as of its last flush
 * @property {ReadonlyMap<number, Extent>} sizes every file as programs see it
 * @property {ReadonlyMap<number, Extent>} safe every file as of its last flush
 * @property {unknown} promised what had been told to the user by then
 */

/**
 * @param {string} parent the folder that holds the index directory
 * @param {string} name of the index directory; all that is in it now counts as flushed
 * @param {string} shelf on the same file system; keeps the files
 * @param {RegExp} [leaveOut] flushes of these paths do not count, as if they had been forgotten
 */
export async function record(parent, name, shelf, leaveOut) {
  mkdirSync(shelf, { recursive: true });
  const flushed = new Map();
  const safe = new Map();
  /** @type {Cut[]} */
  const cuts = [];
  let promised = /** @type {unknown} */ (null);
  const top = join(parent, name);
  const isOurs = (/** @type {string} */ path) => path === parent || path === top || path.startsWith(`${top}/`);

  const listing = (/** @type {string} */ folder) => {
    const entries = new Map();
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (folder === parent && entry.name !== name) continue;
      const stats = statSync(join(folder, entry.name), { throwIfNoEntry: false });
      if (stats) entries.set(entry.name, { kind: entry.isDirectory() ? 'folder' : 'file', ino: stats.ino });
    }
    return entries;
  };

  const look = () => {
    const now = new Map();
    const sizes = new Map();
    const walk = (/** @type {string} */ folder) => {
      const entries = listing(folder);
      now.set(folder, entries);
      for (const [each, { kind, ino }] of entries) {
        const path = join(folder, each);
        if (kind === 'folder') {
          walk(path);
          continue;
        }
        const stats = statSync(path, { throwIfNoEntry: false });
        if (!stats) continue;
        sizes.set(ino, { size: stats.size, mtimeMs: stats.mtimeMs });
        if (!existsSync(join(shelf, String(ino)))) linkSync(path, join(shelf, String(ino)));
      }
    };
    walk(parent);
    return { now, sizes };
  };

  const cut = (/** @type {string} */ at) => {
    cuts.push({ at, ...look(), flushed: new Map(flushed), safe: new Map(safe), promised });
  };

  const prototype = await prototypeOfHandles();
  const original = prototype.sync;
  prototype.sync = async function sync() {
    const path = readlinkSync(`/proc/self/fd/${this.fd}`);
    if (isOurs(path)) cut(`before the flush of ${path.slice(parent.length + 1)}`);
    const stats = await this.stat();
    const extent = { size: stats.size, mtimeMs: stats.mtimeMs };
    const entries = stats.isDirectory() ? listing(path) : null;
    await original.call(this);
    if (!isOurs(path) || leaveOut?.test(path)) return;
    if (entries !== null) flushed.set(path, entries);
    else safe.set(stats.ino, extent);
  };

  const initial = look();
  for (const [folder, entries] of initial.now) flushed.set(folder, entries);
  for (const [ino, extent] of initial.sizes) safe.set(ino, extent);
  return {
    cuts,
    cut,
    /** From here on this has been promised. @param {unknown} what */
    promise(what) {
      promised = what;
    },
    stop() {
      prototype.sync = original;
    },
  };
}

async function prototypeOfHandles() {
  const handle = await open(process.execPath, 'r');
  await handle.close();
  return /** @type {{ sync: (this: import('node:fs/promises').FileHandle) => Promise<void> }} */ (
    Object.getPrototypeOf(handle)
  );
}
