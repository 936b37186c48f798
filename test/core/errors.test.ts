import { expect, it } from 'vitest';
import { errnoOf, IndexerError, messageOf } from '../../src/core/errors.ts';

it('an error keeps its code, its hint and what caused it', () => {
  const cause = new Error('ENOSPC');
  const error = new IndexerError('DISK_FULL', 'no space for 12 MB', { hint: 'free some', cause });
  expect(error).toMatchObject({ name: 'IndexerError', code: 'DISK_FULL', hint: 'free some', cause });
  expect('cause' in new IndexerError('USAGE', 'what', { hint: '' })).toBe(false);
});

it('the code of a system error is found, and nothing else is taken for one', () => {
  expect(errnoOf(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('ENOENT');
  expect(errnoOf(Object.assign(new Error('x'), { code: 7 }))).toBe('');
  expect(errnoOf({ code: 'ENOENT' })).toBe('');
  expect(errnoOf(undefined)).toBe('');
});

it('whatever was thrown has a message', () => {
  expect(messageOf(new Error('torn'))).toBe('torn');
  expect(messageOf(new TypeError(''))).toBe('TypeError');
  expect(messageOf('text')).toBe('text');
  expect(messageOf(undefined)).toBe('undefined');
});
