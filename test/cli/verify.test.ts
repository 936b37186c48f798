// verify over indexes that the program itself made: every rule that it proves is the rule that the phases keep.
import { spawnSync } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RepairReport, VerifyReport } from '../../src/index.ts';
import { spoil } from '../verify/fixture.ts';
import { A, smallProject, tandem, tandemAsNobody } from './care.ts';

function verified(...args: string[]): VerifyReport {
  return JSON.parse(tandem('verify', '--json', ...args).stdout) as VerifyReport;
}

describe('tandem verify', () => {
  test('follows an index through parsing, embedding, edits, damage and repair', async () => {
    await using project = await smallProject();
    await using twin = await smallProject();
    const root = project.path;
    expect(tandem('verify', root)).toMatchObject({ code: 10 });

    expect(tandem('index', root, '--phase=1').code).toBe(0);
    const parsed = tandem('verify', root);
    expect(parsed.code, parsed.stdout).toBe(4);
    expect(parsed.stdout).toMatch(/clean, but not complete.*pending[\s\S]*resume/);

    expect(tandem('index', root).code).toBe(0);
    expect(tandem('verify', root, '--quick')).toMatchObject({ code: 0, stdout: expect.stringMatching(/clean: every/) });

    // Nobody else may read it; who is allowed to read may verify, but neither repair nor index.
    const index = join(root, '.mcp-vector-search');
    for (const entry of ['', ...(await readdir(index, { recursive: true }))])
      expect((await stat(join(index, entry))).mode & 0o077, entry).toBe(0);
    spawnSync('chmod', ['-R', 'a+rX', root]);
    const asNobody = tandemAsNobody('verify', root, '--quick');
    if (asNobody !== null) {
      expect(asNobody).toMatchObject({ code: 0 });
      for (const command of [
        ['verify', root, '--repair'],
        ['index', root],
      ])
        expect(tandemAsNobody(...command)).toMatchObject({ code: 15, stderr: expect.stringMatching(/no permission/) });
    }

    // Chunks that move, change and go.
    await writeFile(join(root, 'src', 'a.py'), `# moved\n\n${A.replace('pass', 'os.sync()')}`);
    await writeFile(join(root, 'src', 'b.ts'), 'export const nothing = 1;\n');
    expect(tandem('index', root).code).toBe(0);
    const report = verified(root);
    expect(report).toMatchObject({ schema: 1, clean: true, complete: true, findings: [] });
    expect(report.chunks.total).toBe(report.vectors);

    for (const name of ['a.py', 'b.ts'])
      await writeFile(join(twin.path, 'src', name), await readFile(join(root, 'src', name)));
    expect(tandem('index', twin.path).code).toBe(0);
    const other = join(twin.path, '.mcp-vector-search');
    expect(tandem('verify', root, '--against', other)).toMatchObject({ code: 0 });

    const chunks = join(root, '.mcp-vector-search', 'lance', 'chunks.lance');
    await spoil(chunks, (table) => table.update({ where: "name = 'read'", values: { content: 'rotten' } }));
    const damaged = tandem('verify', root);
    expect(damaged.code).toBe(12);
    expect(damaged.stdout).toMatch(/damage chunks: 1 × content-hash[\s\S]*src\/a\.py[\s\S]*verify --repair/);

    const repaired = tandem('verify', root, '--repair', '--json');
    expect(repaired.code).toBe(4);
    const repair = JSON.parse(repaired.stdout) as RepairReport;
    expect(repair.actions.map(({ action }) => action)).toContain('files will be parsed again');
    expect(repair.after).toMatchObject({ clean: true, complete: false });
    expect(tandem('status', root, '--exit-code').code).toBe(4);
    expect(tandem('index', root).code).toBe(0);
    expect(tandem('verify', root, '--against', other).code).toBe(0);
    expect(tandem('verify', root, '--repair')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/nothing to repair/),
    });
  });

  test('refuses options that contradict each other', async () => {
    expect(tandem('verify', '--quick', '--full').code).toBe(2);
    expect(tandem('verify', '--quick', '--repair').code).toBe(2);
    expect(tandem('verify', '--repair', '--against', 'x').code).toBe(2);
    expect(tandem('verify', '--repair', '--wait=soon').code).toBe(2);
  });
});
