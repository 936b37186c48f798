// What a migration or a rollback did, for people.
import type { MigrationReport, RollbackReport } from '../../index.ts';
import { bytes, count, counted, elapsed } from '../format.ts';
import type { Command } from '../invocation.ts';
import type { Output } from '../output.ts';
import { visible } from '../visible.ts';

export interface MigrationPrint {
  readonly root: string;
  readonly command: Command;
}

export function printMigration(out: Output, report: MigrationReport, { root, command }: MigrationPrint): void {
  const row = (name: string, text: string) => out.line(`  ${name.padEnd(9)} ${text}`);
  if (report.state === 'nothing') {
    out.line(`nothing to migrate: ${root} has the two tables already`);
    return;
  }
  if (report.state === 'finished') {
    out.line(`${out.bold('Migrated')} ${root}: an earlier migration was brought to its end`);
    row('back', visible(command('migrate --rollback')));
    return;
  }
  const isPlan = report.state === 'planned';
  out.line(`${out.bold(isPlan ? 'Would migrate' : 'Migrated')} ${root}`);
  row('rows', `${count(report.rows)}${report.doubled > 0 ? `, ${count(report.doubled)} of them doubled` : ''}`);
  row('chunks', count(report.chunks));
  const pending = report.chunks - report.vectors;
  const kept = `${count(report.vectors)} kept bit by bit, marked ${visible(report.recipe)}`;
  row('vectors', pending > 0 ? `${kept}; ${counted(pending, 'chunk')} without one` : kept);
  const { unchanged, changed, unknown, gone } = report.files;
  const others = [
    [changed, 'changed'],
    [unknown, 'not known to be unchanged'],
    [gone, 'gone'],
  ] as const;
  const told = others.filter(([paths]) => paths.length > 0).map(([paths, word]) => `${count(paths.length)} ${word}`);
  row('files', [`${count(unchanged.length)} unchanged`, ...told].join(', '));
  if (report.chunks_to_redo > 0) {
    row('to embed', `what becomes of ${counted(report.chunks_to_redo, 'chunk')} of changed files, at the next index`);
  }
  const tables = report.tables.map(({ from, to }) => `${from} ${isPlan ? 'would be' : 'is'} kept as ${to}`);
  row('backup', tables.map(visible).join(', '));
  if (isPlan) {
    row('space', `${bytes(report.bytes.needed)} needed at most, ${bytes(report.bytes.free)} free`);
    row('writes', 'lance/ and tandem/ would be made; schema_version.json, index_metadata.json rewritten (kept aside)');
    out.line('Nothing was changed.');
    return;
  }
  row('time', elapsed(report.seconds));
  row('back', visible(command('migrate --rollback')));
  row('next', visible(command('index')));
}

export function printRollback(out: Output, report: RollbackReport, { root, command }: MigrationPrint): void {
  const row = (name: string, text: string) => out.line(`  ${name.padEnd(9)} ${text}`);
  out.line(`${out.bold('Rolled back')} ${root}`);
  row(
    'restored',
    report.tables
      .map(({ from, to }) => `${from} as ${to}`)
      .map(visible)
      .join(', '),
  );
  if (report.newer !== null) row('newer', `${counted(report.newer, 'chunk')} made since the migration not in it`);
  row('kept', `the two tables, in ${visible(report.kept)}`);
  row('time', elapsed(report.seconds));
  row('again', visible(command('migrate --to-dual-table')));
}
