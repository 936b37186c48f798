// A filter as a test of the text index's documents, so that words are looked up among those alone.

import { readSteadily } from '../store/lance/read-steadily.ts';
import type { ChunksStore } from '../store/tables/chunks.ts';
import type { LiveSegment } from '../text-index/live-segment.ts';
import { conditionOf, type NarrowFilter, namesOf } from './filter.ts';

/** Whether a document of a segment may be a result. */
export type Accepts = (segment: LiveSegment) => (document: number) => boolean;

/** Null where every document may be. */
export async function acceptedBy(filter: NarrowFilter, chunks: ChunksStore): Promise<Accepts | null> {
  const { languages, except } = filter;
  const files = filter.files?.only.length || filter.files?.not.length ? filter.files : undefined;
  const paths = files && new Set(await read(chunks, 'file_path', conditionOf({ files }, [])!));
  const named = namesOf(filter);
  const ids = named === undefined ? undefined : await read(chunks, 'chunk_id', named);
  if (!languages?.length && !except?.length && paths === undefined && ids === undefined) return null;
  return (live) => {
    const { file, language, languages: names } = live.segment.columns();
    const isWanted = live.segment.files().map(({ path }) => (paths?.has(path) ?? true) && !except?.includes(path));
    const isSpoken = names.map((name) => !languages?.length || languages.includes(name));
    const documents = ids && new Set(ids.map((id) => live.find(id)));
    return (document) =>
      isWanted[file[document]!]! && isSpoken[language[document]!]! && (documents?.has(document) ?? true);
  };
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
