// JSON files of mcp-vector-search, of which nothing is certain.
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { errnoOf } from '../../core/errors.ts';

/** `{}` where there is none, or none that can be understood. */
export async function readObject(path: string): Promise<Record<string, unknown>> {
  try {
    const parsed = v.safeParse(v.record(v.string(), v.unknown()), JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.output : {};
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error)) || error instanceof SyntaxError) return {};
    throw error;
  }
}
