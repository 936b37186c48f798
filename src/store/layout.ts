// Every path under the index directory is named here, and nowhere else.
import { join } from 'node:path';

/** The paths of one index. All absolute. */
export interface Layout {
  /** `<root>/.mcp-vector-search`, or where `--index-dir` says. */
  readonly indexDir: string;
  /** Shared with mcp-vector-search: the two tables that it reads too. */
  readonly lanceDir: string;
  readonly chunksTable: string;
  readonly vectorsTable: string;
  /** Where older layouts lie, the first found being the one that counts; relative to the index directory. */
  readonly oldTables: { readonly single: readonly string[]; readonly chunks: string; readonly vectors: string };
  /** Read by mcp-vector-search at every start. */
  readonly schemaVersionFile: string;
  readonly indexMetadataFile: string;
  readonly staleTextIndexFile: string;
  /** Its settings: without this file it takes the project for not initialised. A user's own is never written. */
  readonly mvsConfigFile: string;
  /** Ours alone; mcp-vector-search leaves it alone. */
  readonly tandemDir: string;
  readonly structureDir: string;
  readonly structureTable: string;
  /** The text index: derived from the chunks, built again if it is lost. */
  readonly textDir: string;
  readonly lockFile: string;
  /** Whose index this is. */
  readonly projectFile: string;
  readonly runFile: string;
  readonly checkpointFile: string;
  readonly ledgerFile: string;
  readonly cleanMarkerFile: string;
  /** Vectors being made anew beside those in use, what they are, and where the old ones wait for their removal. */
  readonly nextVectorsTable: string;
  readonly nextVectorsFile: string;
  readonly retiredVectorsTable: string;
  readonly quarantineDir: string;
  /** What a migration or a rollback took out of use, and the journal of the switch. */
  readonly backupDir: string;
  readonly journalFile: string;
  /** Where a migration builds, until the switch. */
  readonly stagedLanceDir: string;
  readonly stagedStructureDir: string;
  readonly stagedLedgerFile: string;
}

export function layoutOf(indexDir: string): Layout {
  const lanceDir = join(indexDir, 'lance');
  const tandemDir = join(indexDir, 'tandem');
  const structureDir = join(tandemDir, 'lance');
  return {
    indexDir,
    lanceDir,
    chunksTable: join(lanceDir, 'chunks.lance'),
    vectorsTable: join(lanceDir, 'vectors.lance'),
    oldTables: {
      single: ['code_search.lance', 'code_chunks.lance'],
      chunks: 'chunks.lance',
      vectors: 'vectors.lance',
    },
    schemaVersionFile: join(indexDir, 'schema_version.json'),
    indexMetadataFile: join(indexDir, 'index_metadata.json'),
    staleTextIndexFile: join(indexDir, 'bm25_index.pkl'),
    mvsConfigFile: join(indexDir, 'config.json'),
    tandemDir,
    structureDir,
    structureTable: join(structureDir, 'structure.lance'),
    textDir: join(tandemDir, 'text'),
    lockFile: join(tandemDir, 'lock'),
    projectFile: join(tandemDir, 'project.json'),
    runFile: join(tandemDir, 'run.json'),
    checkpointFile: join(tandemDir, 'checkpoint.json'),
    ledgerFile: join(tandemDir, 'files.jsonl'),
    cleanMarkerFile: join(tandemDir, 'settled'),
    nextVectorsTable: join(tandemDir, 'next', 'vectors.lance'),
    nextVectorsFile: join(tandemDir, 'reembed.json'),
    retiredVectorsTable: join(tandemDir, 'next', 'vectors-before.lance'),
    quarantineDir: join(tandemDir, 'quarantine'),
    backupDir: join(tandemDir, 'backup'),
    journalFile: join(tandemDir, 'backup', 'journal.json'),
    stagedLanceDir: join(indexDir, 'lance.migrating'),
    stagedStructureDir: join(tandemDir, 'lance.migrating'),
    stagedLedgerFile: join(tandemDir, 'files.migrating.jsonl'),
  };
}
