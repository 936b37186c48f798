// Answers one request: read, hash, and parse only if the bytes are not those already known. Runs in a worker, and
// needs none.
import { createHash } from 'node:crypto';
import { readSource } from '../../discover/read-source.ts';
import type { LanguageRegistry } from '../../languages/registry.ts';
import { parseAsLines } from '../chunk/fallback.ts';
import { parseFile } from '../parse-file.ts';
import type { Syntax } from '../syntax/syntax.ts';
import type { Job } from './threads.ts';
import type { ParseOutcome, ParseRequest } from './types.ts';

export interface RequestContext {
  /** The root's real path. */
  readonly realRoot: string;
  readonly maxFileBytes: number;
  readonly allowSecrets: boolean;
  /** Of the same languages as `syntax`. */
  readonly languages: LanguageRegistry;
  /** Opened at the first file that needs parsing: a worker that only cuts lines does without. */
  readonly syntax: () => Promise<Syntax>;
}

/** Throws what opening the grammars throws, and whatever escapes the parser: it cannot be trusted after that. */
export async function answerRequest(request: ParseRequest, job: Job, context: RequestContext): Promise<ParseOutcome> {
  const { path } = request;
  const source = readSource(context.realRoot, path, context.maxFileBytes);
  if (source.kind === 'vanished') return { kind: 'vanished', path };
  const { stamp } = source;
  if (source.kind !== 'read') {
    const ending =
      source.kind === 'failed'
        ? ({ status: 'unfinished', reason: source.reason } as const)
        : ({ status: 'skipped', reason: 'too large' } as const);
    return { kind: 'parsed', file: { path, stamp, sha256: '', ...ending, chunks: [] } };
  }
  const sha256 = createHash('sha256').update(source.bytes).digest('hex');
  if (sha256 === request.knownSha256) return { kind: 'unchanged', path, stamp, sha256 };
  const { maxFileBytes, allowSecrets } = context;
  const options = { maxFileBytes, allowSecrets };
  const parsed =
    job.mode === 'fallback'
      ? parseAsLines(path, source.bytes, job.reason, options, context.languages)
      : await parseFile(path, source.bytes, await context.syntax(), options);
  return { kind: 'parsed', file: { path, stamp, sha256, ...parsed } };
}
