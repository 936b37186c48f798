// `read_chunk`: one definition with where it stands, as much of both as the budget holds.
import type * as v from 'valibot';
import { IndexerError } from '../../core/errors.ts';
import type { ChunkAddress, ChunkAnswer, ChunkReference } from '../../index.ts';
import type { readChunkInput } from '../inputs.ts';
import { ofState } from '../next-steps.ts';
import { placeIn, projectFor } from '../places.ts';
import { tokensOfAnswer } from '../tokens.ts';
import { type Answer, type Call, doubtOf, fenced, nextSteps } from './answer.ts';
import { parseLocation } from './location.ts';

export async function readChunk(call: Call, input: v.InferOutput<typeof readChunkInput>): Promise<Answer> {
  const config = projectFor(call.places, input.project, false);
  const address = addressOf(input, config.root);
  const { sessions, library } = call.engine;
  const found = await sessions.reading(config, (index) => library.readChunk(index, address));
  return fitChunk(config.root, found, input.max_tokens);
}

function addressOf({ chunk_id, location }: v.InferOutput<typeof readChunkInput>, root: string): ChunkAddress {
  if ((chunk_id === undefined) === (location === undefined)) {
    throw new IndexerError('USAGE', 'read_chunk takes a chunk_id or a location, one of them', {
      hint: 'leave one out',
    });
  }
  if (chunk_id !== undefined) return { chunkId: chunk_id };
  const { file, line } = parseLocation(location ?? '');
  const path = placeIn(root, file);
  if (line === null || line < 1) {
    throw new IndexerError('USAGE', `the location ${location} names no line`, {
      hint: 'write it as file:line; outline shows what is in a file',
    });
  }
  return { file: path, line };
}

/** How many references of each kind are shown. */
interface Shown {
  readonly lines: number;
  readonly references: number;
}

/** The text first, then as many references as there is room for. */
function fitChunk(root: string, found: ChunkAnswer, maxTokens: number): Answer {
  const all = found.chunk.content.split('\n').length;
  const most = Math.max(found.children.length, found.siblings.length, 1);
  const build = (shown: Shown) => buildAnswer(root, found, shown, maxTokens);
  const fits = (shown: Shown) => tokensOfAnswer(build(shown)) <= maxTokens;
  const lines = largest(all, (each) => fits({ lines: each, references: 0 }));
  return build({ lines, references: largest(most, (each) => fits({ lines, references: each })) });
}

/** The largest number up to `most` that fits, by halving; 0 where none does. */
function largest(most: number, fits: (value: number) => boolean): number {
  if (fits(most)) return most;
  let [low, high] = [0, most];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function buildAnswer(root: string, found: ChunkAnswer, { lines, references }: Shown, maxTokens: number): Answer {
  const { chunk, index, parent, children, siblings, before, after } = found;
  const all = chunk.content.split('\n');
  const content = all.slice(0, lines).join('\n');
  const isCut = lines < all.length;
  const around = references === 0 ? {} : { parent, before, after };
  const list = (of: readonly ChunkReference[]) => of.slice(0, references).map(shortReference);
  const left = {
    children: children.length - Math.min(references, children.length),
    siblings: siblings.length - Math.min(references, siblings.length),
  };
  const next = [
    ...(isCut
      ? [
          `${all.length - lines} more lines: raise max_tokens, or read ${chunk.file_path} from line ${chunk.start_line + lines}`,
        ]
      : []),
    ...(left.children + left.siblings > 0 ? [`outline of ${chunk.file_path} shows all definitions of the file`] : []),
    ...(chunk.stale === true || chunk.stale === 'gone'
      ? ['the file has changed since it was indexed: index brings the index up to date']
      : []),
    ...ofState(index),
  ];
  const json = {
    schema: found.schema,
    root,
    index,
    chunk: { ...chunk, content, ...(isCut ? { content_cut: true } : {}) },
    ...Object.fromEntries(
      Object.entries(around).map(([name, each]) => [name, each === null ? null : shortReference(each)]),
    ),
    children: list(children),
    siblings: list(siblings),
    budget: { max_tokens: maxTokens, left_out: left },
    next,
  };
  const doubt = doubtOf(chunk.stale, chunk.text_found);
  const title = [chunk.location, chunk.chunk_type, chunk.breadcrumb, `chunk_id ${chunk.chunk_id}`];
  const named = (name: string, each: ChunkReference | null) =>
    each === null ? [] : [`${name}: ${referenceText(each)}`];
  const listed = (name: string, of: readonly ChunkReference[]) =>
    of.length === 0 || references === 0
      ? []
      : [[`${name}:`, ...of.slice(0, references).map((each) => `  ${referenceText(each)}`)].join('\n')];
  const blocks = [
    title.filter(Boolean).join('  '),
    ...(doubt === '' ? [] : [doubt]),
    fenced(content, chunk.language),
    ...(references === 0 ? [] : [...named('parent', parent), ...named('before', before), ...named('after', after)]),
    ...listed('contains', children),
    ...listed('beside it', siblings),
    ...nextSteps(next),
  ];
  return { json, text: blocks.join('\n') };
}

function shortReference({ chunk_id, location, chunk_type, breadcrumb, signature }: ChunkReference) {
  return { chunk_id, location, chunk_type, breadcrumb, ...(signature === '' ? {} : { signature }) };
}

function referenceText({ location, chunk_type, breadcrumb, chunk_id }: ChunkReference): string {
  return [location, chunk_type, breadcrumb, `chunk_id ${chunk_id}`].filter(Boolean).join('  ');
}
