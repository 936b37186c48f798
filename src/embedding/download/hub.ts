// The only file that reaches the network: one file of a model's repository → a file on this disk, checked against what
// the hub says of it. Speaks as huggingface.co and its mirrors do: /<org>/<name>/resolve/<revision>/<path>.
import { createHash, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { errnoOf, IndexerError, messageOf } from '../../core/errors.ts';
import { systemFailure } from '../../core/system-errors.ts';

export interface Hub {
  /** `https://huggingface.co`, or a mirror; without a slash at the end. */
  readonly endpoint: string;
  /** How long the hub may take for its first answer. */
  readonly answerMs: number;
}

export interface FileToFetch {
  /** `org/name`. */
  readonly id: string;
  /** A branch or a commit. */
  readonly revision: string;
  /** `/`-separated, below the repository's top. */
  readonly path: string;
  /** A file that is not there yet. */
  readonly into: string;
}

export interface FetchedFile {
  readonly bytes: number;
  /** The commit that the hub took it from; null where it does not say. */
  readonly commit: string | null;
}

/** What a hub says of a file before it sends it; null where it does not. */
interface Promised {
  readonly bytes: number | null;
  readonly sha256: string | null;
  /** Of a small file: as git names its content. */
  readonly blobSha1: string | null;
}

const MOST_REDIRECTS = 5;
/** Between two pieces of an answer, once the hub has shown that it is there. */
const STALLED_MS = 30_000;
const MOST_BYTES = 4 * 1024 ** 3;

/**
 * Writes and flushes the file. Errors: MODEL_MISSING (the hub cannot be reached, does not answer or has no such file),
 * MODEL_DAMAGED (what came is not what the hub promised), DISK_FULL, NOT_WRITABLE, or the signal's reason.
 */
export async function fetchFile(hub: Hub, file: FileToFetch, signal: AbortSignal | undefined): Promise<FetchedFile> {
  const url = `${hub.endpoint}/${file.id}/resolve/${file.revision}/${file.path}`;
  const idleTimeout = newIdleTimeout(signal);
  try {
    const { response, promised, commit } = await request(url, hub, idleTimeout);
    if (response.body === null) throw unreachable(url, 'the answer has no content');
    const bytes = await save(response.body, { ...file, url, promised }, idleTimeout);
    return { bytes, commit };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof IndexerError) throw error;
    throw diskError(file.into, error) ?? unreachable(url, idleTimeout.why ?? reasonOf(error), error);
  } finally {
    idleTimeout.end();
  }
}

/** Follows redirects itself, for it is the hub's own answer that describes the file, not that of a store behind it. */
async function request(url: string, hub: Hub, idleTimeout: IdleTimeout) {
  let at = new URL(url);
  let first: Response | null = null;
  idleTimeout.allow(hub.answerMs, `no answer within ${hub.answerMs} ms`);
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    // Compressed on the way, the length that is told would be another one.
    const headers = { 'accept-encoding': 'identity', 'user-agent': 'tandem' };
    const response = await fetch(at, { redirect: 'manual', headers, signal: idleTimeout.signal });
    idleTimeout.allow(STALLED_MS, `nothing came for ${STALLED_MS / 1000} s`);
    first ??= response;
    const target = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (target === null) {
      if (!response.ok) throw refused(url, response.status);
      return { response, promised: promisedBy(first, response), commit: commitIn(first) };
    }
    await response.body?.cancel();
    const next = new URL(target, at);
    if (at.protocol === 'https:' && next.protocol !== 'https:') throw unreachable(url, `it leads to ${next.origin}`);
    at = next;
  }
  throw unreachable(url, 'too many redirects');
}

function commitIn({ headers }: Response): string | null {
  const named = headers.get('x-repo-commit') ?? '';
  return /^[0-9a-f]{40}$/.test(named) ? named : null;
}

function promisedBy(hub: Response, last: Response): Promised {
  const length = hub.headers.get('x-linked-size') ?? last.headers.get('content-length');
  const tag = (hub.headers.get('x-linked-etag') ?? hub.headers.get('etag') ?? '').replace(/^W\/|"/g, '');
  return {
    bytes: length !== null && /^\d{1,15}$/.test(length) ? Number(length) : null,
    sha256: /^[0-9a-f]{64}$/.test(tag) ? tag : null,
    blobSha1: /^[0-9a-f]{40}$/.test(tag) ? tag : null,
  };
}

type Saved = FileToFetch & { readonly url: string; readonly promised: Promised };

async function save(body: AsyncIterable<Uint8Array>, file: Saved, idleTimeout: IdleTimeout): Promise<number> {
  const { promised, url } = file;
  const hashes = hashesFor(promised);
  let bytes = 0;
  await using handle = await open(file.into, 'wx', 0o600);
  for await (const part of body) {
    idleTimeout.allow(STALLED_MS, `nothing came for ${STALLED_MS / 1000} s`);
    bytes += part.length;
    if (bytes > (promised.bytes ?? MOST_BYTES))
      throw damaged(url, `more than ${promised.bytes ?? MOST_BYTES} bytes came`);
    for (const { hash } of hashes) hash.update(part);
    await handle.writeFile(part);
  }
  if (promised.bytes !== null && bytes !== promised.bytes)
    throw damaged(url, `${bytes} bytes came where ${promised.bytes} were promised`);
  for (const { name, hash, expected } of hashes) {
    const found = hash.digest('hex');
    if (found !== expected) throw damaged(url, `what came has ${name} ${found} where ${expected} was promised`);
  }
  await handle.sync();
  return bytes;
}

function hashesFor({ bytes, sha256, blobSha1 }: Promised): { name: string; hash: Hash; expected: string }[] {
  if (sha256 !== null) return [{ name: 'SHA-256', hash: createHash('sha256'), expected: sha256 }];
  if (blobSha1 === null || bytes === null) return [];
  return [{ name: 'git hash', hash: createHash('sha1').update(`blob ${bytes}\0`), expected: blobSha1 }];
}

/** A time limit that is set anew with every sign of life, joined with the caller's signal. */
interface IdleTimeout {
  readonly signal: AbortSignal;
  /** Set once the time is up. */
  readonly why: string | null;
  allow(ms: number, why: string): void;
  end(): void;
}

function newIdleTimeout(signal: AbortSignal | undefined): IdleTimeout {
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const idleTimeout = {
    signal: signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]),
    why: null as string | null,
    allow(ms: number, why: string) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        idleTimeout.why = why;
        limit.abort();
      }, ms);
    },
    end: () => clearTimeout(timer),
  };
  return idleTimeout;
}

/** `fetch failed` says nothing; what is behind it does. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const behind = cause instanceof AggregateError ? cause.errors[0] : cause;
  return messageOf(behind ?? error);
}

/** What a user can do something about; null for any other error. */
export function diskError(path: string, error: unknown): IndexerError | null {
  const errno = errnoOf(error);
  const isInTheWay = errno === 'ENOTDIR' || errno === 'EEXIST';
  const code = systemFailure(errno, path, error)?.code ?? (isInTheWay ? 'NOT_WRITABLE' : null);
  if (code === null) return null;
  const remedy = code === 'DISK_FULL' ? 'free some space' : 'check its owner, its mode and the disk';
  const hint = `${remedy}, or put the cache elsewhere with TANDEM_CACHE_DIR`;
  return new IndexerError(code, `${path} cannot be written: ${messageOf(error)}`, { hint, cause: error });
}

function unreachable(url: string, why: string, cause?: unknown): IndexerError {
  return new IndexerError('MODEL_MISSING', `the model cannot be downloaded: ${url}: ${why}`, {
    hint: 'check the network (HF_ENDPOINT names a mirror, HF_HUB_ETAG_TIMEOUT the seconds to wait for it), or put the model folder there by hand',
    cause,
  });
}

function refused(url: string, status: number): IndexerError {
  const why = status === 401 || status === 403 ? 'access denied (gated model)' : 'the hub does not have it';
  return new IndexerError('MODEL_MISSING', `the model cannot be downloaded: ${url}: status ${status}`, {
    hint: status < 500 ? `${why}; check the name, or put the model folder there by hand` : 'try again later',
  });
}

function damaged(url: string, what: string): IndexerError {
  return new IndexerError('MODEL_DAMAGED', `the download of ${url} is not whole: ${what}`, {
    hint: 'nothing of it was kept; try again',
  });
}
