// `outline`: definitions of a file or folder, in as much detail as the budget holds.
import type * as v from 'valibot';
import type { OutlineAnswer, OutlinedFile } from '../../index.ts';
import type { outlineInput } from '../inputs.ts';
import { ofState } from '../next-steps.ts';
import { placeIn, projectFor } from '../places.ts';
import { tokensOfAnswer } from '../tokens.ts';
import { type Answer, type Call, doubtOf, nextSteps } from './answer.ts';

export async function outline(call: Call, input: v.InferOutput<typeof outlineInput>): Promise<Answer> {
  const config = projectFor(call.places, input.project, false);
  const path = placeIn(config.root, input.path);
  const { sessions, library } = call.engine;
  const found = await sessions.reading(config, (index) => library.outline(index, path));
  return fitOutline(config.root, found, input.max_tokens);
}

/** From most to least; the first that fits is taken. */
const LEVELS = [
  { depth: Number.POSITIVE_INFINITY, signatures: true },
  { depth: Number.POSITIVE_INFINITY, signatures: false },
  { depth: 1, signatures: false },
  { depth: 0, signatures: false },
] as const;

type Level = (typeof LEVELS)[number];

function fitOutline(root: string, found: OutlineAnswer, maxTokens: number): Answer {
  // What is far above the budget need not be written out to be known not to fit.
  const rough = (level: Level) => found.files.reduce((sum, file) => sum + 20 + 12 * shownOf(file, level).length, 0);
  for (const level of LEVELS) {
    if (rough(level) > maxTokens * 3) continue;
    const answer = build(root, found, maxTokens, { files: found.files.map((file) => detailed(file, level)) });
    if (tokensOfAnswer(answer) <= maxTokens) return answer;
  }
  if (!found.is_folder) {
    const file = detailed(found.files[0]!, LEVELS[3]);
    const cut = largestPrefix(file.definitions, (definitions) =>
      build(root, found, maxTokens, { files: [{ ...file, definitions }] }),
    );
    return cut(maxTokens);
  }
  const counted = found.files.map(({ file_path, language, definitions }) => ({
    file_path,
    language,
    definitions: definitions.length,
  }));
  const files = build(root, found, maxTokens, { files: counted });
  if (tokensOfAnswer(files) <= maxTokens) return files;
  return largestPrefix(foldersOf(found), (folders) => build(root, found, maxTokens, { folders }))(maxTokens);
}

/** As many of the first items as fit. */
function largestPrefix<T>(items: readonly T[], make: (items: readonly T[]) => Answer) {
  return (maxTokens: number): Answer => {
    let [low, high] = [0, items.length + 1];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (tokensOfAnswer(make(items.slice(0, middle))) <= maxTokens) low = middle;
      else high = middle;
    }
    return make(items.slice(0, low));
  };
}

interface FileOutline {
  readonly file_path: string;
  readonly language: string;
  readonly definitions: readonly DefinitionOutline[] | number;
}

interface DefinitionOutline {
  readonly chunk_id: string;
  readonly chunk_type: string;
  readonly name: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly depth: number;
  readonly signature?: string;
}

interface FolderOutline {
  readonly folder: string;
  readonly files: number;
  readonly definitions: number;
}

function shownOf({ definitions }: OutlinedFile, { depth }: Level) {
  return definitions.filter((each) => each.depth <= depth);
}

function detailed(file: OutlinedFile, level: Level) {
  return {
    file_path: file.file_path,
    language: file.language,
    definitions: shownOf(file, level).map(
      ({ chunk_id, chunk_type, name, start_line, end_line, depth, signature }): DefinitionOutline => ({
        chunk_id,
        chunk_type,
        name,
        start_line,
        end_line,
        depth,
        ...(level.signatures && signature !== '' ? { signature } : {}),
      }),
    ),
  };
}

/** Folders right below the one that was asked for, and the files beside them as `.`. */
function foldersOf({ path, files }: OutlineAnswer): FolderOutline[] {
  const folders = new Map<string, { files: number; definitions: number }>();
  for (const { file_path, definitions } of files) {
    const below = path === '' ? file_path : file_path.slice(path.length + 1);
    const slash = below.indexOf('/');
    const step = slash === -1 ? '.' : below.slice(0, slash);
    const folder = step === '.' ? path || '.' : path === '' ? step : `${path}/${step}`;
    const known = folders.get(folder) ?? { files: 0, definitions: 0 };
    folders.set(folder, known);
    known.files++;
    known.definitions += definitions.length;
  }
  return [...folders].map(([folder, counts]) => ({ folder, ...counts })).sort((a, b) => b.definitions - a.definitions);
}

type Part = { readonly files: readonly FileOutline[] } | { readonly folders: readonly FolderOutline[] };

function build(root: string, found: OutlineAnswer, maxTokens: number, part: Part): Answer {
  const { path, is_folder, stale, index } = found;
  const all = found.files.reduce((sum, { definitions }) => sum + definitions.length, 0);
  const shown =
    'files' in part
      ? part.files.reduce((sum, { definitions }) => sum + (typeof definitions === 'number' ? 0 : definitions.length), 0)
      : 0;
  const next = [
    ...(shown < all
      ? [`${all - shown} of ${all} definitions are not listed: name a file or folder, or raise max_tokens`]
      : []),
    ...(stale === true || stale === 'gone'
      ? ['the file has changed since it was indexed: lines may have moved; index brings the index up to date']
      : []),
    ...ofState(index),
  ];
  const json = {
    schema: 1,
    root,
    index,
    path,
    is_folder,
    ...(stale === null ? {} : { stale }),
    ...part,
    budget: { max_tokens: maxTokens, left_out: all - shown },
    next,
  };
  const doubt = doubtOf(stale, true);
  const lines = 'files' in part ? part.files.map(fileAsText) : part.folders.map(folderAsText);
  return { json, text: [...(doubt === '' ? [] : [doubt]), ...lines, ...nextSteps(next)].join('\n') };
}

function fileAsText({ file_path, definitions }: FileOutline): string {
  if (typeof definitions === 'number') return `${file_path}  ${definitions} definitions`;
  const lines = definitions.map(({ depth, start_line, end_line, chunk_type, name, signature, chunk_id }) => {
    const what = signature === undefined ? `${chunk_type} ${name}` : signature.replaceAll(/\s+/g, ' ');
    return `${'  '.repeat(depth + 1)}${start_line}-${end_line}  ${what}  ${chunk_id}`;
  });
  return [file_path, ...lines].join('\n');
}

function folderAsText({ folder, files, definitions }: FolderOutline): string {
  return `${folder}/  ${files} files, ${definitions} definitions`;
}
