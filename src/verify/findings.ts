// What verify can find, as data. A finding is named by its code; the words say what it means to a user.

/** Every kind of finding, first those of files, then those of rows. */
export const MEANINGS = {
  'table-missing': 'the table is missing',
  'another-program': 'mcp-vector-search made these tables; the next tandem index takes them over',
  'file-of-another': 'files that mcp-vector-search indexed since; the next tandem index parses them again',
  'file-incomplete': 'files of mcp-vector-search without some of their chunks; the next tandem index parses them again',
  'manifest-broken': 'table versions are only partly written',
  'data-file-missing': 'data files of the table are missing',
  'data-file-size': 'data files differ in size from what the table records',
  'data-file-broken': 'data files have a damaged footer',
  'data-file-hash': 'data files differ from the hash in the checkpoint',
  'table-unreadable': 'the table cannot be read',
  'row-count': 'the table and its manifest disagree on the number of rows',
  schema: 'columns are missing, added or of another type',
  'null-value': 'rows have no value in a required column',
  'chunk-doubled': 'chunks are stored twice',
  'vector-doubled': 'chunks have two vectors',
  'structure-doubled': 'chunks have two structure rows',
  'vector-without-chunk': 'vectors belong to no chunk',
  'complete-without-vector': 'chunks are marked complete but have no vector',
  'vector-not-claimed': 'vectors are stored, but their chunks are not marked complete yet',
  'status-unknown': 'chunks have a status that does not exist',
  'chunk-without-structure': 'chunks have no structure row',
  'structure-without-chunk': 'structure rows belong to no chunk',
  'structure-path': 'structure rows and their chunks disagree on the file',
  lines: 'chunks end before they begin, or begin before the first line',
  'content-hash': 'the content of chunks is not what was stored (SHA-256)',
  'chunk-id': 'ids do not match path, kind, breadcrumb, content and occurrence',
  'vector-copy': 'vectors differ from their chunk in text, path, kind or breadcrumb',
  'vector-place': 'vectors have other lines or another parent than their chunk',
  'vector-not-finite': 'vectors hold numbers that are not finite',
  'vector-norm': 'vectors do not have length one',
  'vector-model': 'vectors were made by another model than the index records',
  'vector-recipe': 'vectors name an unknown recipe',
  'parent-missing': 'parents of chunks do not exist',
  'parent-elsewhere': 'the parent of a chunk is in another file',
  'parent-depth': 'chunks are not deeper than their parents',
  'ledger-line': 'lines of the file ledger are damaged',
  'file-not-in-ledger': 'files have chunks but no line in the ledger',
  'file-rows': 'files and the ledger disagree on the number of chunks',
  'file-hash': 'chunks and the ledger disagree on the content hash of the file',
  'file-unfinished': 'files could not be read or parsed; the next run tries them again',
  'run-file': 'run.json cannot be parsed',
  'checkpoint-broken': 'the checkpoint cannot be parsed',
  'checkpoint-ahead': 'the checkpoint names a later version than the table has',
  'checkpoint-model': 'the checkpoint names another model than the index records',
  'against-missing': 'rows of the other index are missing here',
  'against-added': 'rows are missing in the other index',
  'against-differs': 'rows differ from those of the other index',
  'against-vector': 'vectors point elsewhere than those of the other index (cosine below 0.99999)',
} as const;

export type FindingCode = keyof typeof MEANINGS;

/** Where it was found. */
export type Place = 'chunks' | 'vectors' | 'structure' | 'files.jsonl' | 'run.json' | 'checkpoint.json';

export interface Finding {
  readonly code: FindingCode;
  readonly place: Place;
  /** `unfinished`: what an interrupted run leaves, and the next one makes good by itself. */
  readonly severity: 'damage' | 'unfinished';
  readonly meaning: string;
  readonly count: number;
  /** Five at most: ids, paths or messages. */
  readonly examples: readonly string[];
}

const LEFT_AT_ANY_TIME: ReadonlySet<FindingCode> = new Set([
  'another-program',
  'file-of-another',
  'file-incomplete',
  'vector-not-claimed',
  'file-unfinished',
]);

/** As long as Phase 1 has not finished these are no damage. */
const LEFT_BY_PHASE_1: ReadonlySet<FindingCode> = new Set([
  'table-missing',
  'vector-without-chunk',
  'chunk-without-structure',
  'structure-without-chunk',
  'vector-place',
  'parent-missing',
  'ledger-line',
  'file-not-in-ledger',
  'file-rows',
  'file-hash',
]);

/** The table's files are damaged; its rows cannot be judged before they are mended. */
export const FILE_DAMAGE = [
  'manifest-broken',
  'data-file-missing',
  'data-file-size',
  'data-file-broken',
  'table-unreadable',
] as const;
/** Chunks under these codes go in a repair, with all that belongs to them. */
export const CHUNK_DAMAGE = ['chunk-doubled', 'content-hash', 'chunk-id', 'null-value', 'lines'] as const;
export const STRUCTURE_DAMAGE = [
  'structure-doubled',
  'structure-path',
  'parent-missing',
  'parent-elsewhere',
  'parent-depth',
  'null-value',
] as const;
export const VECTOR_DAMAGE = [
  'vector-without-chunk',
  'vector-doubled',
  'vector-copy',
  'vector-not-finite',
  'vector-norm',
  'vector-model',
  'vector-recipe',
  'null-value',
] as const;

const MOST_EXAMPLES = 5;

export interface Findings {
  /** `id` is what repair acts on, `example` what a user reads; the id where no other is given. */
  add(code: FindingCode, place: Place, id: string, example?: string): void;
  /** What was added under these codes at a place. */
  idsOf(place: Place, ...codes: readonly FindingCode[]): Set<string>;
  has(...codes: readonly FindingCode[]): boolean;
  list(phase1Finished: boolean): Finding[];
}

export function collectFindings(): Findings {
  const found = new Map<string, { code: FindingCode; place: Place; ids: string[]; examples: string[] }>();
  return {
    add(code, place, id, example = id) {
      const key = `${code} ${place}`;
      const entry = found.get(key) ?? { code, place, ids: [], examples: [] };
      found.set(key, entry);
      entry.ids.push(id);
      if (entry.examples.length < MOST_EXAMPLES) entry.examples.push(example);
    },
    idsOf(place, ...codes) {
      return new Set(codes.flatMap((code) => found.get(`${code} ${place}`)?.ids ?? []));
    },
    has: (...codes) => [...found.values()].some(({ code }) => codes.includes(code)),
    list: (phase1Finished) =>
      [...found.values()].map(({ code, place, ids, examples }) => ({
        code,
        place,
        severity: isLeftOver(code, phase1Finished) ? 'unfinished' : 'damage',
        meaning: MEANINGS[code],
        count: ids.length,
        examples,
      })),
  };
}

function isLeftOver(code: FindingCode, phase1Finished: boolean): boolean {
  return LEFT_AT_ANY_TIME.has(code) || (!phase1Finished && LEFT_BY_PHASE_1.has(code));
}
