// A filter as a test of the text index's documents, so that words are looked up among those alone.

import { readSteadily } from '../store/lance/read-steadily.ts';
import type { ChunksStore } from '../store/tables/chunks.ts';
import type { LiveSegment } from '../text-index/live-segment.ts';
import { boundsComplexity, complexityOf, conditionOf, type NarrowFilter, namesOf } from './filter.ts';
import { isTestName, roleOf } from './ranking/place.ts';

/** Whether a document of a segment may be a result. */
export type Accepts = (segment: LiveSegment) => (document: number) => boolean;

/** Null where every document may be. */
export async function acceptedBy(filter: NarrowFilter, chunks: ChunksStore): Promise<Accepts | null> {
  const { languages, except, kinds, tests } = filter;
  const files = filter.files?.only.length || filter.files?.not.length ? filter.files : undefined;
  const matched = files && new Set(await read(chunks, 'file_path', conditionOf({ files }, [])!));
  const changed = filter.paths && new Set(filter.paths);
  const named = namesOf(filter);
  const ids = named === undefined ? undefined : await read(chunks, 'chunk_id', named);
  const [least, most] = complexityOf(filter).map((bound) => Math.min(bound, MOST_STORED)) as [number, number];
  const limits =
    languages?.length || except?.length || kinds?.length || tests !== undefined || boundsComplexity(filter);
  if (!limits && matched === undefined && changed === undefined && ids === undefined) return null;
  return (live) => {
    const { file, language, kind, complexity, languages: spoken, kinds: known } = live.segment.columns();
    const isTest = live.segment.files().map(({ path }) => tests !== undefined && roleOf(path) === 'test');
    const isWanted = live.segment
      .files()
      .map(({ path }) => (matched?.has(path) ?? true) && (changed?.has(path) ?? true) && !except?.includes(path));
    const isSpoken = spoken.map((name) => !languages?.length || languages.includes(name));
    const isOfKind = known.map((name) => !kinds?.length || kinds.includes(name));
    const documents = ids && new Set(ids.map((id) => live.find(id)));
    const fitsTests = (document: number) =>
      tests === undefined ||
      (isTest[file[document]!]! || isTestName(live.document(document).breadcrumb)) === (tests === 'only');
    return (document) =>
      isWanted[file[document]!]! &&
      isSpoken[language[document]!]! &&
      isOfKind[kind[document]!]! &&
      complexity[document]! >= least &&
      complexity[document]! <= most &&
      (documents?.has(document) ?? true) &&
      fitsTests(document);
  };
}

/** A greater complexity is stored as this. */
const MOST_STORED = 255;

/** The chunks that a filter allows for, where the vectors do not know what it asks for; null where they do. */
export async function idsBy(filter: NarrowFilter, chunks: ChunksStore): Promise<ReadonlySet<string> | null> {
  if (!boundsComplexity(filter)) return null;
  return new Set(await read(chunks, 'chunk_id', conditionOf(filter, await chunks.table.columns())!));
}

function read({ table }: ChunksStore, column: string, where: string): Promise<string[]> {
  return readSteadily([table], async () => {
    const values: string[] = [];
    for await (const rows of table.scan({ columns: [column], where })) {
      for (const value of rows.strings(column)) values.push(value ?? '');
    }
    return values;
  });
}
