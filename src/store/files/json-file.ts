// Small JSON files with a version: read at the edge by schema, written whole or not at all.
import { copyFile, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, IndexerError, messageOf } from '../../core/errors.ts';
import { forbidden, makeDirectory } from './atomic-file.ts';

const LARGEST_BYTES = 64 * 1024 * 1024;

export type JsonFile<T> =
  | { readonly state: 'absent' }
  | { readonly state: 'damaged'; readonly reason: string }
  | { readonly state: 'read'; readonly value: T };

/**
 * Reads a file whose object carries `"schema": 1`. What cannot be understood is `damaged`, never `absent`; a higher
 * schema throws FORMAT_TOO_NEW, for a newer program's file must not be written over.
 */
export async function readJsonFile<T>(path: string, schema: v.GenericSchema<unknown, T>): Promise<JsonFile<T>> {
  const text = await readBounded(path);
  if (text === null) return { state: 'absent' };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { state: 'damaged', reason: messageOf(error) };
  }
  const version = v.safeParse(v.object({ schema: v.number() }), json);
  if (version.success && version.output.schema > 1) {
    throw new IndexerError(
      'FORMAT_TOO_NEW',
      `${path} has format ${version.output.schema}; this program writes format 1`,
      {
        hint: 'nothing was changed; use the newer version of tandem that wrote it',
      },
    );
  }
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) return { state: 'damaged', reason: parsed.issues[0]?.message ?? 'unexpected content' };
  return { state: 'read', value: parsed.output };
}

async function readBounded(path: string): Promise<string | null> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > LARGEST_BYTES) return '';
    return await file.readFile('utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
    throw forbidden(error, path);
  }
}

/** Keeps a copy of a damaged file before it is written anew. Returns where. */
export async function keepDamaged(path: string, quarantineDir: string): Promise<string> {
  await makeDirectory(quarantineDir);
  const copy = join(quarantineDir, `${basename(path)}-${Date.now()}`);
  await copyFile(path, copy);
  return copy;
}
