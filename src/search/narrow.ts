// A filter as it was typed → a filter that matches something, or an error that says why it cannot. A question that can
// have no answer is a mistaken one, and an empty answer would pass it off as a fact about the code.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CLASS_KINDS, FUNCTION_KINDS } from '../core/chunk.ts';
import { IndexerError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { ChangedFiles } from '../discover/changed-files.ts';
import { readSteadily } from '../store/lance/read-steadily.ts';
import type { TableHandle } from '../store/lance/table.ts';
import type { ChunksStore } from '../store/tables/chunks.ts';
import { type ChunkDetails, readDetails } from '../store/tables/details.ts';
import { isIn } from '../store/tables/sql.ts';
import type { VectorsStore } from '../store/tables/vectors.ts';
import { boundsComplexity, conditionOf, type NarrowFilter, type SearchFilter } from './filter.ts';
import { type FileChoice, findPath, matchFiles, nearestPath } from './match-files.ts';
import { type KindChoice, type LanguageChoice, matchKind, matchLanguage, refuseUnknown } from './match-kinds.ts';
import type { Standing } from './spellings.ts';

/** What a search was narrowed to. Keys as they are printed; null where nothing was asked for. */
export interface AppliedFilters {
  readonly files: readonly FileChoice[] | null;
  readonly languages: readonly LanguageChoice[] | null;
  readonly function: string | null;
  readonly class: string | null;
  readonly kinds: readonly KindChoice[] | null;
  readonly symbol: string | null;
  readonly complexity: { readonly least: number | null; readonly most: number | null } | null;
  readonly tests: 'only' | 'none' | null;
  /** The commit that the revision names, and how many indexed files differ from it. */
  readonly changed_since: {
    readonly typed: string;
    readonly commit: string;
    readonly matched_files: number;
  } | null;
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
  /** Files that differ from a revision. Errors: USAGE. */
  readonly changedFiles: (revision: string) => Promise<ChangedFiles>;
}

/**
 * Errors: NOTHING_MATCHES if no chunk of the index, embedded or not, can match; USAGE for a revision that git does not
 * know. Of several values of one filter, those that match nothing are told in `applied`, as long as another one does.
 */
export async function narrow(ctx: NarrowContext, asked: SearchFilter): Promise<Narrowed> {
  const { changedSince, ...filters } = asked;
  const needsKnown = asked.files || asked.languages || asked.kinds || changedSince !== undefined;
  const known = needsKnown ? await readKnown(ctx.chunks.table) : { paths: [], languages: [], kinds: [] };
  const files = asked.files ? matchFiles(asked.files, known.paths, ctx) : [];
  const languages = (asked.languages ?? []).map((name) => matchLanguage(name, known.languages, ctx.languageCalled));
  const kinds = (asked.kinds ?? []).map((name) => matchKind(name, known.kinds));
  const choices = files.map(({ choice }) => choice);
  refuseUnknownFiles(choices, ctx);
  const inLanguages = languages.map((choice) => ({ ...choice, found: choice.language }));
  refuseUnknown(inLanguages, known.languages, 'no indexed file is in');
  const ofKinds = kinds.map((choice) => ({ ...choice, found: choice.kind }));
  refuseUnknown(ofKinds, known.kinds, 'nothing in the index is of the kind');
  const changed = changedSince === undefined ? null : await findChanged(ctx, changedSince, known.paths);

  const regexes = (excludes: boolean) =>
    files.filter(({ choice }) => choice.excludes === excludes).flatMap((m) => m.regexes);
  const filter: NarrowFilter = {
    ...filters,
    files: asked.files && { only: regexes(false), not: regexes(true) },
    languages: asked.languages && languages.flatMap(({ language }) => language ?? []),
    kinds: asked.kinds && kinds.flatMap(({ kind }) => kind ?? []),
    paths: changed?.paths,
  };
  await refuseUnknownNames(ctx, asked);
  if (!(await matchesAny(ctx, filter))) {
    const isAlone =
      Object.values(asked).filter((value) => value !== undefined).length === 1 && asked.files === undefined;
    throw isAlone
      ? nothing('no chunk matches the filter', 'widen it or leave it out')
      : nothing('each filter matches something, but no chunk matches all of them', 'leave one of them out');
  }
  const applied: AppliedFilters = {
    files: asked.files ? choices : null,
    languages: asked.languages ? languages : null,
    function: asked.functionName ?? null,
    class: asked.className ?? null,
    kinds: asked.kinds ? kinds : null,
    symbol: asked.symbol ?? null,
    complexity: boundsComplexity(filter)
      ? { least: asked.minComplexity ?? null, most: asked.maxComplexity ?? null }
      : null,
    tests: asked.tests ?? null,
    changed_since: changed && {
      typed: changedSince ?? '',
      commit: changed.commit,
      matched_files: changed.paths.length,
    },
  };
  return { filter, applied };
}

/** Of the files that differ from a revision, those that are indexed. */
async function findChanged(
  { changedFiles }: NarrowContext,
  revision: string,
  known: readonly string[],
): Promise<ChangedFiles> {
  const { commit, paths } = await changedFiles(revision);
  const changed = new Set(paths);
  const indexed = known.filter((path) => changed.has(path));
  if (indexed.length > 0) return { commit, paths: indexed };
  const hint =
    paths.length === 0
      ? 'give an earlier revision'
      : 'new files are found once they are indexed; bring the index up to date with: tandem index';
  throw nothing(`no indexed file differs from ${revision} (${commit.slice(0, 12)})`, hint);
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
  readonly kinds: readonly string[];
}

/** What the chunks are of, whether or not they are embedded. */
async function readKnown(table: TableHandle): Promise<Known> {
  const read = async () => {
    const paths = new Set<string>();
    const languages = new Set<string>();
    const kinds = new Set<string>();
    for await (const rows of table.scan({ columns: ['file_path', 'language', 'chunk_type'] })) {
      for (const kind of rows.strings('chunk_type')) kinds.add(kind ?? '');
      for (const path of rows.strings('file_path')) paths.add(path ?? '');
      for (const language of rows.strings('language')) languages.add(language ?? '');
    }
    return { paths: [...paths].sort(), languages: [...languages].sort(), kinds: [...kinds].sort() };
  };
  return readSteadily([table], read);
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

async function refuseUnknownNames(
  ctx: NarrowContext,
  { functionName, className, symbol }: SearchFilter,
): Promise<void> {
  await refuseUnknownName(ctx, 'function', functionName, [...FUNCTION_KINDS], { functionName });
  await refuseUnknownName(ctx, 'class', className, [...CLASS_KINDS], { className });
  await refuseUnknownName(ctx, 'definition', symbol, null, { symbol });
}

async function refuseUnknownName(
  ctx: NarrowContext,
  what: 'function' | 'class' | 'definition',
  name: string | undefined,
  kinds: readonly string[] | null,
  filter: NarrowFilter,
): Promise<void> {
  if (name === undefined || (await matchesAny(ctx, filter))) return;
  const { table } = ctx.chunks;
  const names = await readSteadily([table], async () => {
    const found = new Set<string>();
    const where = kinds === null ? {} : { where: isIn('chunk_type', kinds) };
    for await (const rows of table.scan({ columns: ['name'], ...where })) {
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
  for (const table of boundsComplexity(filter) ? [chunks.table] : [vectors?.table, chunks.table]) {
    if (table === undefined) continue;
    const where = conditionOf(filter, await table.columns());
    if (where === undefined || (await readSteadily([table], () => table.count(where))) > 0) return true;
  }
  return false;
}

function nothing(message: string, hint: string): IndexerError {
  return new IndexerError('NOTHING_MATCHES', message, { hint });
}
