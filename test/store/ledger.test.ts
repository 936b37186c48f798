import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { readLedger } from '../../src/store/ledger.ts';
import { temporaryDirectory } from './make.ts';

function line(path: string, status: string, reason: string): string {
  const json = JSON.stringify([path, 1, '1', '1', '1', 'a'.repeat(64), 1, status, reason, '4']);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

test('what an earlier version took for a property of a file, and was none, is unfinished', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'files.jsonl');
  const lines = [
    line('a', 'fallback', 'the parser died on this file (WebAssembly.Memory(): could not allocate memory)'),
    line('b', 'fallback', 'parsing took too long; not UTF-8, read with replacements'),
    line('c', 'failed', 'cannot be read: EACCES'),
    line('d', 'fallback', 'no grammar'),
    line('e', 'fallback', 'mostly syntax errors'),
    line('f', 'parsed', ''),
  ];
  await writeFile(path, lines.join(''));
  const files = await readLedger(path);
  expect([...files.values()].map(({ status }) => status)).toEqual([
    'unfinished',
    'unfinished',
    'unfinished',
    'fallback',
    'fallback',
    'parsed',
  ]);
});
