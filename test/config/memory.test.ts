import { totalmem } from 'node:os';
import { expect, test, vi } from 'vitest';
import { availableMemory, LEAST_MEMORY_BYTES, workersWithin } from '../../src/config/memory.ts';

const MIB = 1024 ** 2;

test('a worker more is started for every 128 MiB beyond the first 256', () => {
  expect(workersWithin(LEAST_MEMORY_BYTES, 8)).toBe(1);
  expect(workersWithin(512 * MIB, 8)).toBe(2);
  expect(workersWithin(511 * MIB, 8)).toBe(1);
  expect(workersWithin(4096 * MIB, 8)).toBe(8);
  expect(workersWithin(100 * MIB, 8)).toBe(1);
});

test("a container's share counts, and a limit that is none does not", () => {
  const share = vi.spyOn(process, 'constrainedMemory');
  share.mockReturnValue(700 * MIB);
  expect(availableMemory()).toBe(700 * MIB);
  for (const none of [0, 2 ** 63]) {
    share.mockReturnValue(none);
    expect(availableMemory()).toBe(totalmem());
  }
  share.mockRestore();
});
