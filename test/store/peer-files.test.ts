// The small files that mcp-vector-search reads at its start.
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { layoutOf } from '../../src/store/layout.ts';
import { followMove, hasMvsFiles, writeMvsFiles } from '../../src/store/mcp-vector-search/metadata-files.ts';
import { temporaryDirectory } from './make.ts';

test('the root in config.json follows a move, and nothing else in it changes', async () => {
  await using directory = await temporaryDirectory();
  const [before, root] = [join(directory.path, 'before'), join(directory.path, 'after')];
  const old = layoutOf(join(before, '.mcp-vector-search'));
  await mkdir(old.indexDir, { recursive: true });
  const users = { project_root: before, index_path: old.indexDir, embedding_model: 'their/model', own_key: [1] };
  await writeFile(old.mvsConfigFile, JSON.stringify(users));
  await writeMvsFiles(old, { root: before, files: new Map() });
  await followMove(old, before);
  expect(JSON.parse(await readFile(old.mvsConfigFile, 'utf8'))).toEqual(users);
  expect(await hasMvsFiles(old)).toBe(true);

  await rename(before, root);
  const layout = layoutOf(join(root, '.mcp-vector-search'));
  await followMove(layout, root);
  const moved = { ...users, project_root: root, index_path: layout.indexDir };
  expect(JSON.parse(await readFile(layout.mvsConfigFile, 'utf8'))).toEqual(moved);
});

test('another spelling of the root is no move', async () => {
  await using directory = await temporaryDirectory();
  const [root, link] = [join(directory.path, 'root'), join(directory.path, 'link')];
  const layout = layoutOf(join(root, '.mcp-vector-search'));
  await mkdir(layout.indexDir, { recursive: true });
  await symlink(root, link);
  await writeFile(layout.mvsConfigFile, JSON.stringify({ project_root: link }));
  await followMove(layout, root);
  expect(await readFile(layout.mvsConfigFile, 'utf8')).toBe(JSON.stringify({ project_root: link }));
});
