// A query → the chunks that may be its answer, from the text index and the vectors, each chunk once.
import type { NearestRow, VectorsStore } from '../store/tables/vectors.ts';
import type { StoredDocument } from '../text-index/document.ts';
import { nameTerm } from '../text-index/format.ts';
import type { LiveSegment } from '../text-index/live-segment.ts';
import type { TextIndex } from '../text-index/open.ts';
import { scoreSegments } from '../text-index/score.ts';
import type { Accepts } from './accept.ts';
import type { SearchMode } from './mode.ts';
import { nearestWithin } from './nearest-within.ts';
import type { Query } from './ranking/query.ts';
import type { Candidate } from './ranking/rank.ts';

/** How many each side contributes: of ten results in perfect order, 98 in 100 are among the first 50 of each. */
const DEPTH = 200;

export interface Sources {
  readonly text: TextIndex;
  /** Null where there are none, or where the query has no vector. */
  readonly vectors: VectorsStore | null;
}

export interface Narrowed {
  /** Null: every document may be a result. */
  readonly accepts: Accepts | null;
  /** The same as a condition over the vectors. */
  readonly where: string | undefined;
  /** The only chunks that may be a result; null where the other two say all. */
  readonly ids: ReadonlySet<string> | null;
}

export interface Retrieved {
  readonly candidates: readonly Candidate[];
  /** How rare a token of the query is. */
  readonly weightOf: (token: string) => number;
}

export async function retrieve(
  { text, vectors }: Sources,
  query: Query,
  vector: Float32Array | null,
  { mode, narrowed, limit }: { readonly mode: SearchMode; readonly narrowed: Narrowed; readonly limit: number },
): Promise<Retrieved> {
  const depth = Math.max(DEPTH, limit * 2);
  const accepts = new Map(
    text.segments.map((live) => {
      const fits = narrowed.accepts?.(live);
      return [live, (document: number) => !live.isDead(document) && (fits?.(document) ?? true)] as const;
    }),
  );
  const { scored, weightOf } = scoreSegments(
    text.segments.map(({ segment }) => segment),
    query.tokens,
  );
  const found = new Map<string, Candidate>();
  const add = (place: number, document: number, cosine: number | null) => {
    const live = text.segments[place]!;
    const stored = live.document(document);
    found.set(stored.chunkId, {
      document: stored,
      lexical: scored[place]!.scores[document]!,
      cosine,
      siblings: () => siblingsOf(live, document),
    });
  };
  if (vector !== null && vectors !== null) {
    const { where, ids } = narrowed;
    const options = { limit: depth, where, ids };
    let isAllKnown = true;
    for (const { chunkId, distance } of await nearestWithin(vectors, vector, { ...options, only: 'id' })) {
      const known = findIn(text, chunkId);
      if (known === null) isAllKnown = false;
      else add(known.place, known.document, 1 - distance);
    }
    if (!isAllKnown) {
      for (const row of await nearestWithin(vectors, vector, { ...options, only: 'place' })) {
        if (!found.has(row.chunkId)) found.set(row.chunkId, alone(row));
      }
    }
  }
  const addNew = (place: number, document: number) => {
    const { chunkId } = text.segments[place]!.document(document);
    if (!found.has(chunkId) && (narrowed.ids?.has(chunkId) ?? true)) add(place, document, null);
  };
  for (const { name } of query.names) {
    for (const [place, live] of text.segments.entries()) {
      const named = live.segment.postings(nameTerm(name))?.documents ?? [];
      for (const document of Array.from(named).filter(accepts.get(live)!).slice(0, depth)) addNew(place, document);
    }
  }
  if (mode !== 'symbol') for (const { place, document } of best(scored, text, accepts, depth)) addNew(place, document);
  return { candidates: [...found.values()], weightOf };
}

/** Which document of which segment a chunk is; null if the text index does not hold it. */
function findIn({ segments }: TextIndex, chunkId: string): { place: number; document: number } | null {
  for (const [place, live] of segments.entries()) {
    const document = live.find(chunkId);
    if (document >= 0) return { place, document };
  }
  return null;
}

/** The documents with the highest scores over all segments. */
function best(
  scored: ReturnType<typeof scoreSegments>['scored'],
  text: TextIndex,
  accepts: ReadonlyMap<LiveSegment, (document: number) => boolean>,
  depth: number,
): { place: number; document: number; score: number }[] {
  const kept: { place: number; document: number; score: number }[] = [];
  let least = 0;
  for (const [place, { scores, found }] of scored.entries()) {
    const fits = accepts.get(text.segments[place]!)!;
    for (const document of found) {
      const score = scores[document]!;
      if (score <= least || !fits(document)) continue;
      kept.push({ place, document, score });
      if (kept.length < depth * 4) continue;
      kept.sort((a, b) => b.score - a.score);
      kept.length = depth;
      least = kept.at(-1)!.score;
    }
  }
  return kept.sort((a, b) => b.score - a.score).slice(0, depth);
}

function siblingsOf(live: LiveSegment, document: number): StoredDocument[] {
  const { first, count } = live.segment.files()[live.segment.columns().file[document]!]!;
  return Array.from({ length: count }, (_, place) => live.document(first + place));
}

/** A vector whose chunk the text index does not hold: mcp-vector-search's, or one of too many to be read. */
function alone(row: NearestRow): Candidate {
  const document: StoredDocument = {
    chunkId: row.chunkId,
    filePath: row.filePath,
    language: row.language,
    kind: row.kind,
    name: row.name,
    breadcrumb: row.breadcrumb,
    startLine: row.startLine,
    endLine: row.endLine,
    complexity: 0,
    signature: 0,
    words: Number.MAX_SAFE_INTEGER,
  };
  return { document, lexical: 0, cosine: 1 - row.distance, siblings: () => [document] };
}
