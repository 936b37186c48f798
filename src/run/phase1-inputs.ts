// What Phase 1 does with a configuration, decided once for a run, its preview and `--explain`.
import { childEnvironment } from '../config/child-environment.ts';
import type { Config } from '../config/schema.ts';
import { type Discovery, discover } from '../discover/discover.ts';
import type { Selection } from '../discover/selection.ts';
import type { Language } from '../languages/load.ts';
import { loadOwnLanguages } from '../languages/own.ts';
import { type Inspected, openInspector } from '../phase1-parse/inspect.ts';
import { chunkerVersion, type Phase1Settings } from '../phase1-parse/run.ts';

export interface Phase1Inputs extends Phase1Settings {
  readonly languages: readonly Language[];
  /** Files recorded with another version are parsed again. */
  readonly chunkerVersion: string;
}

/** `selection` replaces the configured one where an interrupted run began with another. Errors: CONFIG_INVALID. */
export function phase1Inputs(config: Config, selection: Selection = config): Phase1Inputs {
  const { root, indexDir, maxFileBytes, sources } = config;
  const languages = loadOwnLanguages(config.languages ?? []);
  return {
    root,
    indexDir,
    maxFileBytes,
    sources,
    selection,
    languages,
    gitEnv: childEnvironment(),
    chunkerVersion: chunkerVersion(selection, languages),
  };
}

/** The files that a run would find. Writes nothing. */
export function discoverFiles(
  { root, indexDir, maxFileBytes, sources, selection, gitEnv }: Phase1Inputs,
  more: { signal?: AbortSignal | undefined } & Partial<
    Pick<Parameters<typeof discover>[1], 'onHidden' | 'indexed'>
  > = {},
): Promise<Discovery> {
  return discover(root, { maxFileBytes, indexDir, gitEnv, rules: sources, selection, ...more });
}

/** Says what a run would make of one file; see `openInspector`. */
export function inspectorOf(realRoot: string, inputs: Phase1Inputs): (path: string) => Inspected {
  const { maxFileBytes, selection, languages } = inputs;
  return openInspector(realRoot, { maxFileBytes, allowSecrets: selection.allowSecrets }, languages);
}
