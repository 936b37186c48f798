// `tandem/text/manifest.json`: which segments make up the text index, and which state of the chunks they hold.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { errnoOf } from '../core/errors.ts';
import { writeFileAtomic } from '../store/files/atomic-file.ts';
import { readJsonFile } from '../store/files/json-file.ts';
import { newestFirst } from '../store/lance/manifest.ts';
import type { TableHandle } from '../store/lance/table.ts';
import { FORMAT } from './format.ts';

const SEGMENT = v.object({
  name: v.pipe(v.string(), v.regex(/^[0-9a-f-]+\.seg$/)),
  bytes: v.number(),
  crc32: v.number(),
  /** Files of it, by their place, whose chunks are gone or in a later segment. */
  dead: v.array(v.number()),
});

const MANIFEST = v.object({
  schema: v.literal(1),
  format: v.number(),
  /** What `stampOf` said of the chunks when the segments held all of them. */
  chunks: v.string(),
  segments: v.array(SEGMENT),
});

export type SegmentEntry = v.InferOutput<typeof SEGMENT>;
export type TextManifest = v.InferOutput<typeof MANIFEST>;

export const NO_SEGMENTS: TextManifest = { schema: 1, format: FORMAT, chunks: '', segments: [] };

/** One without segments where there is none, or none of this format that can be read: then the index is built again. */
export async function readManifest(textDir: string): Promise<TextManifest> {
  const file = await readJsonFile(manifestPath(textDir), MANIFEST);
  return file.state === 'read' && file.value.format === FORMAT ? file.value : NO_SEGMENTS;
}

export async function writeManifest(textDir: string, manifest: TextManifest): Promise<void> {
  await writeFileAtomic(manifestPath(textDir), `${JSON.stringify(manifest)}\n`);
}

function manifestPath(textDir: string): string {
  return join(textDir, 'manifest.json');
}

/**
 * Equal only while nobody has committed to the table: a hash of its newest manifest, and the version this handle reads.
 * '' while another process is committing.
 */
export async function stampOf(table: TableHandle): Promise<string> {
  const directory = join(table.path, '_versions');
  const names = (await readdir(directory)).filter((name) => /^\d+\.manifest$/.test(name)).sort(newestFirst);
  const head = names[0];
  if (head === undefined) return '';
  try {
    const bytes = await readFile(join(directory, head));
    return `${await table.version()}-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}
