// The environment variables of mcp-vector-search: those with a counterpart are settings, of the others it is said why
// they change nothing.

import { nearest } from '../core/nearest.ts';
import type { Environment } from './environment.ts';

const PREFIX = 'MCP_VECTOR_SEARCH_';

/** Settings by variable, the first that is set counts. */
const COUNTERPARTS = { workers: ['WORKERS', 'MAX_WORKERS'] } as const;

const BATCHES = 'batches hold 512 chunks, and what is embedded does not depend on their size';
const SEARCH = 'search is exact, or tuned by itself';

/** What has no counterpart, and why it needs none. */
const WITHOUT: Readonly<Record<string, string>> = {
  BATCH_SIZE: BATCHES,
  EMBED_BATCH_SIZE: BATCHES,
  WRITE_BATCH_SIZE: BATCHES,
  FILE_BATCH_SIZE: 'files are committed in groups of 10,240 chunks',
  NUM_PRODUCERS: 'use TANDEM_WORKERS for the threads of either phase',
  MAX_CONCURRENT: 'use TANDEM_WORKERS for the threads of either phase',
  PARALLEL_EMBEDDINGS: 'use TANDEM_WORKERS for the threads of either phase',
  QUEUE_DEPTH: 'at most one batch is embedded while one is written',
  MAX_MEMORY_GB: 'memory does not grow with the index',
  MEMORY_PER_WORKER: 'memory does not grow with the index',
  WRITE_BUFFER_SIZE: 'every batch is written when it is embedded',
  CACHE_SIZE: 'one query is one process',
  TWO_PASS: 'a chunk is embedded once',
  HYBRID_CHUNK_EMBEDDING: 'a chunk is embedded once',
  NPROBES: SEARCH,
  REFINE_FACTOR: SEARCH,
  BACKEND: 'the tables are Lance tables',
  ENABLE_BLAME: 'authors are not indexed',
  SKIP_BLAME: 'authors are not indexed',
  AUTO_KG: 'there is no knowledge graph; mcp-vector-search builds it from these tables with: index kg',
};

/** The variable that gives a setting, by setting; ours come before it. */
export function mvsVariables(env: Environment): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [key, names] of Object.entries(COUNTERPARTS)) {
    const name = names.map((each) => PREFIX + each).find((each) => env[each]);
    if (name !== undefined) found.set(key, name);
  }
  return found;
}

/** One line for each of its variables that is set and changes nothing. */
export function mvsEnvironmentWarnings(env: Environment = process.env): string[] {
  const used: string[] = [...Object.values(COUNTERPARTS).flat(), 'EMBEDDING_MODEL'];
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && env[name] && !used.includes(name.slice(PREFIX.length)))
    .sort()
    .flatMap((name) => {
      const short = name.slice(PREFIX.length);
      if (short === 'DEVICE') return ['cpu', 'auto'].includes(env[name]!) ? [] : [`${name}=${env[name]}: ${DEVICE}`];
      if (short.startsWith('KG_')) return [`${name} changes nothing: there is no knowledge graph here`];
      if (Object.hasOwn(WITHOUT, short)) return [`${name} changes nothing: ${WITHOUT[short]}`];
      const meant = nearest(short, [...used, 'DEVICE', ...Object.keys(WITHOUT)]);
      return [`${name} is not known${meant === undefined ? '' : `; did you mean ${PREFIX}${meant}?`}`];
    });
}

const DEVICE = 'it changes nothing; TANDEM_DEVICE says what the vectors are made on';
