// Where the user's own things lie, and which of them a model's name means.
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { IndexerError } from '../core/errors.ts';
import type { Environment } from './environment.ts';
import { defaultSettings } from './schema.ts';

/** The user's folder as an absolute path: what HOME says, else what the system knows of the user; null if neither does. */
export function userHome(env: Environment): string | null {
  if (env.HOME && isAbsolute(env.HOME)) return env.HOME;
  try {
    const { homedir } = userInfo();
    return isAbsolute(homedir) ? homedir : null;
  } catch {
    return null; // a number without a name, as containers have
  }
}

/** The user's own file, the only one that may name a model or an index outside of the project; null without a home. */
export function userFilePath(env: Environment): string | null {
  const folder = placeIn(env, process.platform === 'win32' ? env.APPDATA : env.XDG_CONFIG_HOME, '.config');
  return folder && join(folder, 'tandem', 'config.json');
}

/** Where the platform wants what can be made again; null without a home. */
export function userCacheDir(env: Environment): string | null {
  if (process.platform === 'win32') {
    const folder = placeIn(env, env.LOCALAPPDATA, 'AppData', 'Local');
    return folder && join(folder, 'tandem', 'cache');
  }
  const isMac = process.platform === 'darwin';
  const folder = placeIn(env, isMac ? undefined : env.XDG_CACHE_HOME, ...(isMac ? ['Library', 'Caches'] : ['.cache']));
  return folder && join(folder, 'tandem');
}

/** A relative path would mean another folder in each project, and a cloned project could bring the user's settings. */
function placeIn(env: Environment, given: string | undefined, ...usual: string[]): string | null {
  if (given && isAbsolute(given)) return given;
  const home = userHome(env);
  return home && join(home, ...usual);
}

/** INDEX_PATH as mcp-vector-search means it; null where it is not set, or not absolute. */
export function indexPath(env: Environment): string | null {
  return env.INDEX_PATH && isAbsolute(env.INDEX_PATH) ? env.INDEX_PATH : null;
}

/** A line for each variable that names a place, but no absolute one. An empty one counts as not set. */
export function relativePlaces(env: Environment): string[] {
  return ['HOME', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'INDEX_PATH', 'TMPDIR']
    .filter((name) => env[name] && !isAbsolute(env[name]))
    .map((name) => `${name} is ignored: ${JSON.stringify(env[name])} is not an absolute path`);
}

export interface NamedModel {
  readonly folder: string;
  /** Set where the name is one of the hub, and the folder the place that a download has. */
  readonly hubId: string | null;
}

/** `org/name` that is no folder is looked for where a user may put models: `models/org--name` in the cache folder. */
export function namedModel(model: string, base: string, cacheDir: string | null): NamedModel {
  const bundled = defaultSettings().modelDir;
  if ([basename(bundled), `sentence-transformers/${basename(bundled)}`].includes(model))
    return { folder: bundled, hubId: null };
  const folder = resolve(base, model);
  const isName = /^[\w.-]+\/[\w.-]+$/.test(model) && !model.startsWith('.');
  if (!isName || statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return { folder, hubId: null };
  if (cacheDir === null) {
    throw new IndexerError('CONFIG_INVALID', `there is no cache folder to find the model ${model} in`, {
      hint: 'set HOME or XDG_CACHE_HOME to an absolute path, or name the folder of the model',
    });
  }
  return { folder: join(cacheDir, 'models', model.replace('/', '--')), hubId: model };
}

const HUB = 'https://huggingface.co';
/** A hub that is there answers sooner; one that is blocked should not be waited for. */
const ANSWER_MS = 800;
const MOST_ANSWER_SECONDS = 600;

/** The variables are those of huggingface's own programs. Errors: CONFIG_INVALID. */
export function hubSettings(env: Environment): { readonly endpoint: string; readonly answerMs: number } {
  const endpoint = env.HF_ENDPOINT || HUB;
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw new IndexerError('CONFIG_INVALID', `the environment sets HF_ENDPOINT to ${JSON.stringify(endpoint)}`, {
      hint: `it must be an address such as ${HUB}`,
    });
  }
  const seconds = Number(env.HF_HUB_ETAG_TIMEOUT || Number.NaN);
  const isUsable = seconds > 0 && seconds <= MOST_ANSWER_SECONDS;
  return { endpoint: endpoint.replace(/\/+$/, ''), answerMs: isUsable ? seconds * 1000 : ANSWER_MS };
}
