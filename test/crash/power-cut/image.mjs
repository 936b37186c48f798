// The disk after a power cut: what was flushed is there, of the rest the worst that is allowed.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK = 4096;

/** How unlucky: names that were not flushed are gone; or are there, with files full of nothing; or as it comes. */
export const VARIANTS = /** @type {const} */ (['names gone', 'names without contents', 'mixed']);

/**
 * @param {import('./record.mjs').Cut} cut
 * @param {{ parent: string, name: string, shelf: string }} place as it was recorded
 * @param {string} target the index directory to make; left absent if even its name is gone
 * @param {(typeof VARIANTS)[number]} variant
 * @param {import('../harness/random.mjs').Random} random
 */
export function makeImage(cut, { parent, name, shelf }, target, variant, random) {
  const build = (/** @type {string} */ folder, /** @type {string} */ to, /** @type {string | null} */ only) => {
    const now = cut.now.get(folder) ?? new Map();
    const flushed = cut.flushed.get(folder) ?? new Map();
    for (const each of new Set([...now.keys(), ...flushed.keys()])) {
      if (only !== null && each !== only) continue;
      const [seen, kept] = [now.get(each), flushed.get(each)];
      const entry = variant === 'names gone' ? kept : variant === 'mixed' && random.chance(0.5) ? kept : seen;
      if (entry === undefined) continue;
      const path = only === null ? join(to, each) : to;
      if (entry.kind === 'folder') {
        mkdirSync(path, { recursive: true });
        build(join(folder, each), path, null);
      } else writeFileSync(path, contentOf(entry.ino));
    }
  };

  const contentOf = (/** @type {number} */ ino) => {
    const safe = cut.safe.get(ino);
    const seen = cut.sizes.get(ino) ?? safe ?? { size: 0, mtimeMs: 0 };
    if (safe !== undefined && safe.size === seen.size) return bytesOf(ino, seen.size);
    const least = safe?.size ?? 0;
    const lot =
      variant === 'names gone'
        ? 'empty'
        : random.pick(['empty', 'zeros', 'cut', ...(variant === 'mixed' ? ['whole'] : [])]);
    if (lot === 'whole') return bytesOf(ino, seen.size);
    if (lot === 'empty') return bytesOf(ino, least);
    if (lot === 'zeros') return Buffer.concat([bytesOf(ino, least), Buffer.alloc(seen.size - least)]);
    const blocks = Math.floor(seen.size / BLOCK);
    return bytesOf(ino, Math.max(least, random.whole(0, blocks) * BLOCK));
  };

  const bytesOf = (/** @type {number} */ ino, /** @type {number} */ size) => {
    const file = openSync(join(shelf, String(ino)), 'r');
    const bytes = Buffer.alloc(size);
    let length = 0;
    while (length < size) {
      const count = readSync(file, bytes, length, size - length, length);
      if (count === 0) break;
      length += count;
    }
    closeSync(file);
    return bytes.subarray(0, length);
  };

  build(parent, target, name);
  const lock = join(target, 'tandem', 'lock');
  if (existsSync(lock)) afterReboot(lock);
}

/** The lock's holder is this very process, which lives on: on a machine that starts again the boot is another. */
function afterReboot(/** @type {string} */ lock) {
  const text = readFileSync(lock, 'utf8');
  if (!text.endsWith('}')) return;
  writeFileSync(lock, JSON.stringify({ ...JSON.parse(text), boot_id: 'the boot before' }));
  utimesSync(lock, 1, 1);
}
