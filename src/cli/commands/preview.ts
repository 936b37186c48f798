// `index --dry-run` and `index --explain`: asks, and prints the answer.
import { invocationDirectory } from '../../config/environment.ts';
import { IndexerError } from '../../core/errors.ts';
import type { Phase } from '../../core/events.ts';
import type { Config } from '../../index.ts';
import type { Cli, GlobalFlags } from '../cli.ts';
import { EXIT } from '../failure.ts';
import { visible } from '../visible.ts';

export interface PreviewFlags {
  readonly dryRun?: boolean;
  readonly explain?: string;
  readonly force?: boolean;
}

const EXPLAINED = {
  taken: EXIT.done,
  'left out': EXIT.someFailed,
  failed: EXIT.someFailed,
  absent: EXIT.usage,
  outside: EXIT.usage,
} as const;

export async function preview(
  cli: Cli,
  config: Config,
  flags: GlobalFlags & PreviewFlags & { readonly phase: Phase | 'all' },
): Promise<void> {
  if (flags.phase === 2) {
    throw new IndexerError('USAGE', 'phase 2 opens no file, so there is nothing to say about files', {
      hint: 'leave out --phase=2',
    });
  }
  const signal = cli.interruptible('nothing was changed; run the same command again');
  const { previewIndex, explainPath } = await cli.library();
  if (flags.explain !== undefined) {
    const answer = await explainPath(config, flags.explain, { from: invocationDirectory(), signal });
    if (flags.json) cli.out.raw(`${JSON.stringify(answer)}\n`);
    else if (!flags.quiet) {
      cli.out.line(`${visible(answer.path)}: ${visible(answer.reason)}`);
      if (answer.rule !== null) cli.out.line(`  ${visible(answer.rule)}`);
    }
    cli.end(EXPLAINED[answer.outcome]);
    return;
  }
  const answer = await previewIndex(config, { force: flags.force, signal });
  if (flags.json) cli.out.raw(`${JSON.stringify(answer)}\n`);
  else if (!flags.quiet) {
    const { printPreview } = await import('../report/preview.ts');
    printPreview(cli.out, answer, { verbose: flags.verbose === true });
  }
  cli.end(answer.failed.length > 0 ? EXIT.someFailed : EXIT.done);
}
