// The rules of a repository that git itself will not read (another owner, a broken file, no git): what a walk that
// begins in its middle has to obey beside the `.gitignore` files below.
import { statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { askGit, type GitEnvironment } from './git.ts';
import { commonDirectory, topOf } from './git-folder.ts';
import { type IgnoreRules, noRules, readRuleFile } from './ignore-rules.ts';
import { absolutePath, NO_RULES_ABOVE, type RulesAbove } from './walk-files.ts';

/**
 * For a walk of the repository in `folder` (relative to the root), or around the root for '': the user's own excludes,
 * the repository's private list, and the `.gitignore` files above the root; lowest first, as git ranks them. Rules from
 * above that hide the root itself are left out, for it was asked for by name. Throws where a rule file cannot be read.
 */
export async function rulesAbove(
  folder: string,
  { root, env, signal }: { root: string; env?: GitEnvironment | undefined; signal?: AbortSignal | undefined },
): Promise<RulesAbove> {
  const start = absolutePath(root, folder);
  const top = folder === '' ? topOf(root) : start;
  if (top === null) return NO_RULES_ABOVE;
  const gitDir = commonDirectory(top);
  const config = await repositoryConfig(gitDir, env, signal);
  let rules = noRules(config.ignoreCase);
  for (const path of [config.userExcludes, join(gitDir, 'info/exclude')]) {
    const text = path === null ? null : readRuleFile(path);
    if (text !== null) rules = rules.with(folder, shown(root, path!), text);
  }
  const steps = relative(top, start).split(sep).filter(Boolean);
  const prefix = steps.map((step) => `${step}/`).join('');
  const withParents = steps.reduce((above, _, depth) => withRulesOf(above, top, steps.slice(0, depth)), rules);
  const isOpen = (each: IgnoreRules) => prefix === '' || each.hiddenBy(prefix) === null;
  return { prefix, rules: [withParents, rules].find(isOpen) ?? noRules(config.ignoreCase) };
}

function withRulesOf(above: IgnoreRules, top: string, steps: readonly string[]): IgnoreRules {
  const file = join(top, ...steps, '.gitignore');
  const text = readRuleFile(file);
  return text === null ? above : above.with(steps.join('/'), file, text);
}

/** Paths in the root as everywhere, others whole. */
function shown(root: string, path: string): string {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

interface RepositoryConfig {
  readonly ignoreCase: boolean;
  readonly userExcludes: string | null;
}

/** Git reads settings files for us even where it will not read the repository; without git, what is usual holds. */
async function repositoryConfig(
  gitDir: string,
  env: GitEnvironment = {},
  signal: AbortSignal | undefined,
): Promise<RepositoryConfig> {
  const ask = async (...args: string[]) => {
    const { status, stdout } = await askGit('/', ['config', ...args], { env, signal });
    return status === 0 ? stdout.toString('utf8').trim() : null;
  };
  const own = join(gitDir, 'config');
  const hasOwn = statSync(own, { throwIfNoEntry: false })?.isFile() === true;
  const ignoreCase = hasOwn ? await ask('--file', own, '--type=bool', '--get', 'core.ignorecase') : null;
  const home = env.XDG_CONFIG_HOME || (env.HOME ? join(env.HOME, '.config') : '');
  const usual = home === '' ? null : join(home, 'git/ignore');
  return {
    ignoreCase: ignoreCase === 'true',
    userExcludes: (await ask('--type=path', '--get', 'core.excludesFile')) ?? usual,
  };
}
