// Which files differ from a revision of git: committed since, changed in the work tree, or new and not ignored.
import { IndexerError } from '../core/errors.ts';
import { askGit, type GitAnswer, type GitEnvironment, refusalOf } from './git.ts';

export interface ChangedFiles {
  /** The commit that the revision names, 40 or 64 hex digits. */
  readonly commit: string;
  /** Relative to the root, `/`-separated; files that are gone are not among them. */
  readonly paths: readonly string[];
}

/**
 * Of the repository at or around the root; repositories inside of it are not entered. Errors: USAGE where git does not
 * know the revision, or no work tree.
 */
export async function changedFilesSince(
  root: string,
  revision: string,
  options: { readonly env: GitEnvironment; readonly signal?: AbortSignal | undefined },
): Promise<ChangedFiles> {
  const ask = (args: readonly string[]) => askGit(root, args, options);
  const resolved = await ask(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);
  const commit = resolved.stdout.toString('utf8').trim();
  if (resolved.status !== 0 || commit === '') throw unknownRevision(revision, resolved);
  const [differing, others] = await Promise.all([
    ask([
      ...(await withoutFilters(ask)),
      ...['diff', '--name-only', '-z', '--relative', '--no-renames', '--diff-filter=d', '--no-ext-diff'],
      ...['--ignore-submodules=all', commit, '--'],
    ]),
    ask(['ls-files', '-o', '--exclude-standard', '-z']),
  ]);
  const refused = [differing, others].find(({ status }) => status !== 0);
  if (refused !== undefined) throw unknownRevision(revision, refused);
  const names = [differing, others].flatMap(({ stdout }) => stdout.toString('utf8').split('\0'));
  return { commit, paths: [...new Set(names.filter((name) => name !== ''))] };
}

/** To compare a file git may run the programs that the repository's settings name as its filters: none of them is run. */
async function withoutFilters(ask: (args: readonly string[]) => Promise<GitAnswer>): Promise<string[]> {
  const { stdout } = await ask(['config', '--name-only', '-z', '--get-regexp', '^filter\\.']);
  const filters = new Set(
    stdout
      .toString('utf8')
      .split('\0')
      .filter((key) => key !== '')
      .map((key) => key.slice(0, key.lastIndexOf('.'))),
  );
  return [...filters].flatMap((filter) =>
    [`${filter}.clean=`, `${filter}.process=`, `${filter}.required=false`].flatMap((setting) => ['-c', setting]),
  );
}

function unknownRevision(revision: string, answer: GitAnswer): IndexerError {
  const isOutside = /not a git repository/.test(answer.stderr);
  const isAbsent = answer.status === null;
  const message = isOutside
    ? 'there is no git repository around this project'
    : isAbsent
      ? `git could not be run: ${refusalOf(answer)}`
      : `git knows no revision ${JSON.stringify(revision)}`;
  return new IndexerError('USAGE', message, {
    hint: isOutside || isAbsent ? 'narrow the search by --files instead' : 'give a commit, a branch or a tag',
  });
}
