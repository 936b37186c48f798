// Cuts files again for a proof, as Phase 1 would.
import { type Config, defaultSettings } from '../config/schema.ts';
import { loadOwnLanguages } from '../languages/own.ts';
import { openParsePool } from '../phase1-parse/pool/worker-pool.ts';
import type { CutFiles } from '../verify/check-whole.ts';

/** What Phase 1 cuts by; the defaults where it is not said. */
export type CutSettings = Pick<Config, 'root'> &
  Partial<Pick<Config, 'maxFileBytes' | 'allowSecrets' | 'languages' | 'workers'>>;

export function cutFiles(settings: CutSettings): CutFiles {
  const { root, maxFileBytes = defaultSettings().maxFileSize, allowSecrets = false, workers = 1 } = settings;
  return async function* cut(paths) {
    const languages = loadOwnLanguages(settings.languages ?? []);
    const pool = openParsePool({ root, workers, maxFileBytes, allowSecrets, languages });
    try {
      for await (const outcome of pool.outcomes(paths.map((path) => ({ path, knownSha256: null, size: 0 })))) {
        if (outcome.kind === 'parsed' && outcome.file.status !== 'unfinished') yield outcome.file;
      }
    } finally {
      await pool.close();
    }
  };
}
