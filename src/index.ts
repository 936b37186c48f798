// The public API: each operation with the types it takes and returns.
export { type ConfigRequest, loadConfig } from './config/load.ts';
export type { Config } from './config/schema.ts';
export { type ErrorCode, IndexerError } from './core/errors.ts';
export type { IndexEvent, Observer, Phase } from './core/events.ts';
export { type AddedChunk, addChunks } from './operations/add-chunks.ts';
export { type CleanupOptions, type CleanupReport, cacheBytes, cleanUp, clearCache } from './operations/cleanup.ts';
export { type Diagnosis, diagnose } from './operations/doctor.ts';
export { type Explanation, explainPath } from './operations/explain.ts';
export { indexProject, type RunOptions, type RunReport, runPhase1, runPhase2 } from './operations/index.ts';
export { type MigrateOptions, type MigrationReport, migrateToDualTable } from './operations/migrate.ts';
export {
  type Index,
  type OpenIndexOptions,
  openForReading,
  openForWriting,
  openSessions,
  type ReadingOptions,
  type Sessions,
  type SharedModels,
  shareModels,
  type Wait,
} from './operations/open.ts';
export { type OutlineAnswer, type OutlinedFile, outline } from './operations/outline.ts';
export { type Preview, previewIndex } from './operations/preview.ts';
export { type ChunkAddress, type ChunkAnswer, type ChunkReference, readChunk } from './operations/read-chunk.ts';
export { reembed } from './operations/reembed.ts';
export { type RepairReport, repairIndex } from './operations/repair.ts';
export { resume } from './operations/resume.ts';
export { type RollbackReport, rollbackMigration } from './operations/rollback.ts';
export {
  type AppliedFilters,
  type FileChoice,
  type IndexState,
  type KindChoice,
  type LanguageChoice,
  type SearchAnswer,
  type SearchHit,
  type SearchMode,
  type SearchOptions,
  type SearchRequest,
  search,
} from './operations/search.ts';
export { type ChangesSince, changedFiles, type StatusReport, status } from './operations/status.ts';
export { type UnlockReport, unlockIndex } from './operations/unlock.ts';
export { type Finding, type VerifyOptions, type VerifyReport, verifyIndex } from './operations/verify.ts';
