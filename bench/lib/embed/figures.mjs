// What the runs mean: rates, ratios within a round, shares, agreement of vectors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../measure.mjs';
import { OURS, OURS_ON_SAMPLE, VECTORS } from './engines.mjs';

const CAP = 256;
const DIMENSION = 384;

/** Tokens that go through the model; `lengths` are those before the cut. */
export function tokensOf(lengths) {
  return lengths.reduce((sum, length) => sum + Math.min(length, CAP), 0);
}

/** Per engine; `runs` by engine, `tokens` of all texts and of the sample. */
export function summaries(runs, tokens) {
  return Object.fromEntries(
    Object.entries(runs).map(([name, list]) => {
      const count = name === OURS ? tokens.all : tokens.sample;
      return [
        name,
        {
          tokensPerSecond: count / median(list.map((run) => run.seconds)),
          tokensPerCpuSecond: count / median(list.map((run) => run.cpuSeconds)),
          peakMb: Math.max(...list.map((run) => run.peakMb)),
          ...(list[0].batch === undefined ? {} : { batch: list.map((run) => run.batch) }),
        },
      ];
    }),
  );
}

/** How many times as fast ours is on the sample, each round by itself: the median. */
export function ratiosOf(runs) {
  const ours = runs[OURS_ON_SAMPLE];
  const ratio = (name, figure) => median(runs[name].map((run, round) => run[figure] / ours[round][figure]));
  return Object.fromEntries(
    Object.keys(runs)
      .filter((name) => name !== OURS && name !== OURS_ON_SAMPLE)
      .map((name) => [name, { cpu: ratio(name, 'cpuSeconds'), wall: ratio(name, 'seconds') }]),
  );
}

/** `limits`: tokens a second, by round. */
export function shareOfLimit(limits, runs, tokens) {
  const shares = runs[OURS].map((run, round) => tokens.all / run.seconds / limits[round]);
  return { tokensPerSecond: median(limits), share: median(shares) };
}

/** Ours against the pipeline's. Cut texts are left out: it drops their end mark, so it does not embed the same ids. */
export function agreement(folder, lengths) {
  const [ours, padded, single] = Object.values(VECTORS).map((name) => {
    const bytes = readFileSync(join(folder, name));
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  });
  const uncut = lengths.flatMap((length, row) => (length > CAP ? [] : [row]));
  const least = (theirs) => Math.min(...uncut.map((row) => cosine(ours, theirs, row)));
  return { compared: uncut.length, padded: least(padded), single: least(single) };
}

function cosine(a, b, row) {
  let sum = 0;
  for (let at = row * DIMENSION; at < (row + 1) * DIMENSION; at += 1) sum += a[at] * b[at];
  return sum;
}

/** Of a long run: memory early and late, rate early and late. `timeline` as `run.mjs` gives it. */
export function growthOf(timeline) {
  const tenth = Math.ceil(timeline.length / 10);
  const mean = (part) => part.reduce((sum, [, , mb]) => sum + mb, 0) / part.length;
  return { earlyMb: mean(timeline.slice(tenth, 2 * tenth)), lateMb: mean(timeline.slice(-tenth)) };
}
