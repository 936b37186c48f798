// `search` and `similar`: hits within a token budget.
import type * as v from 'valibot';
import { IndexerError } from '../../core/errors.ts';
import type { ChangesSince, Config, SearchAnswer, SearchRequest } from '../../index.ts';
import { type Fitted, fitHits, type ShownHit } from '../fit.ts';
import type { searchInput, similarInput } from '../inputs.ts';
import { mergeOverlapping } from '../merge.ts';
import { afterSearch } from '../next-steps.ts';
import { placeIn, projectFor, refuseOutside } from '../places.ts';
import { tokensOf, tokensOfAnswer } from '../tokens.ts';
import { type Answer, type Call, doubtOf, fenced, nextSteps } from './answer.ts';
import { parseLocation } from './location.ts';

export async function search(call: Call, input: v.InferOutput<typeof searchInput>): Promise<Answer> {
  const config = projectFor(call.places, input.project, false);
  refuseOutside(config.root, input.files ?? []);
  const { query, limit, languages, files, threshold, mode } = input;
  const request: SearchRequest = {
    limit,
    languages,
    files,
    threshold,
    mode,
    functionName: input.function,
    className: input.class,
    from: config.root,
    signal: call.signal,
  };
  return answerWith(call, config, query, request, input.max_tokens);
}

export async function similar(call: Call, input: v.InferOutput<typeof similarInput>): Promise<Answer> {
  const config = projectFor(call.places, input.project, false);
  refuseOutside(config.root, input.files ?? []);
  const { limit, languages, files, threshold, chunk_id, file } = input;
  if ((chunk_id === undefined) === (file === undefined)) {
    throw new IndexerError('USAGE', 'similar takes a chunk_id or a file, one of them', { hint: 'leave one out' });
  }
  const place = file === undefined ? null : parseLocation(file);
  const path = place === null ? null : placeIn(config.root, place.file);
  const line = place?.line ?? null;
  const found =
    path !== null && line !== null
      ? (
          await call.engine.sessions.reading(config, (index) =>
            call.engine.library.readChunk(index, { file: path, line }),
          )
        ).chunk.chunk_id
      : chunk_id;
  const request: SearchRequest = {
    limit,
    languages,
    files,
    threshold,
    from: config.root,
    signal: call.signal,
    ...(found === undefined ? { similarTo: path ?? '' } : { similarToChunk: found }),
  };
  return answerWith(call, config, '', request, input.max_tokens);
}

async function answerWith(
  { engine, signal }: Call,
  config: Config,
  query: string,
  request: SearchRequest,
  maxTokens: number,
): Promise<Answer> {
  const answer = await engine.sessions.reading(config, (index) => engine.library.search(index, query, request));
  signal.throwIfAborted();
  const changes = await engine.changes.of(config);
  const merged = mergeOverlapping(answer.hits);
  const build = (fitted: Fitted) => buildAnswer(config, query, { ...answer, hits: merged }, fitted, changes, maxTokens);
  return build(fitHits(merged, maxTokens, (fitted) => tokensOfAnswer(build(fitted))));
}

function buildAnswer(
  config: Config,
  query: string,
  answer: SearchAnswer,
  fitted: Fitted,
  changes: ChangesSince | null,
  maxTokens: number,
): Answer {
  const { schema, index, how, filters, similar_to } = answer;
  const next = afterSearch(answer, fitted, changes);
  const { hits, shortened, left_out } = fitted;
  const json = {
    schema,
    root: config.root,
    index: { ...index, changes },
    how,
    ...(Object.values(filters).some((each) => each !== null) ? { filters } : {}),
    ...(similar_to === null ? {} : { similar_to }),
    hits,
    budget: { max_tokens: maxTokens, shortened, left_out },
    next,
  };
  const of = similar_to === null ? `for ${shorten(query)}` : `like ${similar_to.chunk_id ?? similar_to.file_path}`;
  const title = `${hits.length} ${hits.length === 1 ? 'hit' : 'hits'} ${of} in ${config.root}`;
  return { json, text: [title, ...hits.map(hitAsText), ...nextSteps(next)].join('\n\n') };
}

function hitAsText(hit: ShownHit): string {
  const kind = [hit.chunk_type, hit.breadcrumb].filter(Boolean).join(' ');
  const doubt = doubtOf(hit.stale, hit.text_found);
  const head = `${hit.rank}. ${hit.location}  ${kind}  ${hit.similarity_score?.toFixed(2)}  chunk_id ${hit.chunk_id}`;
  return [
    head,
    ...(hit.also === undefined ? [] : [`also: ${hit.also.join(', ')}`]),
    ...(doubt === '' ? [] : [doubt]),
    ...(hit.content === undefined ? (hit.signature ? [hit.signature] : []) : [fenced(hit.content, hit.language ?? '')]),
    ...(hit.content !== undefined && hit.content_cut ? ['(cut)'] : []),
  ].join('\n');
}

const SHOWN_QUERY = 100;

/** A query may be a whole error message; what was asked is known to who asked. */
function shorten(query: string): string {
  const line = query.replaceAll(/\s+/g, ' ');
  const shown = line.length <= SHOWN_QUERY ? line : `${line.slice(0, SHOWN_QUERY)}…`;
  return tokensOf(shown) === 0 ? '' : JSON.stringify(shown);
}
