// An index of nothing must say why. Names the rule that hid most of what is there, or what else left nothing.
import { isUtf8 } from 'node:buffer';
import { existsSync, lstatSync } from 'node:fs';
import { isSilentName } from './file-policy.ts';
import { parentOf } from './folders.ts';
import { askGit, type GitEnvironment } from './git.ts';
import { absolutePath, entriesOf } from './walk-files.ts';

/** Enough to find the rule; a folder that is hidden is one name and is not looked into. */
const SAMPLE_NAMES = 400;

/** `hits` counts rules (`file:line: pattern`), `skips` reasons; both what they hid. */
export function mainCause(hits: ReadonlyMap<string, number>, skips: ReadonlyMap<string, number>): string {
  const [rule, hidden] = largest(hits) ?? ['', 0];
  const skipped = [...skips.values()].reduce((sum, count) => sum + count, 0);
  if (hidden > 0 && hidden >= skipped) return rule;
  if (skipped === 0) return 'the folder is empty';
  const reasons = [...skips].sort((a, b) => b[1] - a[1]).map(([reason, count]) => `${count} ${reason}`);
  return `every file in it is skipped (${reasons.join(', ')})`;
}

function largest(counts: ReadonlyMap<string, number>): [string, number] | undefined {
  return [...counts].sort((a, b) => b[1] - a[1])[0];
}

/** Asks git which rules hide what lies in the top folders; counts by rule. */
export async function gitHits(
  root: string,
  env: GitEnvironment | undefined,
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  // `./` so that a name like `:(x)` is not read as an instruction.
  const input = Buffer.from(
    sampleOf(root)
      .map((name) => `./${name}`)
      .join('\0'),
  );
  const answer = await askGit(root, ['check-ignore', '-v', '-z', '--stdin'], { env, input, signal });
  const fields = answer.stdout.toString('utf8').split('\0');
  const hits = new Map<string, number>();
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [file, line, pattern] = fields.slice(at, at + 3);
    if (pattern!.startsWith('!')) continue; // the rule that shows it again
    const rule = `${file}:${line}: ${pattern}`;
    hits.set(rule, (hits.get(rule) ?? 0) + 1);
  }
  return hits;
}

/** Names from the top down, breadth first. A name that is a link's is not followed. */
function sampleOf(root: string): string[] {
  const names: string[] = [];
  const waiting = [''];
  for (let at = 0; at < waiting.length && names.length < SAMPLE_NAMES; at++) {
    const folder = waiting[at]!;
    for (const entry of readable(absolutePath(root, folder))) {
      const name = entry.name.toString('utf8');
      if (!isUtf8(entry.name) || isSilentName(name)) continue;
      const path = folder === '' ? name : `${folder}/${name}`;
      names.push(path);
      // Git answers for its own tree only, and for nothing at all if it is asked beyond.
      if (entry.isDirectory() && !existsSync(`${root}/${path}/.git`)) waiting.push(path);
    }
  }
  return names.slice(0, SAMPLE_NAMES);
}

/** Nothing of a folder that cannot be opened: it is among the scan's failures already. */
function readable(folder: string): ReturnType<typeof entriesOf> {
  try {
    return entriesOf(folder);
  } catch {
    return [];
  }
}

/**
 * The rule of git's that hides a path (relative to the root), as `file:line: pattern`, or null; asked of the repository
 * that the path lies in. `evenIfTracked` names the rule also for a file that git lists because it is tracked.
 */
export async function gitRuleFor(
  root: string,
  path: string,
  options: { env: GitEnvironment | undefined; evenIfTracked: boolean; signal?: AbortSignal | undefined },
): Promise<string | null> {
  let folder = parentOf(path);
  while (folder !== '' && !lstatSync(`${root}/${folder}`, { throwIfNoEntry: false })?.isDirectory()) {
    folder = parentOf(folder);
  }
  const name = folder === '' ? path : path.slice(folder.length + 1);
  const args = ['check-ignore', '-v', '-z', ...(options.evenIfTracked ? ['--no-index'] : []), '--stdin'];
  const input = Buffer.from(`./${name}`);
  const answer = await askGit(absolutePath(root, folder), args, { ...options, input });
  const [file, line, pattern] = answer.stdout.toString('utf8').split('\0');
  return answer.status === 0 && pattern && !pattern.startsWith('!') ? `${file}:${line}: ${pattern}` : null;
}
