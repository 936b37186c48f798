// A filter as it was typed → a filter that matches something, or an error that says why it cannot. A question that can
// have no answer is a mistaken one, and an empty answer would pass it off as a fact about the code.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CLASS_KINDS, FUNCTION_KINDS } from '../core/chunk.ts';
import { IndexerError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { readSteadily } from '../store/lance/read-steadily.ts';
import type { TableHandle } from '../store/lance/table.ts';
import type { ChunksStore } from '../store/tables/chunks.ts';
import { type ChunkDetails, readDetails } from '../store/tables/details.ts';
import { isIn } from '../store/tables/sql.ts';
import type { VectorsStore } from '../store/tables/vectors.ts';
import { conditionOf, type NarrowFilter, type SearchFilter } from './filter.ts';
import { type FileChoice, findPath, matchFiles, nearestPath } from './match-files.ts';
import type { Standing } from './spellings.ts';

/** How one value of `--language` was understood. Keys as they are printed. */
export interface LanguageChoice {
  readonly typed: string;
  /** As it is stored; null if no indexed file is in it. */
  readonly language: string | null;
  /** A language of the index that may have been meant. */
  readonly nearest: string | null;
}

/** What a search was narrowed to. Keys as they are printed; null where nothing was asked for. */
export interface AppliedFilters {
  readonly files: readonly FileChoice[] | null;
  readonly languages: readonly LanguageChoice[] | null;
  readonly function: string | null;
  readonly class: string | null;
}

export interface Narrowed {
  readonly filter: NarrowFilter;
  readonly applied: AppliedFilters;
}

export interface NarrowContext extends Standing {
  readonly chunks: ChunksStore;
  readonly vectors: VectorsStore | null;
  /** The id of a language by another name of it, such as its extension. */
  readonly languageCalled: (name: string) => string | undefined;
}

/**
 * Errors: NOTHING_MATCHES if no chunk of the index, embedded or not, can match. Of several values of one filter, those
 * that match nothing are told in `applied`, as long as another one does.
 */
export async function narrow(ctx: NarrowContext, asked: SearchFilter): Promise<Narrowed> {
  const known = asked.files || asked.languages ? await readKnown(ctx.chunks.table) : { paths: [], languages: [] };
  const files = asked.files ? matchFiles(asked.files, known.paths, ctx) : [];
  const languages = (asked.languages ?? []).map((name) => matchLanguage(name, known.languages, ctx.languageCalled));
  refuseUnknownFiles(
    files.map(({ choice }) => choice),
    ctx,
  );
  refuseUnknownLanguages(languages, known.languages);

  const regexes = (excludes: boolean) =>
    files.filter(({ choice }) => choice.excludes === excludes).flatMap((m) => m.regexes);
  const filter: NarrowFilter = {
    ...asked,
    files: asked.files && { only: regexes(false), not: regexes(true) },
    languages: asked.languages && languages.flatMap(({ language }) => language ?? []),
  };
  await refuseUnknownName(ctx, 'function', asked.functionName, [...FUNCTION_KINDS], {
    functionName: asked.functionName,
  });
  await refuseUnknownName(ctx, 'class', asked.className, [...CLASS_KINDS], { className: asked.className });
  if (!(await matchesAny(ctx, filter))) {
    throw nothing('each filter matches something, but no chunk matches all of them', 'leave one of them out');
  }
  return {
    filter,
    applied: {
      files: asked.files ? files.map(({ choice }) => choice) : null,
      languages: asked.languages ? languages : null,
      function: asked.functionName ?? null,
      class: asked.className ?? null,
    },
  };
}

/** The indexed path that a typed one means. Errors: USAGE if there is none; NOTHING_MATCHES if it is not embedded yet. */
export async function findSimilarFile(
  { chunks, vectors, ...standing }: Standing & Pick<NarrowContext, 'chunks' | 'vectors'>,
  typed: string,
): Promise<string> {
  const { paths } = await readKnown(chunks.table);
  const path = findPath(typed, paths, standing);
  if (path === null) {
    const meant = nearestPath(typed, paths);
    throw new IndexerError('USAGE', `no chunk of ${typed} is in the index`, {
      hint: `${meant === null ? '' : `did you mean ${meant}? `}give the path of an indexed file, relative to the project or the current folder`,
    });
  }
  const isEmbedded = vectors !== null && (await vectors.table.count(isIn('file_path', [path]))) > 0;
  if (!isEmbedded) throw nothing(`the chunks of ${path} are not embedded yet`, 'embed them first with: tandem resume');
  return path;
}

/** Errors: NOTHING_MATCHES if no such chunk is in the index, or if it is not embedded yet. */
export async function findSimilarChunk(
  { chunks, vectors }: Pick<NarrowContext, 'chunks' | 'vectors'>,
  chunkId: string,
): Promise<{ readonly file: string; readonly chunk: ChunkDetails }> {
  const chunk = (await readDetails(chunks.table, [chunkId])).get(chunkId);
  if (chunk === undefined) {
    throw nothing(`no chunk ${chunkId} is in the index`, 'its file may have been indexed again since; search for it');
  }
  const isEmbedded = vectors !== null && (await vectors.table.count(isIn('chunk_id', [chunkId]))) > 0;
  if (!isEmbedded) throw nothing(`the chunk ${chunkId} is not embedded yet`, 'embed it first with: `tandem resume`');
  return { file: chunk.filePath, chunk };
}

interface Known {
  readonly paths: readonly string[];
  readonly languages: readonly string[];
}

/** What the chunks are of, whether or not they are embedded. */
async function readKnown(table: TableHandle): Promise<Known> {
  const read = async () => {
    const paths = new Set<string>();
    const languages = new Set<string>();
    for await (const rows of table.scan({ columns: ['file_path', 'language'] })) {
      for (const path of rows.strings('file_path')) paths.add(path ?? '');
      for (const language of rows.strings('language')) languages.add(language ?? '');
    }
    return { paths: [...paths].sort(), languages: [...languages].sort() };
  };
  return readSteadily([table], read);
}

function matchLanguage(
  typed: string,
  known: readonly string[],
  languageCalled: NarrowContext['languageCalled'],
): LanguageChoice {
  const lower = typed.toLowerCase();
  const isKnown = (language: string | undefined) => language !== undefined && known.includes(language);
  const language =
    [typed, known.find((each) => each.toLowerCase() === lower), languageCalled(lower)].find(isKnown) ?? null;
  return { typed, language, nearest: language === null ? (nearest(typed, known) ?? null) : null };
}

function refuseUnknownFiles(choices: readonly FileChoice[], { root, from }: Standing): void {
  const wanted = choices.filter((choice) => !choice.excludes);
  if (wanted.length === 0 || wanted.some((choice) => choice.taken_as !== null)) return;
  const names = wanted.map(({ typed }) => JSON.stringify(typed)).join(', ');
  const present = wanted.find(({ typed }) => existsSync(resolve(from, typed)) || existsSync(resolve(root, typed)));
  const meant = wanted.find((choice) => choice.nearest !== null)?.nearest;
  const hint =
    present !== undefined
      ? `${present.typed} is there, but nothing of it is in the index: tandem index --explain ${present.typed} says why`
      : meant
        ? `did you mean ${meant}?`
        : 'give a path as a result shows it, a folder or a glob; tandem index --dry-run -v lists the files of the project';
  throw nothing(`no indexed file matches ${names}`, hint);
}

function refuseUnknownLanguages(choices: readonly LanguageChoice[], known: readonly string[]): void {
  if (choices.length === 0 || choices.some(({ language }) => language !== null)) return;
  const names = choices.map(({ typed }) => JSON.stringify(typed)).join(', ');
  const meant = choices.find((choice) => choice.nearest !== null)?.nearest;
  const list = known.length === 0 ? 'the index has no chunk yet' : `the index has: ${known.join(', ')}`;
  throw nothing(`no indexed file is in ${names}`, meant ? `did you mean ${meant}? ${list}` : list);
}

async function refuseUnknownName(
  ctx: NarrowContext,
  what: 'function' | 'class',
  name: string | undefined,
  kinds: readonly string[],
  filter: NarrowFilter,
): Promise<void> {
  if (name === undefined || (await matchesAny(ctx, filter))) return;
  const { table } = ctx.chunks;
  const names = await readSteadily([table], async () => {
    const found = new Set<string>();
    for await (const rows of table.scan({ columns: ['name'], where: isIn('chunk_type', kinds) })) {
      for (const each of rows.strings('name')) if (each) found.add(each);
    }
    return found;
  });
  const meant = nearest(name, names);
  const hint = meant === undefined ? 'names are compared whole, with their case' : `did you mean ${meant}?`;
  throw nothing(`no ${what} in the index is named ${JSON.stringify(name)}`, hint);
}

/** Chunks that are not embedded count too: that they cannot be found yet is another matter. */
async function matchesAny({ vectors, chunks }: NarrowContext, filter: NarrowFilter): Promise<boolean> {
  for (const table of [vectors?.table, chunks.table]) {
    if (table === undefined) continue;
    const where = conditionOf(filter, await table.columns());
    if (where === undefined || (await readSteadily([table], () => table.count(where))) > 0) return true;
  }
  return false;
}

function nothing(message: string, hint: string): IndexerError {
  return new IndexerError('NOTHING_MATCHES', message, { hint });
}
