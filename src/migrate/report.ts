// What a migration will do or did, as data and in words.
import type { Observer } from '../core/events.ts';
import { recipeNameOf } from './convert.ts';
import { namesOf } from './detect.ts';
import type { FileState } from './file-states.ts';
import { backupNameOf, type MigrationPlan, megabytes } from './plan.ts';

/** What a migration did, or would do. */
export interface MigrationReport {
  /** `nothing`: the index has the new layout already. `finished`: a migration that was cut off is at its end now. */
  readonly state: 'nothing' | 'planned' | 'migrated' | 'finished';
  /** Old tables and what they are called as backups. */
  readonly tables: readonly { readonly from: string; readonly to: string }[];
  /** Rows of the old table; `doubled` of them were left out because their id came again. */
  readonly rows: number;
  readonly doubled: number;
  /** Files of the old table that cannot lie below the root; their rows are left out. */
  readonly outside: readonly string[];
  readonly chunks: number;
  readonly vectors: number;
  /** Files by what became of them since they were indexed; all but the unchanged are parsed again by the next `index`. */
  readonly files: Readonly<Record<FileState, readonly string[]>>;
  /** Chunks of files that are changed or unknown. */
  readonly chunks_to_redo: number;
  /** Where the old paths began. */
  readonly old_root: string;
  /** What `tandem_recipe` says of the old vectors. */
  readonly recipe: string;
  readonly bytes: MigrationPlan['bytes'];
  readonly seconds: number;
}

/** Says what was found, what will be embedded anew and why, before anything is done. */
export function tellPlan(plan: MigrationPlan, observe: Observer | undefined): void {
  const report = describe(plan);
  const from = report.tables.map((table) => table.from).join(' and ');
  observe?.({ type: 'warning', message: `an index in an old layout was found: ${from} in ${plan.layout.indexDir}` });
  for (const message of plan.warnings) observe?.({ type: 'warning', message });
  const tell = (message: string) => observe?.({ type: 'notice', message });
  tell(
    `  1. detected ${plan.rows} rows of ${plan.files.size + plan.outside.size} files, ${megabytes(plan.bytes.old)}, vectors by ${plan.modelName}`,
  );
  if (report.doubled > 0) tell(`     ${report.doubled} rows repeat an id; the last row of each counts`);
  if (report.outside.length > 0) {
    tell(`     ${filesOf(report.outside)} of another folder than this project, left out: ${someOf(report.outside)}`);
  }
  const { unchanged, changed, unknown, gone } = report.files;
  tell(`     ${filesOf(unchanged)} unchanged, with their vectors kept`);
  if (changed.length + unknown.length > 0) {
    const listed = someOf([...changed, ...unknown]);
    tell(
      `     ${filesOf(changed)} changed, ${unknown.length} not known to be unchanged: the next index parses and embeds them again (${report.chunks_to_redo} old chunks): ${listed}`,
    );
  }
  if (gone.length > 0) tell(`     ${filesOf(gone)} gone from disk, which the next index removes: ${someOf(gone)}`);
  const backups = report.tables.map(({ from: name, to }) => `${name} is kept as ${to}`).join(', ');
  tell(`  2. backup: ${backups}, untouched`);
}

function filesOf(paths: readonly string[]): string {
  return `${paths.length} ${paths.length === 1 ? 'file' : 'files'}`;
}

function someOf(paths: readonly string[]): string {
  const more = paths.length - 5;
  return `${paths.slice(0, 5).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

export function describe(plan: MigrationPlan): MigrationReport {
  const files: Record<FileState, string[]> = { unchanged: [], changed: [], unknown: [], gone: [] };
  let chunksToRedo = 0;
  for (const { path, state, rows } of new Set(plan.files.values())) {
    files[state].push(path);
    if (state === 'changed' || state === 'unknown') chunksToRedo += rows;
  }
  return {
    state: 'planned',
    tables: namesOf(plan.old).map((from) => ({ from, to: backupNameOf(from) })),
    rows: plan.rows,
    doubled: plan.rows - plan.ids.size,
    outside: [...plan.outside],
    chunks: plan.chunks,
    vectors: plan.vectors,
    files,
    chunks_to_redo: chunksToRedo,
    old_root: plan.oldRoot,
    recipe: recipeNameOf(plan),
    bytes: plan.bytes,
    seconds: 0,
  };
}

export function nothing(root: string): MigrationReport {
  return {
    state: 'nothing',
    tables: [],
    rows: 0,
    doubled: 0,
    outside: [],
    chunks: 0,
    vectors: 0,
    files: { unchanged: [], changed: [], unknown: [], gone: [] },
    chunks_to_redo: 0,
    old_root: root,
    recipe: '',
    bytes: { old: 0, needed: 0, free: 0 },
    seconds: 0,
  };
}
