// Lists a git work tree's files by asking git: tracked and untracked ones, without what its rules hide. Of submodules and
// repositories inside the tree git lists only the folder, so they have to be asked on their own.
import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { IndexerError } from '../core/errors.ts';
import type { Folders } from './folders.ts';
import { askGit, type GitAnswer, type GitEnvironment, lackedSomething, refusalOf } from './git.ts';
import { absolutePath, escapeBytes, type Listing } from './walk-files.ts';

const SUBMODULE_MODE = Buffer.from('160000 ');

export interface GitListing extends Listing {
  /** Submodules that are not checked out. */
  readonly empty: readonly string[];
}

export interface GitContext {
  readonly root: string;
  readonly folders: Folders;
  readonly env: GitEnvironment | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Git did not answer: why, in one line, and whether it can be run at all. */
export interface Refusal {
  readonly refused: string;
  readonly isAbsent: boolean;
}

/**
 * The files of one repository: of the work tree at or above the root for `folder` '', else of the one in that folder.
 * Repositories inside of it are named, not entered.
 */
export async function listWithGit(context: GitContext, folder: string): Promise<GitListing | Refusal> {
  if (folder === '') {
    const refusal = await refuseRoot(context);
    if (refusal !== null) return refusal;
  }
  const [tracked, others] = await Promise.all([
    ask(context, folder, ['ls-files', '-s', '-z']),
    ask(context, folder, ['ls-files', '-o', '--exclude-standard', '-z']),
  ]);
  const refused = [tracked, others].find((answer) => answer.status !== 0);
  if (refused !== undefined) return refusal(refused);

  const paths: string[] = [];
  const unreadableNames: string[] = [];
  const repositories: string[] = [];
  const empty: string[] = [];
  const failed = unreadableFolders(others.stderr).map(({ path, reason }) => ({ path: within(folder, path), reason }));
  for (const { name, isRepository } of [...trackedNames(tracked.stdout), ...otherNames(others.stdout)]) {
    const path = within(folder, name.text);
    if (!name.isUtf8) unreadableNames.push(path);
    else if (!isPlain(name.text)) continue;
    else if (!isRepository) paths.push(path);
    else if (!context.folders.isOpen(path)) continue;
    else if (existsSync(`${context.root}/${path}/.git`)) repositories.push(path);
    else empty.push(path);
  }
  return { paths, unreadableNames, failed, repositories, hits: new Map(), empty };
}

/** Why git cannot answer for the root, or null. */
async function refuseRoot(context: GitContext): Promise<Refusal | null> {
  const prefix = await ask(context, '', ['rev-parse', '--show-prefix']);
  if (prefix.status !== 0) return refusal(prefix);
  if (prefix.stdout.toString('utf8').trim() === '') return null;
  // An outer repository that ignores this folder would answer with nothing at all.
  const ignored = await ask(context, '', ['check-ignore', '-q', '.']);
  if (ignored.status === 1) return null;
  return ignored.status === 0
    ? { refused: 'the repository around this folder ignores it', isAbsent: false }
    : refusal(ignored);
}

function refusal(answer: GitAnswer): Refusal {
  return { refused: refusalOf(answer), isAbsent: answer.status === null };
}

/**
 * What only git knows (which files are tracked) is not guessed at because the machine was short of something: files that a
 * rule hides would leave the index. Throws SYSTEM_FAILED after a second try.
 */
async function ask(context: GitContext, folder: string, args: readonly string[]): Promise<GitAnswer> {
  const once = () => askGit(absolutePath(context.root, folder), args, { env: context.env, signal: context.signal });
  const first = await once();
  const answer = lackedSomething(first) ? await once() : first;
  if (!lackedSomething(answer)) return answer;
  throw new IndexerError('SYSTEM_FAILED', `git could not list the files: ${refusalOf(answer)}`, {
    hint: 'nothing was changed; free memory, or allow more processes (ulimit -u), then run this again',
  });
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
