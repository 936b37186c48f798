// Flags over environment over project file over user file over defaults → one frozen Config.
import { isAbsolute, parse, resolve } from 'node:path';
import { IndexerError } from '../core/errors.ts';
import type { LanguageFolder } from '../core/language-folder.ts';
import { type Environment, invocationDirectory } from './environment.ts';
import { defaultIndexDir, namedIndexDir } from './index-place.ts';
import { type Flags, type Layer, readLayers } from './layers.ts';
import { workersWithin } from './memory.ts';
import { readMvsConfig } from './mvs-config.ts';
import { hubSettings, namedModel, relativePlaces, userCacheDir } from './places.ts';
import { resolveRoot } from './root.ts';
import { type Config, defaultSettings, type Settings } from './schema.ts';

export interface ConfigRequest {
  /** The path argument of the command. */
  readonly path?: string | undefined;
  readonly projectRoot?: string | undefined;
  readonly flags?: Flags | undefined;
  /** True for commands that make an index (they may take the git top level for the root). */
  readonly creates: boolean;
  readonly env?: Environment | undefined;
  readonly cwd?: string | undefined;
}

/**
 * Resolves the root and merges all layers. Errors: those of `resolveRoot`, and CONFIG_INVALID for a value out of range,
 * an unknown key, a file that is no JSON object, or a project file that asks for more than a project may.
 */
export function loadConfig(request: ConfigRequest): Config {
  const env = request.env ?? process.env;
  const { root, layers, warnings } = placesOf(request);
  const merged = mergeLayers(layers, userCacheDir(env));
  const indexDir = merged.indexDir === undefined ? defaultIndexDir(root) : namedIndexDir(merged.indexDir);
  const cacheDir = merged.cacheDir ?? userCacheDir(env);
  const mvs = readMvsConfig(indexDir);
  return Object.freeze({
    root,
    indexDir,
    workers: merged.maxMemory === undefined ? merged.workers : workersWithin(merged.maxMemory, merged.workers),
    checkpointInterval: merged.checkpointInterval,
    maxFileBytes: merged.maxFileSize,
    include: merged.include,
    exclude: merged.exclude,
    allowSecrets: merged.allowSecrets,
    languages: languageFolders(layers),
    durability: merged.durability,
    modelDir: merged.modelDir,
    hub:
      merged.hubId === null
        ? null
        : Object.freeze({ id: merged.hubId, isAllowed: merged.allowDownload, ...hubSettings(env) }),
    // No other device was measured to be faster with the bundled model, which is made for processors.
    device: merged.device === 'auto' ? 'cpu' : merged.device,
    sources: mvs?.sources,
    mvsModel: mvs?.embeddingModel ?? env.MCP_VECTOR_SEARCH_EMBEDDING_MODEL ?? null,
    cache:
      merged.cache === 'off' || cacheDir === null
        ? null
        : Object.freeze({ directory: cacheDir, bytes: merged.cacheSize }),
    warnings,
  });
}

/** The places that the settings of `loadConfig` come from, the first of which wins. */
export function layersOf(request: ConfigRequest): readonly Layer[] {
  return placesOf(request).layers;
}

function placesOf(request: ConfigRequest) {
  const { path, projectRoot, creates, env = process.env } = request;
  const standing = invocationDirectory(env, request.cwd ?? currentFolder(request));
  const warnings = relativePlaces(env);
  const root = resolveRoot({ path, projectRoot, standing, creates });
  return { root, layers: readLayers(request.flags ?? {}, env, { root, standing, warnings }), warnings };
}

/** The first layer that has a value wins; but what is excluded anywhere is excluded. */
export function mergeLayers(layers: readonly Layer[], cacheDir: string | null) {
  const merged: Settings = {};
  let hubId: string | null = null;
  for (const { settings, base } of layers.toReversed()) {
    const exclude = merged.exclude ?? [];
    Object.assign(merged, settings);
    merged.exclude = [...exclude, ...(settings.exclude ?? [])];
    if (settings.modelDir !== undefined) [merged.modelDir, hubId] = [resolve(base, settings.modelDir), null];
    if (settings.model !== undefined) {
      const named = namedModel(settings.model, base, cacheDir);
      [merged.modelDir, hubId] = [named.folder, named.hubId];
    }
    if (settings.indexDir !== undefined) merged.indexDir = resolve(base, settings.indexDir);
    if (settings.cacheDir !== undefined) merged.cacheDir = resolve(base, settings.cacheDir);
  }
  return { ...defaultSettings(), ...merged, hubId };
}

/** Those of all layers, the user's last: they win where two claim the same files. */
function languageFolders(layers: readonly Layer[]): LanguageFolder[] {
  const projectsFirst = layers.toSorted((a, b) => Number(b.isProjects ?? false) - Number(a.isProjects ?? false));
  return projectsFirst.flatMap(({ settings, base, isProjects }) =>
    (settings.languages ?? []).map((path) => ({ path: resolve(base, path), isTrusted: isProjects !== true })),
  );
}

/** Where the user stands may be removed by now. What was named by absolute paths does not need it. */
function currentFolder({ path, projectRoot, flags = {} }: ConfigRequest): string {
  try {
    return process.cwd();
  } catch (error) {
    const named = [path, projectRoot].filter((each) => each !== undefined);
    const others = [flags.indexDir, flags.modelDir, flags.model].filter((each) => typeof each === 'string');
    if (named.length > 0 && [...named, ...others].every(isAbsolute)) return parse(named[0]!).root;
    throw new IndexerError('PATH_NOT_FOUND', 'the current directory no longer exists', {
      hint: 'go to another one, or name everything by absolute paths',
      cause: error,
    });
  }
}
