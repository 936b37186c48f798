// Every setting with its value and the place that it comes from, for `status --config`.
import { flagName, type Layer, variableName } from './layers.ts';
import { type ConfigRequest, layersOf, loadConfig, mergeLayers } from './load.ts';
import { userCacheDir } from './places.ts';
import { SETTING_KEYS, type SettingKey } from './schema.ts';

export interface SettingReport {
  readonly key: SettingKey;
  /** As the program uses it: sizes in bytes, paths absolute. Null where it is not set and follows from the others. */
  readonly value: unknown;
  /** The place that decides. Lists that all places add to name the first that adds something. */
  readonly from: Layer['place'] | 'default';
  /** The flag, the variable or the file; null for a default. */
  readonly name: string | null;
  /** Null where only files and the environment can set it. */
  readonly flag: string | null;
  readonly variable: string;
}

export interface SettingsReport {
  readonly schema: 1;
  /** Absolute. */
  readonly root: string;
  readonly settings: readonly SettingReport[];
}

/** Of commands that write, or of all; null for a setting without one. */
export function flagOf(key: SettingKey): string | null {
  if (key === 'cache') return '--no-cache';
  return ['languages', 'cacheDir', 'cacheSize'].includes(key) ? null : flagName(key);
}

/** Errors: those of `loadConfig`. */
export function describeSettings(request: ConfigRequest): SettingsReport {
  const config = loadConfig(request);
  const layers = layersOf(request);
  const effective: Readonly<Record<string, unknown>> = {
    ...mergeLayers(layers, userCacheDir(request.env ?? process.env)),
    workers: config.workers,
    indexDir: config.indexDir,
    modelDir: config.modelDir,
    cacheDir: config.cache?.directory ?? userCacheDir(request.env ?? process.env),
    languages: (config.languages ?? []).map(({ path }) => path),
  };
  const settings = SETTING_KEYS.map((key) => {
    const layer = layers.find((each) => each.settings[key] !== undefined);
    return {
      key,
      value: effective[key] ?? null,
      from: layer?.place ?? ('default' as const),
      name: layer?.nameOf(key) ?? null,
      flag: flagOf(key),
      variable: variableName(key),
    };
  });
  return { schema: 1, root: config.root, settings };
}
