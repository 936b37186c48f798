// A worker thread's end of the pool. One job after the other; what it cannot answer for ends it, on purpose: after a
// fault in native code nothing in this thread can be trusted, and the pool tries again in a fresh one.
import { realpathSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { IndexerError, messageOf } from '../../core/errors.ts';
import { isShortage } from '../../core/shortage.ts';
import { withOwn } from '../../languages/own.ts';
import { createRegistry } from '../../languages/registry.ts';
import { openSyntax, type Syntax } from '../syntax/syntax.ts';
import { answerRequest, type RequestContext } from './parse-request.ts';
import type { Job, WorkerMessage } from './threads.ts';
import type { ParseOutcome } from './types.ts';
import type { WorkerData } from './worker-pool.ts';

const { root, maxFileBytes, allowSecrets, languages: own = [] } = workerData as WorkerData;
const port = parentPort!;
const languages = withOwn(own);
let syntax: Promise<Syntax> | undefined;
let isSpoilt = false;
const context: RequestContext = {
  realRoot: realpathSync.native(root),
  maxFileBytes,
  allowSecrets,
  languages: createRegistry(languages),
  syntax: () => {
    syntax ??= openAll();
    return syntax;
  },
};

let last = Promise.resolve();
port.on('message', (job: Job) => {
  last = last.then(() => answer(job));
});
say({ type: 'ready' });

/** A mistake in a language of the user's own is told before the first file is read. */
async function openAll(): Promise<Syntax> {
  const opened = await openSyntax({ languages, onProgress: () => say({ type: 'alive' }) }).catch((error: unknown) => {
    throw new Unable(messageOf(error), { cause: error });
  });
  for (const language of own) {
    if (language.grammar !== null) await opened.read(language, '\n', () => null);
  }
  return opened;
}

/** The parser's runtime did not start. */
class Unable extends Error {}

/** After `unable` and `broken` the pool ends this thread; until then it answers nothing more. */
async function answer(job: Job): Promise<void> {
  if (isSpoilt) return;
  try {
    const outcomes: ParseOutcome[] = [];
    for (const request of job.requests) {
      outcomes.push(await answerRequest(request, job, context));
      say({ type: 'alive' });
    }
    say({ type: 'answer', outcomes });
  } catch (error) {
    if (error instanceof IndexerError && error.code !== 'SYSTEM_FAILED') {
      say({ type: 'error', code: error.code, message: error.message, hint: error.hint });
      return;
    }
    isSpoilt = true;
    const reason = messageOf(error);
    if (error instanceof Unable) say({ type: 'unable', reason });
    else say({ type: 'broken', reason, byBytes: await isByBytes(error) });
  }
}

/** Code that throws over the same bytes each time, unless the machine lacked something. */
async function isByBytes(error: unknown): Promise<boolean> {
  if (error instanceof IndexerError || isShortage(error)) return false;
  return !(await syntax)?.lackedMemory();
}

function say(message: WorkerMessage): void {
  port.postMessage(message);
}
