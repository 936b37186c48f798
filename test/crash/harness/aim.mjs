// When a run is killed. A moment drawn from the whole life of a process falls into its start more often than not; here most
// are drawn from the time that it holds the lock, and many right after one of its commits. The killer sees what anybody
// sees from outside: the lock file, and which versions the tables have.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const LOCK = 'tandem/lock';
/** A new entry in one of these is a commit, or the file that follows one. */
const WATCHED = [
  'lance/chunks.lance/_versions',
  'lance/vectors.lance/_versions',
  'tandem/lance/structure.lance/_versions',
];
/** Replaced whole at each checkpoint. */
const CHECKPOINT = 'tandem/checkpoint.json';

/**
 * Bounds of what is drawn, by kind of run: they grow where runs were killed and shrink where they ended first, so that
 * the moments cover what such runs really take.
 * @param {string} indexDir @param {import('./random.mjs').Random} random
 */
export function openAim(indexDir, random) {
  /** @type {Map<string, { ms: number, commits: number }>} */
  const bounds = new Map();
  return {
    /** @param {string} kind runs that take about as long as each other */
    next(kind) {
      const bound = bounds.get(kind) ?? { ms: 800, commits: 3 };
      bounds.set(kind, bound);
      const way = random.weighted({ start: 1, time: 5, commit: 5 });
      const startMs = random.next() * 600;
      const afterMs = random.next() * bound.ms;
      const nth = random.whole(1, Math.max(1, Math.round(bound.commits)));
      const lingerMs = random.next() ** 2 * 100;
      const lockBefore = read(join(indexDir, LOCK));
      const begunAt = performance.now();
      let lockedAt = Number.POSITIVE_INFINITY;
      let commits = 0;
      let seen = '';
      let commitAt = Number.POSITIVE_INFINITY;

      const holdsLock = () => {
        const lock = read(join(indexDir, LOCK));
        return lock !== '' && lock !== lockBefore;
      };
      return {
        /** Asked again and again while the run lasts. */
        isTime() {
          const now = performance.now();
          if (way === 'start') return now - begunAt >= startMs;
          if (lockedAt === Number.POSITIVE_INFINITY) {
            if (!holdsLock()) return false;
            lockedAt = now;
            seen = writtenSoFar(indexDir);
          }
          if (way === 'time') return now - lockedAt >= afterMs;
          const written = writtenSoFar(indexDir);
          if (written !== seen) {
            seen = written;
            if (++commits === nth) commitAt = now;
          }
          return now - commitAt >= lingerMs;
        },
        /** Whether this very run holds the lock: a killed one does for ever. */
        holdsLock,
        /** @param {boolean} killed */
        learn(killed) {
          if (way === 'time') bound.ms = between(30, killed ? bound.ms * 1.1 : bound.ms * 0.6, 15_000);
          if (way === 'commit') bound.commits = between(1, killed ? bound.commits * 1.1 : bound.commits * 0.6, 60);
        },
      };
    },
  };
}

/** @param {string} indexDir */
function writtenSoFar(indexDir) {
  const names = WATCHED.map((folder) => newest(join(indexDir, folder)));
  return [...names, modified(join(indexDir, CHECKPOINT))].join();
}

/** Names count down, so that the newest version comes first. @param {string} folder */
function newest(folder) {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.manifest'));
    return names.sort()[0] ?? '';
  } catch {
    return '';
  }
}

/** @param {string} path */
function modified(path) {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** '' where there is none. @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** @param {number} least @param {number} value @param {number} most */
function between(least, value, most) {
  return Math.min(most, Math.max(least, value));
}
