// The process: streams, signals, exit codes. Nothing else in the program touches them.
import { terminalSettings } from '../config/terminal.ts';
import { errnoOf } from '../core/errors.ts';
import type { Cli } from './cli.ts';
import { type Detail, EXIT, printFailure, printFailureAsJson } from './failure.ts';
import { surviveHangUp } from './hang-up.ts';
import { createInvocation } from './invocation.ts';
import { createOutput } from './output.ts';
import { buildProgram, runProgram } from './program.ts';
import type { Reporter } from './report/types.ts';
import { createShutdown } from './signals.ts';
import { visible } from './visible.ts';

/** npm gets a terminal's Ctrl-C together with us and then sends it on. */
const NPM_ECHO_MS = 300;

const typed = process.argv.slice(2);
const options = typed.slice(0, typed.includes('--') ? typed.indexOf('--') : undefined);
const isTyped = (...names: string[]) => names.some((name) => options.includes(name));
const detail: Detail = { verbose: isTyped('-v', '--verbose'), debug: isTyped('--debug') };

const settings = terminalSettings();
const terminal = isTyped('--no-color') ? { ...settings, colour: 'never' as const } : settings;
const out = createOutput(process.stdout, terminal);
const err = createOutput(process.stderr, terminal);
const invocation = createInvocation(terminal.started);

let reporter: Reporter | undefined;
let exitCode: number = EXIT.done;

// What we write may hold code that others on the machine must not read.
process.umask(0o077);
surviveHangUp();

// A reader that left (`| head`) or a terminal that closed is no reason to fail: the work goes on in silence.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (!['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'].includes(errnoOf(error))) throw error;
  });
}

const shutdown = createShutdown({
  exit: (code) => process.exit(code),
  announce: (text) => (reporter ?? { say: err.line }).say(text),
  now: () => performance.now(),
  echoMs: terminal.isUnderNpm ? NPM_ECHO_MS : 0,
});
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => shutdown.receive(name));

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error) => {
    reporter?.close();
    process.exit(fail(error));
  });
}

const cli: Cli = {
  out,
  err,
  terminal,
  invocation,
  library: async () => {
    standSomewhere();
    (await import('../config/temporary-folder.ts')).useOwnTemporaryFolder();
    return import('../index.ts');
  },
  interruptible: (hint) => {
    shutdown.begin(hint);
    return shutdown.signal;
  },
  setReporter: (next) => {
    reporter = next;
  },
  end: (code) => {
    exitCode = code;
  },
};

try {
  const isQuiet = isTyped('-q', '--quiet');
  await runProgram(buildProgram(cli), typed, (warning) => {
    if (!isQuiet) err.line(`${err.yellow('warning')} ${visible(invocation.filled(warning))}`);
  });
} catch (error) {
  // An abort surfaces as our reason, or in the words of whoever noticed it first.
  const isAbort = shutdown.signal.aborted && error instanceof Error && error.name === 'AbortError';
  exitCode = fail(isAbort ? shutdown.signal.reason : error);
}
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(exitCode);

function fail(error: unknown): number {
  return isTyped('-j', '--json', '--json=v2', '--envelope')
    ? printFailureAsJson(err, error, detail, invocation.filled)
    : printFailure(err, error, detail, invocation.filled);
}

/** Pipes may still hold what was written; leaving now would cut it off. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

/** Native code cannot be loaded in a folder that was removed; whatever was typed has been resolved by now. */
function standSomewhere(): void {
  try {
    process.cwd();
  } catch {
    process.chdir('/');
  }
}
