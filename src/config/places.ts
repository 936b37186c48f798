// Where the user's own things lie, and which of them a model's name means.
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { IndexerError } from '../core/errors.ts';
import type { Environment } from './environment.ts';
import { defaultSettings } from './schema.ts';

/** The user's own file, the only one that may name a model or an index outside of the project. */
export function userFilePath(env: Environment): string {
  const home = env.HOME || homedir();
  const folder = process.platform === 'win32' ? env.APPDATA : env.XDG_CONFIG_HOME;
  return join(folder || join(home, '.config'), 'tandem', 'config.json');
}

/** Where the platform wants what can be made again. */
export function userCacheDir(env: Environment): string {
  const home = env.HOME || homedir();
  if (process.platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'tandem', 'cache');
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', 'tandem');
  return join(env.XDG_CACHE_HOME || join(home, '.cache'), 'tandem');
}

export interface NamedModel {
  readonly folder: string;
  /** Set where the name is one of the hub, and the folder the place that a download has. */
  readonly hubId: string | null;
}

/** `org/name` that is no folder is looked for where a user may put models: `models/org--name` in the cache folder. */
export function namedModel(model: string, base: string, cacheDir: string): NamedModel {
  const bundled = defaultSettings().modelDir;
  if ([basename(bundled), `sentence-transformers/${basename(bundled)}`].includes(model))
    return { folder: bundled, hubId: null };
  const folder = resolve(base, model);
  const isName = /^[\w.-]+\/[\w.-]+$/.test(model) && !model.startsWith('.');
  if (!isName || statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return { folder, hubId: null };
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
