// Our index and mcp-vector-search over the same tables in turn, with every kind of edit between: after each run of ours
// `verify` finds nothing. What mcp-vector-search does is written here as it does it: chunks of a renamed file are moved in
// place, changed files lose their rows and get new ones with vectors of their own, and those of vanished files stay.
import { appendFile, chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import { indexProject } from '../../src/operations/index.ts';
import { verifyIndex } from '../../src/operations/verify.ts';
import { openForWriting } from '../../src/run/open-index.ts';
import { quoted } from '../../src/store/tables/sql.ts';
import { sha256, temporaryDirectory, vectorOf } from '../store/make.ts';
import { INDEX } from './make-old.ts';

function configOf(root: string): Config {
  return {
    root,
    indexDir: join(root, INDEX),
    workers: 1,
    checkpointInterval: 20,
    maxFileBytes: 2 ** 21,
    include: [],
    exclude: [],
    allowSecrets: false,
    durability: 'fast',
    modelDir: new URL('../../models/all-MiniLM-L6-v2', import.meta.url).pathname,
    cache: null,
  };
}

async function ours(root: string) {
  await using index = await openForWriting(configOf(root), {});
  return await indexProject(index, { phase: 1 });
}

async function theirs(root: string): Promise<void> {
  const connection = await connect(join(root, INDEX, 'lance'));
  const [chunks, vectors] = [await connection.openTable('chunks'), await connection.openTable('vectors')];
  const stored = new Map<string, string>();
  for (const row of await chunks.query().select(['file_path', 'file_hash']).toArray())
    stored.set(String(row.file_path), String(row.file_hash));
  const found = new Map<string, string>();
  for (const entry of await readdir(root, { recursive: true })) {
    if (entry.endsWith('.py')) found.set(entry, sha256(await readFile(join(root, entry), 'utf8')));
  }
  for (const [path, hash] of found) {
    if (stored.get(path) === hash) continue;
    const before = [...stored].find(([old, oldHash]) => oldHash === hash && !found.has(old))?.[0];
    if (before !== undefined) {
      for (const table of [chunks, vectors])
        await table.update({ where: `file_path = ${quoted(before)}`, values: { file_path: path } });
      continue;
    }
    await chunks.delete(`file_path = ${quoted(path)}`); // its vectors stay
    const text = await readFile(join(root, path), 'utf8');
    const names = [...text.matchAll(/^def (\w+)/gm)].map((match) => match[1] ?? '');
    const common = (name: string) => ({
      chunk_id: sha256(`${path} ${name} ${hash}`).slice(0, 16),
      file_path: path,
      content: `def ${name}`,
      language: 'python',
      start_line: text.slice(0, text.indexOf(`def ${name}`)).split('\n').length,
      end_line: text.slice(0, text.indexOf(`def ${name}`)).split('\n').length + 1,
      chunk_type: 'function',
      name,
      hierarchy_path: name,
      embedding_batch_id: 0,
    });
    const none = { parent_name: '', docstring: '', signature: '', last_author: '', last_modified: '', commit_hash: '' };
    const numbers = { start_char: 0, end_char: 0, complexity: 1, token_count: 2 };
    const rest = { calls: [], imports: [], inherits_from: [], created_at: '', updated_at: '', error_message: '' };
    const state = { file_hash: hash, embedding_status: 'complete' };
    await chunks.add(names.map((name) => ({ ...common(name), ...none, ...numbers, ...rest, ...state })));
    const own = { function_name: '', class_name: '', project_name: '', embedded_at: '' };
    const model = { model_version: 'sentence-transformers/all-MiniLM-L6-v2' };
    await vectors.add(
      names.map((name) => {
        const { embedding_batch_id: _, ...columns } = common(name);
        return { ...columns, ...own, ...model, vector: Array.from(vectorOf(columns.chunk_id)) };
      }),
    );
  }
  connection.close();
}

const EDITS: Readonly<Record<string, (root: string) => Promise<void>>> = {
  rename: (root) => rename(join(root, 'a.py'), join(root, 'renamed.py')),
  move: async (root) => {
    await mkdir(join(root, 'deep/er'), { recursive: true });
    await rename(join(root, 'b.py'), join(root, 'deep/er/b.py'));
  },
  copy: (root) => cp(join(root, 'c.py'), join(root, 'copy.py')),
  delete: (root) => rm(join(root, 'd.py')),
  case: async (root) => {
    await rename(join(root, 'e.py'), join(root, 'E.tmp'));
    await rename(join(root, 'E.tmp'), join(root, 'E.py'));
  },
  mode: (root) => chmod(join(root, 'f.py'), 0o755),
  content: (root) => appendFile(join(root, 'g.py'), '\n\ndef added():\n    return 9\n'),
};

test.each(Object.keys(EDITS).flatMap((edit) => [[edit, true] as const, [edit, false] as const]))(
  'after a %s, mcp-vector-search first: %s',
  async (edit, theirsFirst) => {
    await using directory = await temporaryDirectory();
    const root = directory.path;
    for (const name of 'abcdefg') {
      const text = `def ${name}_one():\n    return 1\n\n\ndef ${name}_two():\n    return 2\n`;
      await writeFile(join(root, `${name}.py`), text);
    }
    await ours(root);
    await EDITS[edit]!(root);
    for (const program of theirsFirst ? [theirs, ours] : [ours, theirs, ours]) {
      await program(root);
      if (program === ours) expect((await verifyIndex(configOf(root))).findings).toEqual([]);
    }
    const { files } = await ours(root);
    expect(files).toMatchObject({ added: 0, changed: 0, removed: 0 });
    expect((await verifyIndex(configOf(root))).findings).toEqual([]);
  },
);
