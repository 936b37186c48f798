// `status`: what `tandem status --json` prints, with what to do next, and why a path is or is not indexed.
import type * as v from 'valibot';
import type { StatusReport } from '../../index.ts';
import type { statusInput } from '../inputs.ts';
import { afterStatus } from '../next-steps.ts';
import { placeIn, projectFor } from '../places.ts';
import { type Answer, type Call, nextSteps } from './answer.ts';

const MOST_UNFINISHED = 10;

export async function status(call: Call, input: v.InferOutput<typeof statusInput>): Promise<Answer> {
  const { engine, places, signal } = call;
  const config = projectFor(places, input.project, false);
  const path = input.path === undefined ? null : placeIn(config.root, input.path) || '.';
  const report = await engine.library.status(config);
  const explanation =
    path === null ? null : await engine.library.explainPath(config, path, { from: config.root, signal });
  const running = engine.runs.progressOf(config);
  const next = [...(config.warnings ?? []), ...afterStatus(report)];
  const json = {
    ...report,
    unfinished: report.unfinished.slice(0, MOST_UNFINISHED),
    ...(running === null ? {} : { running }),
    ...(explanation === null ? {} : { explanation }),
    next,
  };
  const lines = [
    ...asText(report),
    ...(running === null ? [] : [`running: phase ${running.phase}, ${running.done} of ${running.total}`]),
    ...(explanation === null
      ? []
      : [
          `${explanation.path}: ${explanation.outcome}; ${explanation.reason}${explanation.rule ? ` (${explanation.rule})` : ''}`,
        ]),
  ];
  return { json, text: [lines.join('\n'), ...nextSteps(next)].join('\n') };
}

function asText({ root, layout, complete, files, chunks, vectors, model }: StatusReport): string[] {
  if (layout === 'none') return [`${root}: no index`];
  const reasons = Object.entries(files.skipped_by_reason).map(([reason, count]) => `${count} ${reason}`);
  return [
    `${root}: ${complete ? 'complete' : 'not complete'}`,
    `files: ${files.indexed} indexed, ${files.unfinished} unfinished, ${files.skipped} skipped${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}`,
    `chunks: ${chunks.total}, with vectors: ${vectors}, in error: ${chunks.error}`,
    ...(model === null ? [] : [`model: ${model.id}`]),
  ];
}
