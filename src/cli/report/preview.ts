// What a run would do, for people: the result of `index --dry-run`.
import type { Preview } from '../../index.ts';
import { count, counted } from '../format.ts';
import type { Output } from '../output.ts';
import { visible } from '../visible.ts';
import { fileChanges, foundBy, printUnfinished } from './summary.ts';

export function printPreview(out: Output, preview: Preview, { verbose }: { readonly verbose: boolean }): void {
  const { files, skipped, list, failed } = preview;
  for (const notice of preview.notices) out.line(visible(notice));
  out.line(
    `${out.bold('Would index')} ${counted(preview.would_index, 'file')}${foundBy(preview.found_by)} in ${visible(preview.root)}`,
  );
  out.line(`  files     ${fileChanges(files)}`);
  const reasons = Object.entries(skipped).sort((a, b) => b[1] - a[1]);
  if (reasons.length > 0) {
    out.line(`  skipped   ${reasons.map(([reason, times]) => `${count(times)} ${visible(reason)}`).join(', ')}`);
  }
  printUnfinished(out, failed, verbose ? failed.length : 10);
  if (!verbose) {
    out.line('Nothing was changed; -v lists the files.');
    return;
  }
  for (const name of ['added', 'changed', 'removed', 'unchanged'] as const) {
    for (const path of list[name]) out.line(`  ${name.padEnd(9)} ${visible(path)}`);
  }
  for (const { path, reason, rule } of list.skipped) {
    out.line(`  skipped   ${visible(path)} (${visible(rule ?? reason)})`);
  }
  out.line('Nothing was changed.');
}
