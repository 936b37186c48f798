// Which project an index is of. Two projects that share a directory by mistake (INDEX_PATH set once for all) would each
// take the other's rows for files that are gone.
import { stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import * as v from 'valibot';
import { errnoOf, IndexerError } from '../core/errors.ts';
import { exists, makeDirectory, writeFileAtomic } from './files/atomic-file.ts';
import { readJsonFile } from './files/json-file.ts';
import { readObject } from './files/json-object.ts';
import type { Layout } from './layout.ts';
import { readLedger } from './ledger.ts';

const folderSchema = v.object({ device: v.string(), inode: v.string(), born_ns: v.string() });

const projectSchema = v.object({
  schema: v.literal(1),
  root: v.string(),
  /** Where the index was then: a copy of a project has its index elsewhere. */
  index_dir: v.string(),
  /** What the file system calls the root, by any path; null where it was not to be seen. */
  folder: v.nullable(folderSchema),
});

type Folder = v.InferOutput<typeof folderSchema>;

interface Recorded {
  readonly root: string;
  readonly indexDir: string | null;
  readonly folder: Folder | null;
}

/** How many files of the index are looked for before a root counts as the same project in another place. */
const SAMPLE = 200;

/**
 * Null if the index is of the project in `root`, of no project yet, or came here with it; else the root it was made for,
 * which is gone. Errors: OTHER_PROJECT where that root still exists elsewhere, or may only be out of sight.
 */
export async function refuseOtherProject(layout: Layout, root: string): Promise<string | null> {
  const recorded = await readRecorded(layout);
  if (recorded === null || recorded.root === root) return null;
  const here = await look(root);
  const there = await look(recorded.root);
  // Another spelling, a link, a bind mount, or the folder itself after a rename.
  if (isSame(here, there) || isSame(here, recorded.folder)) return null;
  if (recorded.indexDir !== layout.indexDir && isWithin(root, layout.indexDir)) return null;
  if (there !== null) throw otherProject(layout, root, recorded.root, 'which still exists');
  const isGone = recorded.folder === null || recorded.folder.device === (await nearestDevice(recorded.root));
  if (isGone || (await holdsItsFiles(layout, root))) return recorded.root;
  throw otherProject(layout, root, recorded.root, 'which cannot be seen now (its disk may not be mounted)');
}

/** Under the lock. */
export async function recordProject(layout: Layout, root: string): Promise<void> {
  const file = await readJsonFile(layout.projectFile, projectSchema);
  const folder = await look(root);
  const project = { schema: 1 as const, root, index_dir: layout.indexDir, folder: folder === 'hidden' ? null : folder };
  if (file.state === 'read' && JSON.stringify(file.value) === JSON.stringify(project)) return;
  await makeDirectory(layout.tandemDir);
  await writeFileAtomic(layout.projectFile, `${JSON.stringify(project)}\n`);
}

/** What an index without our record tells: mcp-vector-search writes the root into its settings. */
async function readRecorded(layout: Layout): Promise<Recorded | null> {
  const file = await readJsonFile(layout.projectFile, projectSchema);
  if (file.state === 'read') return { ...file.value, indexDir: file.value.index_dir };
  const { project_root: root, index_path: indexDir } = await readObject(layout.mvsConfigFile);
  if (typeof root !== 'string' || root === '') return null;
  return { root, indexDir: typeof indexDir === 'string' ? indexDir : null, folder: null };
}

/** Null if there is no such folder; `hidden` if we may not look. */
async function look(path: string): Promise<Folder | 'hidden' | null> {
  try {
    const stats = await stat(path, { bigint: true });
    if (!stats.isDirectory()) return null;
    return { device: `${stats.dev}`, inode: `${stats.ino}`, born_ns: `${stats.birthtimeNs}` };
  } catch (error) {
    return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(errnoOf(error)) ? null : 'hidden';
  }
}

function isSame(a: Folder | 'hidden' | null, b: Folder | 'hidden' | null): boolean {
  if (a === null || b === null || a === 'hidden' || b === 'hidden') return false;
  return a.device === b.device && a.inode === b.inode && a.born_ns === b.born_ns;
}

/** The device of the folder that is left of the way to `path`. */
async function nearestDevice(path: string): Promise<string | null> {
  const found = await look(dirname(path));
  if (found === 'hidden') return null;
  if (found !== null) return found.device;
  return dirname(path) === path ? null : nearestDevice(dirname(path));
}

async function holdsItsFiles(layout: Layout, root: string): Promise<boolean> {
  const paths = [...(await readLedger(layout.ledgerFile)).keys()];
  const step = Math.max(1, Math.floor(paths.length / SAMPLE));
  const sample = paths.filter((_, at) => at % step === 0);
  let found = 0;
  for (const path of sample) if (await exists(join(root, path))) found++;
  return found * 2 >= sample.length;
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

function otherProject(layout: Layout, root: string, owner: string, why: string): IndexerError {
  return new IndexerError(
    'OTHER_PROJECT',
    `the index in ${layout.indexDir} is of the project ${owner}, ${why}; it was asked for ${root}`,
    {
      hint:
        'nothing was changed; give each project an index directory of its own: unset INDEX_PATH, or name another with ' +
        `--index-dir. If this project shall have that directory, remove ${layout.indexDir} first`,
    },
  );
}
