// A worker that does what the file names of its job say, in the pool's own words. A name is `<number>.<deed>[.<times>]`;
// a deed with a count is done so many times over all workers (counted by files in `tally`), then the file is answered.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, threadId, workerData } from 'node:worker_threads';

const tally = workerData.root;
appendFileSync(join(tally, 'starts'), `${threadId}\n`);
let place; // which of the threads this one is, from 1, by their first file

parentPort.on('message', answer);
parentPort.postMessage({ type: 'ready' });

function answer(job) {
  const outcomes = [];
  for (const request of job.requests) {
    const [, deed = 'parse', times = 'Infinity'] = request.path.split('.');
    if (job.mode === 'parse' || deed.endsWith('Always')) {
      if (count(request.path) <= Number(times)) act(deed, request.path);
      if (deed.startsWith('hang') && count(request.path, 0) <= Number(times)) return; // never answered
      if (deed === 'damaged') {
        const message = `the grammar for ${request.path} is damaged`;
        parentPort.postMessage({ type: 'error', code: 'GRAMMAR_DAMAGED', message, hint: 'install again' });
        return;
      }
      if (/^(bytes|shortage)/.test(deed) && count(request.path, 0) <= Number(times)) {
        const byBytes = deed.startsWith('bytes');
        parentPort.postMessage({ type: 'broken', reason: `Aborted() over ${request.path}`, byBytes });
        return;
      }
      if (deed.startsWith('unable')) place ??= count('threads');
      if (deed.startsWith('unable') && place > Number(times)) {
        parentPort.postMessage({ type: 'unable', reason: 'no memory for the parser' });
        return;
      }
    }
    outcomes.push(outcomeOf(request, job));
    parentPort.postMessage({ type: 'alive' });
  }
  parentPort.postMessage({ type: 'answer', outcomes });
}

function act(deed, path) {
  if (deed.startsWith('exit')) process.exit(7);
  if (deed.startsWith('throw')) throw new Error(`Aborted() over ${path}`);
  if (deed.startsWith('later')) setImmediate(() => Promise.reject(new Error('a rejection nobody hears')));
  if (deed.startsWith('memory')) for (const hoard = []; ; ) hoard.push(new Array(1e6).fill(path));
  if (deed.startsWith('spin')) for (;;);
  if (deed.startsWith('blocked')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
  if (deed.startsWith('slow')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
}

function count(path, step = 1) {
  const file = join(tally, `count-${path}`);
  let so_far = 0;
  try {
    so_far = Number(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  if (step > 0) writeFileSync(file, String(so_far + step));
  return so_far + step;
}

function outcomeOf({ path, size, knownSha256 }, job) {
  const stamp = { size, mtimeNs: '1', ctimeNs: '1', ino: '1' };
  if (knownSha256 !== null) return { kind: 'unchanged', path, stamp, sha256: knownSha256 };
  const status = job.mode === 'fallback' ? 'fallback' : 'parsed';
  const reason = job.mode === 'fallback' ? job.reason : `thread ${threadId}`;
  return { kind: 'parsed', file: { path, stamp, sha256: 'f'.repeat(64), status, reason, chunks: [] } };
}
