import { describe, expect, it } from 'vitest';
import { exitCodeOf, printFailure, printFailureAsJson } from '../../src/cli/failure.ts';
import { type ErrorCode, IndexerError } from '../../src/core/errors.ts';
import { describeFailure } from '../../src/core/failures.ts';
import { capture } from './captured.ts';
import { report } from './report/reports.ts';

const SHORT = { verbose: false, debug: false };

function failed(code: ErrorCode, cause?: unknown): IndexerError {
  return new IndexerError(code, 'what happened', { hint: 'what to do', cause });
}

describe('exit codes of failures', () => {
  it.each<[number, ErrorCode[]]>([
    [2, ['USAGE', 'PATH_NOT_FOUND', 'PATH_NOT_A_DIRECTORY', 'NOTHING_TO_INDEX', 'CONFIG_INVALID']],
    [5, ['NOTHING_MATCHES']],
    [10, ['NO_INDEX']],
    [11, ['INDEX_LOCKED', 'LOCK_LOST']],
    [12, ['INDEX_DAMAGED']],
    [13, ['FORMAT_TOO_NEW', 'MIGRATION_NEEDED']],
    [14, ['MODEL_MISSING', 'MODEL_DAMAGED', 'MODEL_CHANGED', 'GRAMMAR_DAMAGED']],
    [15, ['DISK_FULL', 'NOT_WRITABLE', 'SYSTEM_FAILED', 'PLATFORM']],
    [130, ['INTERRUPTED']],
    [143, ['TERMINATED']],
  ])('are %d for %j', (exitCode, codes) => {
    for (const code of codes) expect(describeFailure(failed(code)).exitCode).toBe(exitCode);
  });

  it.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EACCES', 'NOT_WRITABLE'],
    ['EROFS', 'NOT_WRITABLE'],
    ['EIO', 'SYSTEM_FAILED'],
    ['EMFILE', 'SYSTEM_FAILED'],
  ])('are 15 for %s from the operating system, also where a clean-up failed after it', (errno, code) => {
    const error = Object.assign(new Error(errno), { code: errno, syscall: 'write', path: '/index/tandem/run.json' });
    const both = Object.assign(new Error('while closing'), { error: new TypeError('x'), suppressed: error });
    for (const thrown of [error, both]) {
      expect(describeFailure(thrown)).toMatchObject({ exitCode: 15, code, why: expect.stringContaining('run.json') });
      expect(describeFailure(thrown).how).not.toBe('');
    }
  });

  it('are 1 for a file that we took for granted', () => {
    const error = Object.assign(new Error('ENOENT'), { code: 'ENOENT', syscall: 'open', path: '/index/x' });
    expect(describeFailure(error).exitCode).toBe(1);
  });

  it('are 1 for anything that is not expected', () => {
    expect(describeFailure(new TypeError('x is undefined')).exitCode).toBe(1);
    expect(describeFailure('text').exitCode).toBe(1);
  });
});

describe('exit codes of runs', () => {
  it.each([
    ['all is done', report(), 'all', 0],
    ['a file failed', report({ unfinished: [{ path: 'a', reason: 'EACCES' }] }), 'all', 3],
    ['a chunk failed', report({ error: 1, complete: false }), 'all', 3],
    ['work is pending', report({ pending: 5, complete: false }), 'all', 4],
    [
      'work is pending and a file failed',
      report({ pending: 5, complete: false, unfinished: [{ path: 'a', reason: '' }] }),
      'all',
      4,
    ],
    ['only phase 1 was asked for', report({ pending: 5, complete: false }), 1, 0],
    [
      'only phase 1 was asked for, and a file failed',
      report({ pending: 5, complete: false, unfinished: [{ path: 'a', reason: '' }] }),
      1,
      3,
    ],
    ['nothing is pending, but phase 1 never ended', report({ complete: false }), 2, 4],
  ] as const)('if %s', (_, run, phase, exitCode) => {
    expect(exitCodeOf(run, phase)).toBe(exitCode);
  });
});

describe('a failure', () => {
  it('is told in three lines: what, why, how', () => {
    const err = capture();
    expect(printFailure(err.output, failed('INDEX_LOCKED', new Error('engine words')), SHORT)).toBe(11);
    expect(err.lines()).toEqual(['error[E11] another indexer is at work', '  what happened', '  what to do']);
  });

  it('is followed by its causes if asked for, and by its stack only for debugging', () => {
    const verbose = capture();
    printFailure(verbose.output, failed('INDEX_DAMAGED', new Error('outer', { cause: 'inner' })), {
      ...SHORT,
      verbose: true,
    });
    expect(verbose.lines().slice(3)).toEqual(['  caused by: outer', '  caused by: inner']);

    const debug = capture();
    printFailure(debug.output, failed('INDEX_DAMAGED'), { verbose: false, debug: true });
    expect(debug.text()).toMatch(/\n {4}at .*failure\.test/);
  });

  it('of our own making is called that, with its stack', () => {
    const err = capture();
    expect(printFailure(err.output, new TypeError('x is undefined'), SHORT)).toBe(1);
    expect(err.lines().slice(0, 2)).toEqual(['error[E01] this is a bug in tandem', '  x is undefined']);
    expect(err.text()).toMatch(/\n {4}at /);
  });

  it('cannot act on the terminal with the names it mentions', () => {
    const err = capture();
    printFailure(err.output, new IndexerError('PATH_NOT_FOUND', 'no \u001b[2J\nfake', { hint: '\u009bx' }), SHORT);
    expect(err.lines().slice(1)).toEqual(['  no \\x1b[2J\\nfake', '  \\x9bx']);
  });

  it('is one JSON object on one line for programs', () => {
    const err = capture();
    expect(printFailureAsJson(err.output, failed('NO_INDEX'), SHORT)).toBe(10);
    expect(err.lines()).toHaveLength(1);
    expect(JSON.parse(err.text())).toEqual({
      schema: 1,
      error: 'NO_INDEX',
      exit_code: 10,
      what: 'no index here',
      message: 'what happened',
      hint: 'what to do',
    });
  });

  it('that the user asked for is no error', () => {
    const err = capture();
    expect(printFailure(err.output, failed('INTERRUPTED'), SHORT)).toBe(130);
    expect(err.lines()[0]).toBe('interrupted: the run was stopped before its end');
  });
});
