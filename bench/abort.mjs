// Parse workers that abort at random: how many files are lost, and whether the others come out as if nothing had been.
// npm run bench -- abort <folder>… [--runs=200] [--files=150]
import { BroadcastChannel } from 'node:worker_threads';
import { openParsePool } from '../dist/phase1-parse/pool/worker-pool.js';
import { openSyntax } from '../dist/phase1-parse/syntax/syntax.js';
import { foldersOf, option, sampleFiles } from './lib/sample.mjs';

const args = process.argv.slice(2);
const [folder] = foldersOf(args);
if (folder === undefined) {
  console.error('which folder? npm run bench -- abort <folder>');
  process.exit(2);
}
const runs = Number(option(args, 'runs') ?? 200);
const count = Number(option(args, 'files') ?? 150);
const { languages } = await openSyntax();
const all = sampleFiles([folder], languages, 20);
const step = Math.max(1, Math.floor(all.length / count));
const requests = all
  .filter((_, index) => index % step === 0)
  .slice(0, count)
  .map(({ path, bytes }) => ({ path, knownSha256: null, size: bytes.length }));

let aborts = 0;
const channel = new BroadcastChannel('aborting-workers');
channel.onmessage = () => {
  aborts += 1;
};
channel.unref();
const undisturbed = await outcomes(new URL('../dist/bundle/parse-worker.js', import.meta.url));
let lost = 0;
let cut = 0;
let different = 0;
for (let run = 0; run < runs; run++) {
  const found = await outcomes(new URL('../test/phase1-parse/workers/aborting.mjs', import.meta.url));
  for (const [index, { path }] of requests.entries()) {
    const file = found[index]?.kind === 'parsed' ? found[index].file : undefined;
    if (file === undefined || file.path !== path || file.status === 'unfinished') lost += 1;
    else if (file.status === 'fallback' && file.reason.includes('its bytes stop the parser')) cut += 1;
    else if (JSON.stringify(file) !== JSON.stringify(undisturbed[index].file)) different += 1;
  }
}
await new Promise((resolve) => setTimeout(resolve, 100)); // the last message is on its way
console.log(`${runs} runs over ${requests.length} files, ${aborts} aborts`);
console.log(`lost: ${lost}; cut into lines, with the reason: ${cut}; not as without an abort: ${different}`);
if (lost + different > 0 || aborts === 0) process.exitCode = 1;

async function outcomes(workerUrl) {
  const pool = openParsePool({ root: folder, workers: 2, maxFileBytes: 1e6, allowSecrets: true, workerUrl });
  const found = [];
  for await (const outcome of pool.outcomes(requests)) found.push(outcome);
  await pool.close();
  return found;
}
