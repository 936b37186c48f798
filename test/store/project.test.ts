// Whose index it is: refused for another project, followed where the project itself moved or was copied.
import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { layoutOf } from '../../src/store/layout.ts';
import { openLedger } from '../../src/store/ledger.ts';
import { recordProject, refuseOtherProject } from '../../src/store/project.ts';
import { temporaryDirectory } from './make.ts';

/** Two projects, `a` with an index for it in `index` beside both. */
async function twoProjects(place: string, index = join(place, 'index')) {
  const [a, b] = [join(place, 'a'), join(place, 'b')];
  for (const root of [a, b]) await mkdir(root, { recursive: true });
  const layout = layoutOf(index);
  await mkdir(layout.tandemDir, { recursive: true });
  await recordProject(layout, a);
  return { a, b, layout };
}

/** As if the disk that the root was on were not mounted now. */
async function recordAnotherDevice(projectFile: string): Promise<void> {
  const project = JSON.parse(await readFile(projectFile, 'utf8'));
  await writeFile(projectFile, JSON.stringify({ ...project, folder: { ...project.folder, device: '987654' } }));
}

const refusal = (words: RegExp) =>
  expect.objectContaining({ code: 'OTHER_PROJECT', message: expect.stringMatching(words) });

describe('an index outside of the projects', () => {
  test('is of the project that it was made for', async () => {
    await using place = await temporaryDirectory();
    const { a, b, layout } = await twoProjects(place.path);
    expect(await refuseOtherProject(layout, a)).toBeNull();
    await expect(refuseOtherProject(layout, b)).rejects.toEqual(refusal(/is of the project .*a, which still exists/));
  });

  test('follows a project that was renamed, also where another one stands at its old place', async () => {
    await using place = await temporaryDirectory();
    const { a, b, layout } = await twoProjects(place.path);
    const moved = join(place.path, 'moved');
    await rename(a, moved);
    await mkdir(a);
    expect(await refuseOtherProject(layout, moved)).toBeNull();
    await expect(refuseOtherProject(layout, b)).rejects.toEqual(refusal(/still exists/));
  });

  test('is of whoever comes next once its project was removed', async () => {
    await using place = await temporaryDirectory();
    const { a, b, layout } = await twoProjects(place.path);
    await rm(a, { recursive: true });
    expect(await refuseOtherProject(layout, b)).toBe(a);
    await recordProject(layout, b);
    await mkdir(a);
    expect(await refuseOtherProject(layout, b)).toBeNull();
    await expect(refuseOtherProject(layout, a)).rejects.toEqual(refusal(/of the project .*b, which/));
  });

  test('stays with a project on a disk that is not mounted, unless its files are here', async () => {
    await using place = await temporaryDirectory();
    const { a, b, layout } = await twoProjects(place.path);
    await recordAnotherDevice(layout.projectFile);
    await rm(a, { recursive: true });
    const ledger = await openLedger(layout.ledgerFile);
    const record = { stamp: { size: 1, mtimeNs: '1', ctimeNs: '1', ino: '1' }, sha256: '0', chunkCount: 1 } as const;
    const rest = { status: 'parsed', reason: '', chunker: '' } as const;
    await ledger.append([{ path: 'x.py', ...record, ...rest }], []);
    await expect(refuseOtherProject(layout, b)).rejects.toEqual(refusal(/cannot be seen now/));
    await writeFile(join(b, 'x.py'), 'x = 1\n');
    expect(await refuseOtherProject(layout, b)).toBe(a);
  });

  test('knows its project by a link to it', async () => {
    await using place = await temporaryDirectory();
    const { a, layout } = await twoProjects(place.path);
    await symlink(a, join(place.path, 'link'));
    expect(await refuseOtherProject(layout, join(place.path, 'link'))).toBeNull();
  });
});

describe('an index inside its project', () => {
  test('goes with a copy of it', async () => {
    await using place = await temporaryDirectory();
    const { a, layout } = await twoProjects(place.path, join(place.path, 'a', '.mcp-vector-search'));
    const copy = join(place.path, 'copy');
    await cp(a, copy, { recursive: true });
    expect(await refuseOtherProject(layoutOf(join(copy, '.mcp-vector-search')), copy)).toBeNull();
    const within = join(a, 'copy');
    await cp(copy, within, { recursive: true });
    expect(await refuseOtherProject(layoutOf(join(within, '.mcp-vector-search')), within)).toBeNull();
    expect(await refuseOtherProject(layout, a)).toBeNull();
  });

  test('is not that of a folder in it, nor of one around it', async () => {
    await using place = await temporaryDirectory();
    const { a, layout } = await twoProjects(place.path, join(place.path, 'a', '.mcp-vector-search'));
    await mkdir(join(a, 'part'));
    await expect(refuseOtherProject(layout, join(a, 'part'))).rejects.toEqual(refusal(/still exists/));
    await expect(refuseOtherProject(layout, place.path)).rejects.toEqual(refusal(/still exists/));
  });
});

test('an index that only mcp-vector-search wrote is of the root in its settings', async () => {
  await using place = await temporaryDirectory();
  const { a, b, layout } = await twoProjects(place.path);
  await rm(layout.projectFile);
  expect(await refuseOtherProject(layout, b)).toBeNull();
  await writeFile(layout.mvsConfigFile, JSON.stringify({ project_root: a, index_path: layout.indexDir }));
  await expect(refuseOtherProject(layout, b)).rejects.toEqual(refusal(/still exists/));
  await recordProject(layout, b);
  expect(await refuseOtherProject(layout, b), 'our own record counts before them').toBeNull();
});
