// The public API, the only file that re-exports.
export type { Config } from './config/schema.ts';
export { type ErrorCode, errnoOf, IndexerError, messageOf } from './core/errors.ts';
export type { IndexEvent, Observer, Phase } from './core/events.ts';
export {
  type Index,
  indexProject,
  type OpenIndexOptions,
  openIndex,
  type RunOptions,
  type RunReport,
  resume,
  search,
} from './indexer.ts';
export type { SearchHit } from './search/search.ts';
export { type StatusReport, status } from './status.ts';
