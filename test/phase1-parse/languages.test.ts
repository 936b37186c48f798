// Walks fixtures/languages/<id>/<case>/: parses `input.*` and compares with `expected.json`. `vitest run -u` rewrites the
// expectations; read what changed.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import { EVERYTHING } from '../../src/discover/selection.ts';
import type { ParsedContent } from '../../src/phase1-parse/chunk/types.ts';
import { parseFile } from '../../src/phase1-parse/parse-file.ts';
import { chunkerVersion } from '../../src/phase1-parse/run.ts';
import { openSyntax } from '../../src/phase1-parse/syntax/syntax.ts';

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

  // A file is parsed again only if the version in its record is another one.
  it('what they give has not changed since the chunker got its version', () => {
    const hash = createHash('sha256');
    for (const name of cases.toSorted()) hash.update(readFileSync(new URL(`${name}/expected.json`, root)));
    const recorded = JSON.parse(readFileSync(new URL('../chunker.json', root), 'utf8'));
    const now = { version: chunkerVersion({ ...EVERYTHING, allowSecrets: false }), fixtures: hash.digest('hex') };
    expect(now, 'raise CHUNKER_VERSION if a chunk changed, then record this in fixtures/chunker.json').toEqual(
      recorded,
    );
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
