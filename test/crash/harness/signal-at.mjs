// Loaded before the program (`node --import`): once the nth job is handed to a worker thread, the process gets a signal as
// from a terminal. TANDEM_TEST_SIGNAL is `SIGINT run 5`: at the fifth of the messages of that type or mode. What was handed
// over is written to the file TANDEM_TEST_HANDED when the process ends, as JSON: `rows` of each group of texts, and when the
// first was handed over, when the signal came and when the process ended, in milliseconds.
import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const [signal = '', kind = '', nth = ''] = (process.env.TANDEM_TEST_SIGNAL ?? '').split(' ');
const handed = process.env.TANDEM_TEST_HANDED;
/** @type {number[]} */
const rows = [];
const at = { first: 0, signal: 0, end: 0 };
let count = 0;
const { postMessage } = Worker.prototype;

/** @param {any} message @param {any} rest */
Worker.prototype.postMessage = function (message, ...rest) {
  if (message.type === 'run') {
    rows.push(message.rows);
    at.first ||= performance.now();
  }
  const result = postMessage.call(this, message, ...rest);
  if ((message.type ?? message.mode) === kind && ++count === Number(nth)) {
    at.signal = performance.now();
    process.kill(process.pid, signal);
  }
  return result;
};

if (handed !== undefined) {
  process.on('exit', () => {
    at.end = performance.now();
    writeFileSync(handed, JSON.stringify({ rows, at }));
  });
}
