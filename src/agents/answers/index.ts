// `index`: brings an index up to date, on request only.
import type * as v from 'valibot';
import type { indexInput } from '../inputs.ts';
import { projectFor } from '../places.ts';
import { type Answer, type Call, nextSteps } from './answer.ts';

const MOST_UNFINISHED = 20;

export async function index(call: Call, input: v.InferOutput<typeof indexInput>): Promise<Answer> {
  const config = projectFor(call.places, input.project, true);
  const { report, progress, notices } = await call.engine.runs.run(config, {
    force: input.force,
    seconds: input.wait_seconds,
    signal: call.signal,
    observe: call.observe,
  });
  if (report === null) {
    const next = ['the run goes on: call index again to wait for its end, or status to see how far it is'];
    const json = { schema: 1, root: config.root, running: progress ?? { phase: 1, done: 0, total: 0 }, notices, next };
    const far = progress === null ? 'begins' : `phase ${progress.phase}, ${progress.done} of ${progress.total}`;
    return { json, text: [`indexing ${config.root}: ${far}`, ...nextSteps(next)].join('\n') };
  }
  const { files, chunks, complete } = report;
  const next = [
    ...(chunks.pending > 0 ? [`${chunks.pending} chunks still wait for their vectors: call index again`] : []),
    ...(files.unfinished.length > 0
      ? [`${files.unfinished.length} files could not be read; status names them, and index tries again`]
      : []),
  ];
  const changed = `${files.added} new, ${files.changed} changed, ${files.removed} removed, ${files.unchanged} unchanged files`;
  const state = `${chunks.total} chunks, ${complete ? 'complete' : 'not complete'}`;
  return {
    json: {
      schema: 1,
      root: config.root,
      ...report,
      files: { ...files, unfinished: files.unfinished.slice(0, MOST_UNFINISHED) },
      notices,
      next,
    },
    text: [`indexed ${config.root}: ${changed}; ${state}`, ...notices, ...nextSteps(next)].join('\n'),
  };
}
