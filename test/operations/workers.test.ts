// A change of a few lines does not start a worker for every processor.
import { expect, test } from 'vitest';
import { indexProject } from '../../src/operations/index.ts';
import { openForWriting } from '../../src/run/open-index.ts';
import type { OpenEmbedder } from '../../src/run/opened.ts';
import { temporaryFolder } from '../phase1-parse/temporary-trees.ts';
import { machineIn } from '../state-machine/machine.ts';

test.each([
  { functions: 3, workers: 1 },
  { functions: 40, workers: 2 },
  { functions: 400, workers: 8 },
])('$functions pending chunks get $workers of 8 workers', async ({ functions, workers }) => {
  const machine = machineIn(temporaryFolder(), undefined, { workers: 8 });
  machine.write('a.py', Array.from({ length: functions }, (_, n) => `def f${n}(x):\n    return x * ${n}\n`).join('\n'));
  const asked: number[] = [];
  const openEmbedder: OpenEmbedder = async (options) => {
    asked.push(options.workers);
    throw new Error('that is enough');
  };
  await using index = await openForWriting(machine.config, {}, { openEmbedder });
  await expect(indexProject(index, { phase: 'all' })).rejects.toThrow('that is enough');
  expect(asked).toEqual([workers]);
});
