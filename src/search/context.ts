// The lines around a hit, from the file as it is now.
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';

const LINES = 3;
const LARGEST_BYTES = 4 * 1024 * 1024;

/** Lines are 1-based and inclusive. A file that is gone, outside the root or not a regular one has no context. */
export async function readContext(
  root: string,
  filePath: string,
  startLine: number,
  endLine: number,
): Promise<{ before: string[]; after: string[] }> {
  const text = await readInside(root, filePath);
  if (text === null) return { before: [], after: [] };
  const lines = text.split(/\r\n|\n|\r/);
  return {
    before: lines.slice(Math.max(0, startLine - 1 - LINES), startLine - 1),
    after: lines.slice(endLine, endLine + LINES),
  };
}

/** Rows may come from a tampered index: nothing outside the root is ever opened. */
async function readInside(root: string, filePath: string): Promise<string | null> {
  try {
    const path = await realpath(join(root, filePath));
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) return null;
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > LARGEST_BYTES) return null;
    return await file.readFile('utf8');
  } catch {
    return null; // context is a courtesy: a vanished or unreadable file simply has none
  }
}
