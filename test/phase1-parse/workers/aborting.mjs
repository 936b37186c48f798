// The real worker, whose parser gives way at a random file as its wasm code does when it aborts: half of those started
// do so, over one of their first files. Tells the channel `aborting-workers` before it does.
import { BroadcastChannel } from 'node:worker_threads';
import { Parser } from 'web-tree-sitter';

const FIRST_FILES = 60;

let left = Math.random() < 0.5 ? 1 + Math.floor(Math.random() * FIRST_FILES) : Number.POSITIVE_INFINITY;
const parse = Parser.prototype.parse;
Parser.prototype.parse = function (...args) {
  left -= 1;
  if (left > 0) return parse.apply(this, args);
  const channel = new BroadcastChannel('aborting-workers');
  channel.postMessage('aborting');
  throw new WebAssembly.RuntimeError('Aborted()');
};
await import('../../../dist/bundle/parse-worker.js');
