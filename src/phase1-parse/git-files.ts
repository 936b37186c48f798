// Lists a git work tree's files by asking git: tracked and untracked ones, without what its rules hide. Submodules and
// repositories inside the tree are asked on their own, for git lists only their folder.
import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import type { Folders } from './folders.ts';
import { askGit, type GitAnswer, type GitEnvironment, refusalOf } from './git.ts';
import { absolutePath, escapeBytes, type Listing, walkFiles } from './walk-files.ts';

const SUBMODULE_MODE = Buffer.from('160000 ');

export interface GitListing extends Listing {
  readonly notices: readonly string[];
  /** Submodules that are not checked out. */
  readonly empty: readonly string[];
}

interface Context {
  readonly root: string;
  readonly folders: Folders;
  readonly env: GitEnvironment | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The files of the work tree at or above the root, or in one line why git cannot tell. */
export async function listWithGit(context: Context): Promise<GitListing | string> {
  const prefix = await ask(context, '', ['rev-parse', '--show-prefix']);
  if (prefix.status !== 0) return refusalOf(prefix);
  if (prefix.stdout.toString('utf8').trim() !== '') {
    // An outer repository that ignores this folder would answer with nothing at all.
    const ignored = await ask(context, '', ['check-ignore', '-q', '.']);
    if (ignored.status === 0) return 'the repository around this folder ignores it';
    if (ignored.status !== 1) return refusalOf(ignored);
  }

  const paths: string[] = [];
  const unreadableNames: string[] = [];
  const failed: { path: string; reason: string }[] = [];
  const notices: string[] = [];
  const empty: string[] = [];
  const waiting = [''];
  while (waiting.length > 0) {
    const folder = waiting.pop()!;
    const [tracked, others] = await Promise.all([
      ask(context, folder, ['ls-files', '-s', '-z']),
      ask(context, folder, ['ls-files', '-o', '--exclude-standard', '-z']),
    ]);
    const refused = [tracked, others].find((answer) => answer.status !== 0);
    if (refused !== undefined) {
      if (folder === '') return refusalOf(refused);
      notices.push(`git could not list ${folder} (${refusalOf(refused)}); it was walked instead`);
      const walked = await walkFiles(context.root, folder, context.folders, { signal: context.signal });
      paths.push(...walked.paths);
      unreadableNames.push(...walked.unreadableNames);
      failed.push(...walked.failed);
      continue;
    }
    for (const { path, reason } of unreadableFolders(others.stderr))
      failed.push({ path: within(folder, path), reason });
    for (const { name, isRepository } of [...trackedNames(tracked.stdout), ...otherNames(others.stdout)]) {
      const path = within(folder, name.text);
      if (!name.isUtf8) unreadableNames.push(path);
      else if (!isPlain(name.text)) continue;
      else if (!isRepository) paths.push(path);
      else if (!context.folders.isOpen(path)) continue;
      else if (existsSync(`${context.root}/${path}/.git`)) waiting.push(path);
      else empty.push(path);
    }
  }
  return { paths, unreadableNames, failed, hits: new Map(), notices, empty };
}

function ask(context: Context, folder: string, args: readonly string[]): Promise<GitAnswer> {
  return askGit(absolutePath(context.root, folder), args, { env: context.env, signal: context.signal });
}

/** An index can be forged to name files outside its tree or inside `.git`; nothing on disk is called that. */
function isPlain(name: string): boolean {
  return !/(^|\/)(\.\.?|\.git)?(\/|$)/.test(name);
}

function within(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

interface Listed {
  readonly name: { readonly text: string; readonly isUtf8: boolean };
  /** A submodule or a repository of its own inside this one: git names its folder and no more. */
  readonly isRepository: boolean;
}

/** Of `ls-files -s -z`: `mode hash stage<TAB>name`, once per side of an unfinished merge. */
function trackedNames(output: Buffer): Listed[] {
  return records(output).map((record) => {
    const isRepository = record.subarray(0, SUBMODULE_MODE.length).equals(SUBMODULE_MODE);
    return { name: nameOf(record.subarray(record.indexOf(0x09) + 1)), isRepository };
  });
}

/** Of `ls-files -o -z`: a repository inside the tree ends in `/`. */
function otherNames(output: Buffer): Listed[] {
  return records(output).map((record) => {
    const isRepository = record.at(-1) === 0x2f;
    return { name: nameOf(isRepository ? record.subarray(0, -1) : record), isRepository };
  });
}

function records(output: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let start = 0, end = output.indexOf(0); end !== -1; start = end + 1, end = output.indexOf(0, start)) {
    found.push(output.subarray(start, end));
  }
  return found;
}

function nameOf(bytes: Buffer): Listed['name'] {
  return isUtf8(bytes) ? { text: bytes.toString('utf8'), isUtf8: true } : { text: escapeBytes(bytes), isUtf8: false };
}

/** Git lists what it can, warns of folders it could not open, and ends with 0; their files must not count as gone. */
export function unreadableFolders(stderr: string): { path: string; reason: string }[] {
  return [...stderr.matchAll(/^warning: could not open directory '(.*)': (.*)$/gm)].map(([, path, reason]) => ({
    path: path!.replace(/\/$/, ''),
    reason: `the folder could not be opened: ${reason}`,
  }));
}
