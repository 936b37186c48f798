// What the index holds, for people: the result of `status`.
import type { StatusReport } from '../../index.ts';
import { count, counted, moment } from '../format.ts';
import type { Command } from '../invocation.ts';
import type { Output } from '../output.ts';
import { visible } from '../visible.ts';

const MOST_UNFINISHED = 10;

export function printStatus(out: Output, status: StatusReport, command: Command, verbose = false): void {
  const { files, chunks, model, processor, checkpoint, last_run: run, changes, locked_by: holder } = status;
  const row = (name: string, text: string) => out.line(`  ${name.padEnd(10)} ${text}`);

  out.line(`Index of ${out.bold(visible(status.root))}`);
  row('stored in', `${visible(status.index_dir)}${verbose ? ` (${status.layout})` : ''}`);
  row('state', status.complete ? 'complete' : out.yellow(incompleteState(status)));
  if (status.layout === 'code_search') {
    out.line(`Next: ${out.cyan(visible(command('migrate --to-dual-table')))}`);
    return;
  }
  row(
    'files',
    `${count(files.indexed)} indexed, ${count(files.skipped)} skipped, ${count(files.unfinished)} unfinished`,
  );
  for (const { path, reason } of status.unfinished.slice(0, MOST_UNFINISHED)) {
    row('', `${visible(path || 'the root')}: ${visible(reason)}`);
  }
  if (files.unfinished > MOST_UNFINISHED) {
    row('', `and ${count(files.unfinished - MOST_UNFINISHED)} more (--json lists all)`);
  }
  const { total, complete, pending, processing, error } = chunks;
  row(
    'chunks',
    `${count(total)}: ${count(complete)} complete, ${count(pending + processing)} pending, ${count(error)} in error`,
  );
  row('vectors', count(status.vectors));
  if (model !== null) row('model', `${visible(model.id)} (${model.dimension} dimensions${recipes(model.recipes)})`);
  if (model !== null && model.outdated > 0) {
    const how = `replaced as their files change, or at once by: ${visible(command('index --reembed'))}`;
    row('outdated', `${counted(model.outdated, 'vector')} made by another recipe; ${how}`);
  }
  if (processor !== null) {
    const { name, class: kind, cost } = processor;
    row('processor', [visible(name), kind, cost].filter((part) => part !== '').join(', '));
  }
  if (run !== null && wasLookedAt(run)) {
    const end = run.finished_at === null ? 'not finished' : `finished ${visible(moment(run.finished_at))}`;
    row('last run', `started ${visible(moment(run.started_at))}, ${end}; phase 1 ${run.phase1}, phase 2 ${run.phase2}`);
  }
  const changed = changes === null ? null : describeChanges(changes);
  if (changed !== null) row('changes', out.yellow(`${changed} since the last run`));
  if (checkpoint !== null) {
    const { batch_id, chunks_done, chunks_remaining, saved_at } = checkpoint;
    const chunksText = `${count(chunks_done)} chunks done, ${count(chunks_remaining)} remaining`;
    row('checkpoint', `batch ${count(batch_id)}, ${chunksText}, saved ${visible(moment(saved_at))}`);
  }
  if (holder !== null) {
    const { pid, host, command: theirs, started_at } = holder;
    row('in use', `by pid ${pid} on ${visible(host)} since ${visible(moment(started_at))} (${visible(theirs)})`);
  }
  if (status.complete && changed !== null && holder === null) {
    out.line(`Next: ${out.cyan(visible(command('index')))}`);
  }
  if (!status.complete && holder === null && status.layout === 'dual-table') {
    out.line(`Next: ${out.cyan(visible(command(wasLookedAt(run) ? 'resume' : 'index')))}`);
  }
}

function incompleteState({ chunks, files, vectors, layout, last_run: run }: StatusReport): string {
  if (layout === 'code_search') return 'an index of mcp-vector-search in an old layout';
  if (vectors === 0 && chunks.total > 0) return `not complete: none of ${counted(chunks.total, 'chunk')} has a vector`;
  if (!wasLookedAt(run)) return 'not complete: made by mcp-vector-search, and not compared with the files yet';
  const waiting = chunks.pending + chunks.processing;
  if (waiting > 0) return `not complete: ${counted(waiting, 'chunk')} to embed`;
  if (chunks.error > 0) return `not complete: ${counted(chunks.error, 'chunk')} in error`;
  const left = files.unfinished;
  return left > 0 ? `not complete: ${counted(left, 'file')} unfinished; the next run tries again` : 'not complete';
}

function wasLookedAt(run: StatusReport['last_run']): boolean {
  return run !== null && run.phase1 !== 'not-started';
}

/** Null where the files are as the last run saw them. */
function describeChanges({ added, changed, removed, unknown }: NonNullable<StatusReport['changes']>): string | null {
  const parts = [
    [changed, 'changed'],
    [added, 'new'],
    [removed, 'removed'],
    [unknown, 'touched and not compared'],
  ] as const;
  const told = parts.filter(([files]) => files > 0);
  if (told.length === 0) return null;
  return told.map(([files, what], at) => `${at === 0 ? counted(files, 'file') : count(files)} ${what}`).join(', ');
}

/** More than one way of embedding is worth a word: such vectors differ slightly. */
function recipes(byRecipe: Readonly<Record<string, number>>): string {
  const entries = Object.entries(byRecipe);
  if (entries.length < 2) return '';
  return `; ${entries.map(([recipe, vectors]) => `${count(vectors)} by ${recipe === '' ? 'mcp-vector-search' : `recipe ${visible(recipe)}`}`).join(', ')}`;
}
