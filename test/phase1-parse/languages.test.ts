// Walks fixtures/languages/<id>/<case>/: parses `input.*` and compares with `expected.json`. `vitest run -u` rewrites the
// expectations; read what changed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import { type ParsedContent, parseFile } from '../../src/phase1-parse/parse-file.ts';
import { openSyntax } from '../../src/phase1-parse/syntax.ts';

const root = new URL('../../fixtures/languages/', import.meta.url);
const syntax = await openSyntax();
const cases = readdirSync(root).flatMap((id) => readdirSync(new URL(`${id}/`, root)).map((name) => `${id}/${name}`));

describe('fixtures of languages', () => {
  it.each(cases)('%s', async (name) => {
    const folder = new URL(`${name}/`, root);
    const input = readdirSync(folder).find((file) => file.startsWith('input.'))!;
    const expected = fileURLToPath(new URL('expected.json', folder));
    const content = await parseFile(input, readFileSync(new URL(input, folder)), syntax);
    await expect(readable(content)).toMatchFileSnapshot(expected);
  });

  it.each(syntax.languages.languages)('there are two cases or more of $id, one of them broken', ({ id }) => {
    const own = cases.filter((name) => name.startsWith(`${id}/`));
    expect(own.length).toBeGreaterThanOrEqual(2);
    expect(own).toContain(`${id}/broken`);
    for (const name of own) expect(existsSync(new URL(`${name}/expected.json`, root)), name).toBe(true);
  });
});

/** Ids are hashes: a parent is named by its position instead. */
function readable({ status, reason, chunks }: ParsedContent): string {
  const position = new Map(chunks.map((chunk, index) => [chunk.chunkId, index]));
  const show = ({ chunkId, contentHash, filePath, parentChunkId, content, ...rest }: Chunk) => ({
    ...rest,
    parent: parentChunkId === null ? null : position.get(parentChunkId),
    content: content.split('\n'),
  });
  return `${JSON.stringify({ status, reason, chunks: chunks.map(show) }, null, 2)}\n`;
}
