// What answers agents' questions: open indexes, one model, and the runs that were asked for. Nothing is opened before a
// question needs it, and nothing is indexed unless `index` is called.
import type { Config } from '../index.ts';
import { type Changes, watchChanges } from './changes.ts';
import { askForRuns, type IndexRuns } from './index-runs.ts';

export type Library = typeof import('../index.ts');

export interface Engine extends AsyncDisposable {
  readonly library: Library;
  readonly sessions: ReturnType<Library['openSessions']>;
  readonly changes: Changes;
  readonly runs: IndexRuns;
}

export function startEngine(library: Library): Engine {
  const sessions = library.openSessions();
  const changes = watchChanges(library.changedFiles);
  const runs = askForRuns(async (config: Config, { force, signal, observe }) => {
    try {
      await using index = await library.openForWriting(config, { observe, signal });
      return await library.indexProject(index, { phase: 'all', force, signal });
    } finally {
      changes.forget(config);
    }
  });
  return {
    library,
    sessions,
    changes,
    runs,
    async [Symbol.asyncDispose]() {
      await runs.stop();
      await sessions[Symbol.asyncDispose]();
    },
  };
}
