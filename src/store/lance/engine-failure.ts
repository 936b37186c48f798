// The engine's errors carry no codes: the operating system's number is read out of the text.
import { getSystemErrorName } from 'node:util';
import { Worker } from 'node:worker_threads';
import { IndexerError, messageOf } from '../../core/errors.ts';
import { systemFailure } from '../../core/system-errors.ts';

/** What the engine says of bytes that it cannot make sense of. It panics over some; words about our queries are others. */
const DAMAGED =
  /LanceError\(IO\)|Panic in async function|assertion failed|cannot read Ranges|failed to decode|corrupt|failed to fill whole buffer/i;

/** Names what a user can act on; anything else is returned as it came. */
export function engineFailure(error: unknown, path: string): unknown {
  if (error instanceof IndexerError) return error;
  const refused = refusalOf(error, path);
  if (refused !== null) return refused;
  if (/^Panic/.test(messageOf(error)) && !canStartThread()) return systemFailure('EAGAIN', path, error);
  if (DAMAGED.test(messageOf(error)) && !isVersionGone(error)) {
    const said = (messageOf(error).split('\n')[0] ?? '').slice(0, 200);
    return new IndexerError('INDEX_DAMAGED', `the table ${path} cannot be read: ${said}`, {
      hint: '`tandem verify` says what is wrong; `tandem verify --repair` removes what is damaged',
      cause: error,
    });
  }
  return error;
}

/** The engine panics where it gets no thread, and does not say why. */
function canStartThread(): boolean {
  try {
    void new Worker('', { eval: true }).terminate();
    return true;
  } catch {
    return false;
  }
}

/** What the operating system said to the engine, if that is why it failed; null otherwise. */
export function refusalOf(error: unknown, path: string): IndexerError | null {
  const number = /os error (\d+)/.exec(messageOf(error))?.[1];
  return number === undefined ? null : systemFailure(getSystemErrorName(-Number(number)), path, error);
}

/** Whether a read failed because mcp-vector-search removed old versions under it; a reopened table goes on. */
export function isVersionGone(error: unknown): boolean {
  return /not found/i.test(messageOf(error)) && /\.lance|manifest|_versions|\/data\//i.test(messageOf(error));
}

/** After a reopened table failed alike, the file is lost for good; any other error is returned as it came. */
export function asLostFile(error: unknown, path: string): unknown {
  if (error instanceof IndexerError || !isVersionGone(error)) return error;
  return new IndexerError('INDEX_DAMAGED', `a file of ${path} is missing`, {
    hint: 'nothing was changed; `tandem verify` says what is lost, and `tandem verify --repair` removes what is damaged',
    cause: error,
  });
}
