import { expect, test } from 'vitest';
import { adviceOnMemory, parsersThatFit, threadsThatFit } from '../../src/core/address-space.ts';
import { isShortage } from '../../src/core/shortage.ts';
import { asSystemFailure } from '../../src/core/system-errors.ts';

const GIB = 1024 ** 3;

test('as many threads are started as there is room for', () => {
  expect(threadsThatFit(8, GIB, null)).toBe(8);
  expect(threadsThatFit(8, GIB, { limit: 4 * GIB, used: 1.5 * GIB })).toBe(2);
  expect(threadsThatFit(8, GIB, { limit: 4 * GIB, used: 3.5 * GIB })).toBe(0);
  expect(threadsThatFit(8, GIB, { limit: 4 * GIB, used: 5 * GIB })).toBe(0);
  expect(parsersThatFit(3, null)).toBe(3);
});

test('the advice names the limit that is set, and fewer workers where there is none', () => {
  expect(adviceOnMemory({ limit: 12_000_000 * 1024, used: 0 })).toMatch(
    /11\.4 GiB.*ulimit -v.*disable-wasm-trap-handler/,
  );
  expect(adviceOnMemory(null)).toMatch(/--workers=1/);
});

test('a thread that the system refuses is no bug', () => {
  const refused = Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
  expect(asSystemFailure(refused)).toMatchObject({ code: 'SYSTEM_FAILED', hint: expect.stringContaining('ulimit -u') });
});

test.each([
  [new RangeError('WebAssembly.Memory(): could not allocate memory'), true],
  [new RangeError('Array buffer allocation failed'), true],
  [Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }), true],
  [new Error('Aborted()'), false],
  [new RangeError('Maximum call stack size exceeded'), false],
  [new TypeError('x is not a function'), false],
])('of the machine, or of what was worked on: %s', (error, isOfTheMachine) => {
  expect(isShortage(error)).toBe(isOfTheMachine);
});
