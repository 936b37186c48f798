// Runs git to ask what it knows of a work tree. Asking must not be a way to run a stranger's programs: the repository's
// own configuration may name some (fsmonitor, transports), and the caller's environment may point elsewhere (GIT_DIR).
import { spawn } from 'node:child_process';
import { parse } from 'node:path';
import { messageOf } from '../core/errors.ts';

export type GitEnvironment = Readonly<Record<string, string | undefined>>;

export interface GitAnswer {
  /** Exit status; null if git could not be started or was killed. */
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

// GIT_* variables that say where the user's configuration is and how far to look, and so are the user's own words.
const KEPT =
  /^GIT_(CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM)$/;

const SAFE_SETTINGS = ['core.fsmonitor=false', 'core.quotepath=off', 'protocol.allow=never'].flatMap((setting) => [
  '-c',
  setting,
]);

/** Never rejects but for an abort, with the signal's reason. `folder` is absolute. */
export async function askGit(
  folder: string,
  args: readonly string[],
  options: { env?: GitEnvironment | undefined; input?: Buffer; signal?: AbortSignal | undefined },
): Promise<GitAnswer> {
  options.signal?.throwIfAborted();
  const answer = await new Promise<GitAnswer>((resolve) => {
    // Started from the file system's top, not from the folder: Windows would look for a `git.exe` there first.
    const child = spawn('git', ['--no-pager', ...SAFE_SETTINGS, '-C', folder, ...args], {
      cwd: parse(folder).root,
      env: cleaned(options.env ?? {}),
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const stop = () => child.kill('SIGKILL');
    options.signal?.addEventListener('abort', stop, { once: true });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const finish = (status: number | null, failure = '') => {
      options.signal?.removeEventListener('abort', stop);
      resolve({ status, stdout: Buffer.concat(stdout), stderr: failure || Buffer.concat(stderr).toString('utf8') });
    };
    child.stdout.on('data', (data: Buffer) => stdout.push(data));
    child.stderr.on('data', (data: Buffer) => stderr.push(data));
    child.stdin.on('error', () => undefined); // git may stop reading early; its status tells
    child.on('error', (error) => finish(null, messageOf(error)));
    child.on('close', (status) => finish(status));
    child.stdin.end(options.input);
  });
  options.signal?.throwIfAborted();
  return answer;
}

function cleaned(env: GitEnvironment): Record<string, string | undefined> {
  const own = Object.entries(env).filter(([name]) => !/^GIT_/i.test(name) || KEPT.test(name));
  return {
    ...Object.fromEntries(own),
    LC_ALL: 'C', // its warnings are read
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_TERMINAL_PROMPT: '0',
  };
}

/** Words of git, or of who should have started it, for what the machine lacked at that moment. */
const SHORTAGE =
  /EAGAIN|ENOMEM|EMFILE|ENFILE|cannot allocate memory|out of memory|resource temporarily unavailable|too many open files|input\/output error/i;

/** Whether git failed for want of something that may be there the next time, or was killed. */
export function lackedSomething({ status, stderr }: GitAnswer): boolean {
  return status !== 0 && (SHORTAGE.test(stderr) || (status === null && stderr === ''));
}

/** Why git did not answer, in one line. */
export function refusalOf(answer: GitAnswer): string {
  const line = answer.stderr.split('\n').find((text) => text.startsWith('fatal:')) ?? answer.stderr.split('\n')[0];
  if (line) return line;
  return answer.status === null ? 'git was killed' : `git ended with status ${answer.status}`;
}
