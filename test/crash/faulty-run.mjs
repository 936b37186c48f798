// One command over an index, with the fast embedder and a fault at a named point. As a program it kills itself there:
//   node faulty-run.mjs <root> <index directory> <command> <point> <hit>
// or runs with the real model and so many workers, notes in a file how many texts it handed to them, and kills itself, if
// it is told so, once so many batches were stored:
//   node faulty-run.mjs <root> <index directory> <command> --workers <n> <file> [batches]
import { appendFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openCachedEmbedder } from '../../dist/embedding/cache/open.js';
import { indexProject, resume } from '../../dist/index.js';
import { openForWriting } from '../../dist/run/open-index.js';
import { configOf, fastEmbedder } from './harness/fast-embedder.mjs';

/** `stopped`: both phases, with a signal when half of the first batch is embedded. */
/** @typedef {'index' | 'phase 1' | 'phase 2' | 'resume' | 'stopped'} FaultyCommand */
/** @typedef {import('../../dist/embedding/embedder.js').Embedder} Embedder */

/**
 * Small groups and a checkpoint after every batch, so that every point is passed several times.
 * @param {{ root: string, indexDir: string, command: FaultyCommand, fault?: (name: string) => void }} order
 */
export async function runCommand({ root, indexDir, command, fault }) {
  const { open } = await fastEmbedder();
  return runWith({ root, indexDir, command, workers: 1, open, options: { groupRows: 40, ...(fault && { fault }) } });
}

/**
 * With the real model, or a stand-in that `open` makes; `hand` is told of texts before they are embedded.
 * @param {{
 *   root: string, indexDir: string, command: FaultyCommand, workers: number, hand: (texts: number) => void,
 *   open?: typeof openCachedEmbedder, fault?: (name: string) => void,
 * }} order
 */
export async function runCounted({ root, indexDir, command, workers, hand, open = openCachedEmbedder, fault }) {
  /** @param {Parameters<typeof openCachedEmbedder>[0]} options @returns {Promise<Embedder>} */
  const openCounting = async (options) => {
    const embedder = await open(options);
    return {
      ...embedder,
      embed(texts, ...rest) {
        hand(texts.length);
        return embedder.embed(texts, ...rest);
      },
    };
  };
  return runWith({ root, indexDir, command, workers, open: openCounting, options: { ...(fault && { fault }) } });
}

/**
 * @param {{
 *   root: string, indexDir: string, command: FaultyCommand, workers: number, open: typeof openCachedEmbedder,
 *   options: { groupRows?: number, fault?: (name: string) => void },
 * }} order
 */
async function runWith({ root, indexDir, command, workers, open, options }) {
  const creates = command !== 'resume';
  const stop = new AbortController();
  const hooks = { openEmbedder: command === 'stopped' ? halfOf(open, stop) : open, ...options };
  const index = await openForWriting(configOf(root, indexDir, 1, workers), { creates }, hooks);
  try {
    if (command === 'resume') return await resume(index, {});
    if (command === 'stopped')
      return await indexProject(index, { phase: 'all', signal: stop.signal }).catch(unlessStopped);
    return await indexProject(index, { phase: command === 'index' ? 'all' : command === 'phase 1' ? 1 : 2 });
  } finally {
    await index[Symbol.asyncDispose]();
  }
}

class Stopped extends Error {}

/** @param {unknown} error */
function unlessStopped(error) {
  if (!(error instanceof Stopped)) throw error;
}

/**
 * An embedder that a signal stops halfway through its first call.
 * @param {typeof openCachedEmbedder} open @param {AbortController} stop @returns {typeof openCachedEmbedder}
 */
function halfOf(open, stop) {
  return async (options) => {
    const embedder = await open(options);
    return {
      ...embedder,
      async embed(texts) {
        const half = stop.signal.aborted ? 0 : Math.ceil(texts.length / 2);
        const part = await embedder.embed(texts.slice(0, half));
        stop.abort(new Stopped());
        const vectors = new Float32Array(texts.length * embedder.identity.dimension);
        vectors.set(part.vectors);
        return { ...part, vectors, unfinished: [...texts.keys()].slice(half) };
      },
    };
  };
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [root = '', indexDir = '', name = '', point, hit, file = '', batches] = process.argv.slice(2);
  const command = /** @type {FaultyCommand} */ (name);
  let hits = 0;
  /** @param {string | undefined} fatal @param {number} nth */
  const killAt = (fatal, nth) => (/** @type {string} */ passed) => {
    if (passed === fatal && ++hits === nth) process.kill(process.pid, 'SIGKILL');
  };
  if (point === '--workers') {
    const hand = (/** @type {number} */ texts) => appendFileSync(file, `${texts}\n`);
    const fault = killAt('phase2.vectors-added', Number(batches));
    await runCounted({ root, indexDir, command, workers: Number(hit), hand, fault });
  } else await runCommand({ root, indexDir, command, fault: killAt(point, Number(hit)) });
  console.log('finished');
}
