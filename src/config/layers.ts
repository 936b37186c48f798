// The places that settings come from, each read and checked by itself: the command line, the environment, the project's
// file and the user's.
import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { errnoOf, IndexerError } from '../core/errors.ts';
import { editDistance, nearest } from '../core/nearest.ts';
import type { Environment } from './environment.ts';
import { mvsVariables } from './mvs-environment.ts';
import { indexPath, userFilePath } from './places.ts';
import { INDEX_DIR_NAME, isInside, realPath } from './root.ts';
import { SETTING_KEYS, type SettingKey, type Settings, SettingsSchema } from './schema.ts';
import { findProjectFile, invalid, readJsonFile } from './settings-file.ts';

/** What was typed, by setting. */
export type Flags = { readonly [key in SettingKey]?: string | boolean | readonly string[] | undefined };

/** One place that settings come from. */
export interface Layer {
  readonly settings: Settings;
  /** Where its relative paths start. */
  readonly base: string;
  readonly place: 'flag' | 'environment' | 'project' | 'user';
  /** How a user changes one of its settings: the flag, the variable or the file. */
  readonly nameOf: (key: SettingKey) => string;
  /** True for what the project says of itself. */
  readonly isProjects?: boolean;
}

/** The first one wins. Errors: CONFIG_INVALID. */
export function readLayers(
  flags: Flags,
  env: Environment,
  { root, standing, warnings }: { readonly root: string; readonly standing: string; readonly warnings: string[] },
): Layer[] {
  const userFile = userFilePath(env);
  return [
    { settings: parseSettings(flags, flagName, 'the command line'), base: standing, place: 'flag', nameOf: flagName },
    environmentLayer(env, standing),
    projectLayer(root, userFile, warnings),
    ...(userFile === null ? [] : [userLayer(userFile, warnings)]),
  ];
}

/** `checkpointInterval` → `--checkpoint-interval`. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `checkpointInterval` → `TANDEM_CHECKPOINT_INTERVAL`. */
export function variableName(key: string): string {
  return `TANDEM_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function environmentLayer(env: Environment, base: string): Layer {
  const given: Record<string, string> = {};
  const mvs = mvsVariables(env);
  const nameOf = (key: string) => (env[variableName(key)] ? undefined : mvs.get(key)) ?? variableName(key);
  for (const key of SETTING_KEYS) {
    const value = env[nameOf(key)];
    if (value) given[key] = value;
  }
  refuseMisspelt(env);
  const settings = parseSettings(given, nameOf, 'the environment');
  const shared = indexPath(env);
  if (settings.indexDir === undefined && shared !== null) settings.indexDir = join(shared, INDEX_DIR_NAME);
  return {
    settings,
    base,
    place: 'environment',
    nameOf: (key) => (given[key] === undefined ? 'INDEX_PATH' : nameOf(key)),
  };
}

/** Others may use our prefix too, so only what is a slip of the keyboard away from a setting is refused. */
function refuseMisspelt(env: Environment): void {
  const known = SETTING_KEYS.map(variableName);
  for (const name of Object.keys(env)) {
    if (!name.startsWith('TANDEM_') || known.includes(name)) continue;
    const meant = known.find((each) => editDistance(name, each) <= 2);
    if (meant !== undefined)
      throw invalid('the environment', `sets ${name}, which is not known`, `did you mean ${meant}?`);
  }
}

/** A cloned project is not trusted: it may tune how its files are read, not what is loaded or where we write. */
function projectLayer(root: string, userPath: string | null, warnings: string[]): Layer {
  const { path, settings: raw } = findProjectFile(root, warnings);
  const settings = parseSettings(raw, (key) => key, path);
  const userFile = userPath ?? 'your own settings file';
  for (const key of ['modelDir', 'model', 'device', 'cacheDir', 'cacheSize'] as const) {
    if (settings[key] === undefined) continue;
    throw invalid(path, `sets ${key}, which a project may not`, `set it in ${userFile} or as ${variableName(key)}`);
  }
  for (const key of ['allowSecrets', 'allowDownload'] as const) {
    if (settings[key] !== true) continue;
    throw invalid(path, `sets ${key}, which a project may not`, `set it in ${userFile} or with ${flagName(key)}`);
  }
  const outside = settings.languages?.find((folder) => !isInside(root, realPath(resolve(root, folder))));
  if (outside !== undefined) {
    throw invalid(path, `names the language ${outside}, outside the project`, `name it in ${userFile}`);
  }
  if (settings.indexDir !== undefined && !isInside(root, realPath(resolve(root, settings.indexDir)))) {
    throw invalid(path, 'sets indexDir to a place outside the project', `set it in ${userFile} or with --index-dir`);
  }
  return { settings, base: root, place: 'project', nameOf: () => path, isProjects: true };
}

function userLayer(path: string, warnings: string[]): Layer {
  return { settings: readUserFile(path, warnings), base: dirname(path), place: 'user', nameOf: () => path };
}

/** One that the system does not let us read is passed over, as git does: HOME may be another user's. */
function readUserFile(path: string, warnings: string[]): Settings {
  try {
    return parseSettings(readJsonFile(path) ?? {}, (key) => key, path);
  } catch (error) {
    const errno = error instanceof IndexerError ? errnoOf(error.cause) : '';
    if (errno === '') throw error;
    warnings.push(`the settings in ${path} cannot be read (${errno}) and are passed over`);
    return {};
  }
}

const SETTINGS_ARE = `the settings are ${SETTING_KEYS.join(', ')}`;

/** Checks one layer; `nameOf` gives a key as the user wrote it there. Undefined values count as not given. */
function parseSettings(raw: unknown, nameOf: (key: string) => string, source: string): Settings {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw invalid(source, 'holds no JSON object', 'for example { "workers": 2 }');
  }
  // A parser may take this key for an order to change the object, whose settings would then come from elsewhere.
  if (Object.getPrototypeOf(raw) !== Object.prototype)
    throw invalid(source, 'sets __proto__, which is not known', SETTINGS_ARE);
  const { $schema: _, ...given } = raw as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((key) => !SETTING_KEYS.includes(key as SettingKey));
  if (unknown !== undefined) {
    const meant = nearest(unknown, SETTING_KEYS);
    const hint = meant === undefined ? SETTINGS_ARE : `did you mean ${nameOf(meant)}?`;
    throw invalid(source, `sets ${nameOf(unknown)}, which is not known`, hint);
  }
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const result = v.safeParse(SettingsSchema, said);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const key = v.getDotPath(issue) ?? '';
  throw invalid(source, `sets ${nameOf(key)} to ${JSON.stringify(said[key])}`, `it must be ${issue.message}`);
}
