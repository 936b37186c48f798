// Which rule decides about one path. Asks the same discovery as a run does, so that the answer is what a run would do.
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { childEnvironment } from '../config/child-environment.ts';
import type { Config } from '../config/schema.ts';
import type { SkippedFile } from '../discover/discover.ts';
import { isSilentName, skippedByName } from '../discover/file-policy.ts';
import { gitRuleFor } from '../discover/hidden-by.ts';
import { discoverFiles, inspectorOf, type Phase1Inputs, phase1Inputs } from '../run/phase1-inputs.ts';
import { layoutOf } from '../store/layout.ts';
import { readLedger } from '../store/ledger.ts';

/** The object of `index --explain --json`; additive changes only. */
export interface Explanation {
  readonly schema: 1;
  /** As asked for. */
  readonly path: string;
  /** `taken`: a run would index it, or what lies in the folder. */
  readonly outcome: 'taken' | 'left out' | 'failed' | 'absent' | 'outside';
  /** In a sentence. */
  readonly reason: string;
  /** The pattern that decided, as `file:line: pattern`; null where it was none. */
  readonly rule: string | null;
}

/** `path` is relative to `from`, or absolute. Takes no lock and writes nothing. Throws as discovery does. */
export async function explainPath(
  config: Config,
  path: string,
  { from, signal }: { readonly from: string; readonly signal?: AbortSignal | undefined },
): Promise<Explanation> {
  const root = realpathSync.native(config.root);
  const place = placeIn(root, resolve(from, path));
  const answer = place === null ? outside(config.root) : await decide(config, root, place, signal);
  return { schema: 1, path, ...answer };
}

type Answer = Pick<Explanation, 'outcome' | 'reason' | 'rule'>;

function outside(root: string): Answer {
  return { outcome: 'outside', reason: `it is outside ${root}`, rule: null };
}

async function decide(config: Config, root: string, place: string, signal: AbortSignal | undefined): Promise<Answer> {
  const hidden = new Map<string, string>();
  const onHidden = (path: string, rule: string) => hidden.set(path, rule);
  const inputs = phase1Inputs(config);
  const discovery = await discoverFiles(inputs, { signal, onHidden });
  const above = withFolders(place); // the nearest to the root decides
  const askGit = (evenIfTracked: boolean) =>
    gitRuleFor(root, place, { env: childEnvironment(), evenIfTracked, signal });
  const first = <T>(find: (path: string) => T | undefined) => above.map(find).find((found) => found !== undefined);

  const failure = first((path) => discovery.failed.find((each) => each.path === path));
  if (failure !== undefined)
    return { outcome: 'failed', reason: `${failure.path || 'the root'}: ${failure.reason}`, rule: null };
  const stats = lstatSync(join(root, place), { throwIfNoEntry: false });
  const rule =
    first((path) => hidden.get(path)) ?? (discovery.method === 'git' || stats?.isFile() ? await askGit(false) : null);
  if (stats === undefined) {
    const policy = skippedByName(place, config.allowSecrets);
    const would = rule === null ? (policy ?? 'nothing by its name') : 'this rule';
    return { outcome: 'absent', reason: `it does not exist; what would leave it out: ${would}`, rule };
  }
  if (discovery.files.some((file) => file.path === place)) {
    const tracked = discovery.method === 'git' ? await askGit(true) : null;
    const answer = explainContent(inputs, root, place, tracked);
    const known = (await readLedger(layoutOf(config.indexDir).ledgerFile)).get(place);
    if (known?.status !== 'unfinished') return answer;
    return {
      ...answer,
      reason: `${answer.reason}; the last run left it unfinished (${known.reason}), and the next one tries again`,
    };
  }
  const skip = first((path) => discovery.skipped.find((each) => each.path === path));
  if (skip !== undefined)
    return { outcome: 'left out', reason: explainSkip(skip, place, config), rule: skip.rule ?? null };
  if (rule !== null) return { outcome: 'left out', reason: 'an ignore rule of git hides it', rule };
  const silent = place.split('/').find(isSilentName);
  if (silent !== undefined)
    return { outcome: 'left out', reason: `${silent} belongs to version control or to an index`, rule: null };
  if (place === relative(root, config.indexDir) || place.startsWith(`${relative(root, config.indexDir)}/`)) {
    return { outcome: 'left out', reason: 'it belongs to the index', rule: null };
  }
  if (stats.isDirectory()) return explainFolder(place, discovery.files, discovery.skipped);
  return { outcome: 'left out', reason: 'git does not list it', rule: null };
}

/** A file that passed all rules about names; its content has a say too. */
function explainContent(inputs: Phase1Inputs, root: string, place: string, tracked: string | null): Answer {
  const found = inspectorOf(root, inputs)(place);
  if (found.kind === 'taken') {
    const what = found.language === '' ? 'it is empty' : `as ${found.language}, ${found.size} bytes`;
    const why = tracked === null ? '' : '; git tracks it, so that this rule does not hide it';
    return { outcome: 'taken', reason: `it would be indexed: ${what}${why}`, rule: tracked };
  }
  if (found.kind === 'left out')
    return { outcome: 'left out', reason: `${found.reason}: ${CONTENT_POLICY[found.reason] ?? ''}`, rule: null };
  return { outcome: 'failed', reason: found.kind === 'failed' ? found.reason : 'it went away meanwhile', rule: null };
}

function explainFolder(
  place: string,
  files: readonly { path: string }[],
  skipped: readonly { path: string; reason: string }[],
): Answer {
  const isBelow = ({ path }: { path: string }) => place === '' || path.startsWith(`${place}/`);
  const taken = files.filter(isBelow).length;
  const reasons: Record<string, number> = {};
  for (const { reason } of skipped.filter(isBelow)) reasons[reason] = (reasons[reason] ?? 0) + 1;
  const others = Object.entries(reasons).map(([reason, count]) => `, ${count} ${reason}`);
  const reason = `a folder: ${taken} files in it pass all rules about names${others.join('')}`;
  return { outcome: taken > 0 ? 'taken' : 'left out', reason, rule: null };
}

/** Our policies by what they look at. */
const CONTENT_POLICY: Readonly<Record<string, string>> = {
  binary: 'there is a NUL in its first 8192 bytes',
  'too large': 'above the limit of --max-file-size, or of 2 MiB, whichever is lower',
  minified: 'more than half of it is on lines of over 500 characters (prose: 5000)',
  generated: 'a comment in its first 20 lines says that a program wrote it',
};

const NAME_POLICY: Readonly<Record<string, string>> = {
  secret: 'files of this name hold secrets; --allow-secrets takes them',
  'lock file': 'a package manager writes it',
  'settings of tandem': 'they are read before the files are',
  binary: 'its extension belongs to a binary format',
  generated: 'an attributes file says that a program wrote it',
  vendored: 'the work of others: by its folder, which a tool fills, or by an attributes file',
  'unreadable home folder': 'HOME names it, but this user may not enter it',
  'linked worktree': 'the same repository checked out once more; to index it, name its folder',
  symlink: 'links are not followed; their target is indexed under its own path',
  'not a regular file': 'a pipe, a socket or a device',
  'name is not UTF-8': 'its name cannot be stored',
  ignored: 'a rule of .tandemignore hides it',
  excluded: 'a pattern to exclude matches',
  'not included': 'there are patterns to include, and none matches',
  'submodule not checked out': 'git submodule update --init would bring its files',
};

function explainSkip({ path, reason, stamp }: SkippedFile, place: string, { maxFileBytes }: Config): string {
  const where = path === place ? '' : `${path}/ is left out: `;
  if (reason === 'too large') return `${where}too large: ${stamp?.size} bytes; the limit is ${maxFileBytes}`;
  return `${where}${reason}${reason in NAME_POLICY ? `: ${NAME_POLICY[reason]}` : ''}`;
}

/** `a/b/c` → a, a/b, a/b/c, after the root itself. */
function withFolders(place: string): string[] {
  const steps = place.split('/');
  return ['', ...steps.map((_, index) => steps.slice(0, index + 1).join('/'))];
}

/** Relative to the root, or null. Links in the folders above it are followed, the last name is taken as it stands. */
function placeIn(root: string, absolute: string): string | null {
  const parent = dirname(absolute);
  const real =
    existsSync(parent) && parent !== absolute ? join(realpathSync.native(parent), basename(absolute)) : absolute;
  // The root may be named by a link to it.
  const place = relative(root, existsSync(absolute) && realpathSync.native(absolute) === root ? root : real);
  if (place === '..' || place.startsWith(`..${sep}`) || isAbsolute(place)) return null;
  return place.split(sep).join('/');
}
