import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Checkpoint, readCheckpoint, saveCheckpoint } from '../../src/phase2-embed/checkpoint.ts';
import { temporaryDirectory } from '../store/make.ts';

const CHECKPOINT: Checkpoint = {
  schema: 1,
  run_id: 'a-run',
  last_batch_id: 20,
  batches_done: 20,
  chunks_done: 10_240,
  chunks_remaining: 5,
  model_id: 'a/model',
  recipe: '0123456789abcdef',
  chunks_version: 41,
  vectors_version: 20,
  data_files: [{ name: 'a.lance', size: 4096, sha256: 'f'.repeat(64) }],
  saved_at: '2026-01-02T03:04:05.678Z',
};

test('a checkpoint that is cut at any offset is damaged, never absent and never another', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'checkpoint.json');
  await saveCheckpoint(path, CHECKPOINT);
  expect(await readCheckpoint(path)).toEqual({ state: 'read', value: CHECKPOINT });
  const { length } = JSON.stringify(CHECKPOINT, null, 2);
  for (let at = length; at >= 0; at--) {
    await truncate(path, at);
    const read = await readCheckpoint(path);
    if (at === length) expect(read).toEqual({ state: 'read', value: CHECKPOINT });
    else expect(read, `cut at ${at}`).toMatchObject({ state: 'damaged' });
  }
});

test('one that is garbage, zeroes, begins with a byte order mark or is far too long is damaged', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'checkpoint.json');
  const text = JSON.stringify(CHECKPOINT);
  for (const spoilt of [
    Buffer.alloc(text.length),
    '\u{feff}'.concat(text),
    text + text,
    '[]',
    'null',
    '{"schema":1}',
  ]) {
    await writeFile(path, spoilt);
    expect(await readCheckpoint(path)).toMatchObject({ state: 'damaged' });
  }
  await writeFile(path, text);
  await truncate(path, 65 * 1024 * 1024);
  expect(await readCheckpoint(path)).toMatchObject({ state: 'damaged' });
});
