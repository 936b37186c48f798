// The public API, the only file that re-exports.
export { type AddedChunk, addChunks } from './add-chunks.ts';
export { cacheBytes, clearCache } from './cache/bounds.ts';
export type { CleanupOptions, CleanupReport } from './cleanup/cleanup.ts';
export { type ConfigRequest, loadConfig } from './config/load.ts';
export type { Config } from './config/schema.ts';
export { type ErrorCode, errnoOf, IndexerError, messageOf } from './core/errors.ts';
export type { IndexEvent, Observer, Phase } from './core/events.ts';
export { type Diagnosis, diagnose } from './doctor/diagnose.ts';
export {
  cleanUp,
  indexProject,
  migrateToDualTable,
  type OpenIndexOptions,
  openIndex,
  type RunOptions,
  reembed,
  resume,
  rollbackMigration,
  runPhase1,
  runPhase2,
  search,
} from './indexer.ts';
export type { MigrationReport } from './migrate/report.ts';
export type { RollbackReport } from './migrate/rollback.ts';
export type { MigrateOptions } from './migrate/to-dual-table.ts';
export { type Explanation, explainPath } from './run/explain.ts';
export type { Index } from './run/opened.ts';
export { type Preview, previewIndex } from './run/preview.ts';
export type { RunReport } from './run/report.ts';
export type { SearchHit, SearchOptions } from './search/search.ts';
export { type StatusReport, status } from './status.ts';
export type { Wait } from './store/lock.ts';
export { type UnlockReport, unlockIndex } from './unlock.ts';
export type { Finding } from './verify/findings.ts';
export { type RepairReport, repairIndex } from './verify/repair.ts';
export { type VerifyOptions, type VerifyReport, verifyIndex } from './verify/verify.ts';
