// Which files of a tree are to be indexed. Looks at names and `lstat` only; opens no source file.
import { lstatSync, realpathSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FileStamp } from '../core/chunk.ts';
import { errnoOf, IndexerError, messageOf } from '../core/errors.ts';
import type { SourceRules } from '../core/source-rules.ts';
import { closedHome } from './closed-home.ts';
import { skippedByName } from './file-policy.ts';
import { type Folders, openFolders } from './folders.ts';
import type { GitEnvironment } from './git.ts';
import { gitHits, mainCause } from './hidden-by.ts';
import { readLinguistMarks } from './linguist.ts';
import { listFiles, type TreeListing } from './list-files.ts';
import { listForced, skippedByMvs } from './mvs-rules.ts';
import { EVERYTHING, type Selection } from './selection.ts';
import { stampOf } from './stamp.ts';

export interface SourceFile {
  /** Relative to the root, `/`-separated, as read from disk, never normalised. */
  readonly path: string;
  readonly stamp: FileStamp;
}

/** A file or folder left out by policy; no failure. */
export interface SkippedFile {
  /** As in `SourceFile`; bytes that are not UTF-8 are written `\xNN`. */
  readonly path: string;
  readonly reason: string;
  /** Null for a folder, and for a name that cannot be asked for. */
  readonly stamp: FileStamp | null;
  /** The pattern that left it out, as `file:line: pattern`, where one of ours did. */
  readonly rule?: string | null;
}

export interface Discovery {
  /** Sorted by the bytes of their paths, each once. */
  readonly files: readonly SourceFile[];
  /** Sorted like `files`. A folder that is not entered counts once. */
  readonly skipped: readonly SkippedFile[];
  /** Files and folders ('' is the root) that could not be looked at, each once; what is known of them must be kept. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
  readonly method: 'git' | 'walk';
  /** What a user should know of how the files were found. */
  readonly notices: readonly string[];
  /** Wall clock in nanoseconds when the scan began, as a decimal string. */
  readonly startedAtNs: string;
  /** Where `files` is empty, the cause: the rule that hid most (`file:line: pattern`), or a sentence; else null. */
  readonly hiddenBy: string | null;
}

export interface DiscoverOptions {
  readonly maxFileBytes: number;
  /** Absolute path; never entered where it lies in the tree. */
  readonly indexDir: string;
  /** The user's environment, of which git is given all but what redirects it. Without it git sees no user settings. */
  readonly gitEnv?: GitEnvironment | undefined;
  /** What mcp-vector-search was told; a file has to pass these rules too. */
  readonly rules?: SourceRules | undefined;
  /** Everything, if not given. */
  readonly selection?: Selection | undefined;
  /** Called for what a walk leaves out by a rule of git's; git itself leaves out without a word. */
  readonly onHidden?: ((path: string, rule: string) => void) | undefined;
  /** Paths that an index has rows of: an unreadable home folder above any of them is a failure, another is left out. */
  readonly indexed?: Iterable<string> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How many files are looked at before other work gets its turn. */
const FILES_PER_TURN = 2000;

/** Throws PATH_NOT_FOUND or PATH_NOT_A_DIRECTORY for the root, and the signal's reason. */
export async function discover(root: string, options: DiscoverOptions): Promise<Discovery> {
  const startedAtNs = (BigInt(Date.now()) * 1_000_000n).toString();
  const realRoot = realFolder(root);
  const folders = openFolders(realRoot, options.indexDir, options.selection);

  const listing = await listFiles({
    root: realRoot,
    folders,
    env: options.gitEnv,
    obeysGit: options.rules?.respectGitignore !== false,
    onHidden: options.onHidden,
    signal: options.signal,
  });
  const forced = options.rules
    ? await listForced(
        realRoot,
        options.rules,
        (folder) => folder === folders.indexFolder || folders.isLinkedWorktree(folder),
        options.signal,
      )
    : { paths: [], failed: [] };
  const found = await lookAt(realRoot, [...listing.paths, ...forced.paths], folders, {
    ...options,
    forced: forced.paths,
  });
  const failures = oncePerPath([...listing.failed, ...forced.failed, ...found.failed, ...folders.failed]);
  const home = closedHome(realRoot, options.gitEnv);
  const leavesHome =
    failures.some(({ path }) => path === home) &&
    ![...(options.indexed ?? [])].some((path) => path.startsWith(`${home}/`));
  const skipped = sortBytewise([
    ...found.skipped,
    ...[...new Set(listing.unreadableNames)].map(skip('name is not UTF-8')),
    ...listing.empty.map(skip('submodule not checked out')),
    ...folders.skipped.map((entry) => ({ ...entry, stamp: null })),
    ...(leavesHome && home !== null ? [skip('unreadable home folder')(home)] : []),
  ]);
  return {
    files: found.files,
    skipped,
    failed: sortBytewise(leavesHome ? failures.filter(({ path }) => path !== home) : failures),
    method: listing.method,
    notices: listing.notices,
    startedAtNs,
    hiddenBy: found.files.length > 0 ? null : await causeOfNothing(realRoot, listing, folders, skipped, options),
  };
}

function realFolder(root: string): string {
  let real: string;
  try {
    real = realpathSync.native(root);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT' && errnoOf(cause) !== 'ENOTDIR') throw cause;
    throw new IndexerError('PATH_NOT_FOUND', `${root} does not exist`, { hint: 'check the path', cause });
  }
  if (lstatSync(real).isDirectory()) return real;
  throw new IndexerError('PATH_NOT_A_DIRECTORY', `${root} is not a folder`, { hint: 'name the folder to index' });
}

function skip(reason: string): (path: string) => SkippedFile {
  return (path) => ({ path, reason, stamp: null });
}

/** `lstat` and the rules about names, sizes and kinds, for each path once and in order. */
async function lookAt(
  root: string,
  paths: readonly string[],
  folders: Folders,
  {
    maxFileBytes,
    rules,
    forced,
    selection = EVERYTHING,
    signal,
  }: DiscoverOptions & { readonly forced: readonly string[] },
): Promise<{ files: SourceFile[]; skipped: SkippedFile[]; failed: { path: string; reason: string }[] }> {
  const files: SourceFile[] = [];
  const skipped: SkippedFile[] = [];
  const failed: { path: string; reason: string }[] = [];
  const forcedPaths = new Set(forced);
  const linguist = readLinguistMarks(root, paths, failed);
  let looked = 0;
  for (const { path } of sortBytewise([...new Set(paths)].map((path) => ({ path })))) {
    if (++looked % FILES_PER_TURN === 0) await nextTurn();
    signal?.throwIfAborted();
    if (!forcedPaths.has(path) && !folders.admits(path)) continue;
    try {
      const stats = lstatSync(`${root}/${path}`, { bigint: true, throwIfNoEntry: false });
      // Deleted since it was tracked or listed; or a tracked file in whose place a folder is now, listed by its files.
      if (stats === undefined || stats.isDirectory()) continue;
      const stamp = stampOf(stats);
      const marked = linguist.of(path);
      const reason = stats.isSymbolicLink()
        ? 'symlink'
        : !stats.isFile()
          ? 'not a regular file'
          : (skippedByName(path, selection.allowSecrets) ??
            (rules ? skippedByMvs(rules, path, forcedPaths.has(path)) : null) ??
            marked?.mark ??
            (stamp.size > maxFileBytes ? 'too large' : null));
      if (reason === null) files.push({ path, stamp });
      else skipped.push({ path, reason, stamp, rule: reason === marked?.mark ? marked.rule : null });
    } catch (error) {
      if (errnoOf(error) !== 'ENOTDIR') failed.push({ path, reason: messageOf(error) });
    }
  }
  return { files, skipped, failed };
}

/** Skips that are counted by their rule. */
const HITTING: ReadonlySet<string> = new Set(['ignored', 'excluded']);

async function causeOfNothing(
  root: string,
  listing: TreeListing,
  folders: Folders,
  skipped: readonly SkippedFile[],
  { gitEnv, signal }: DiscoverOptions,
): Promise<string> {
  const hits = new Map([...folders.hits, ...listing.hits]);
  if (listing.method === 'git') for (const [rule, count] of await gitHits(root, gitEnv, signal)) hits.set(rule, count);
  const skips = new Map<string, number>();
  for (const { reason } of skipped) if (!HITTING.has(reason)) skips.set(reason, (skips.get(reason) ?? 0) + 1);
  return mainCause(hits, skips);
}

/** A folder can fail at git and at our own look. */
function oncePerPath<T extends { readonly path: string }>(entries: readonly T[]): T[] {
  return [...new Map(entries.map((entry) => [entry.path, entry])).values()];
}

/** By the bytes of the path in UTF-8. JavaScript compares UTF-16, which differs only where surrogates occur. */
function sortBytewise<T extends { readonly path: string }>(entries: T[]): T[] {
  if (!entries.some(({ path }) => /[\ud800-\udfff]/.test(path))) {
    return entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }
  return entries
    .map((entry) => ({ entry, bytes: Buffer.from(entry.path) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ entry }) => entry);
}
