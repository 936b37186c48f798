// However long a definition is, a hit has at most 100 lines, and they are the ones it names.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { SearchHit } from '../../src/index.ts';
import { done, temporary, write } from '../compat-failures/project.ts';

const numbered = (count: number, line: (n: number) => string) => Array.from({ length: count }, (_, n) => line(n));

test('of a table, a long section and a class with many members', { timeout: 60_000 }, () => {
  const root = temporary();
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const table = numbered(300, (n) => (n === 222 ? "  'zebra'," : `  'n${n}',`));
  write(root, {
    'src/names.ts': `export const NAMES = [\n${table.join('\n')}\n];\n`,
    'docs/list.md': `# Names\n\n${numbered(400, (n) => (n === 333 ? '- okapi' : `- n${n}`)).join('\n')}\n`,
    'src/zoo.py': `class Zoo:\n    """All giraffes."""\n\n${numbered(150, (n) => `    def keeper${n}(self):\n        return ${n}\n`).join('\n')}`,
  });
  done(root, 'index', '-q', '--phase=1');
  for (const [query, path] of [
    ['zebra', 'src/names.ts'],
    ['okapi', 'docs/list.md'],
    ['giraffes', 'src/zoo.py'],
    ['keeper7', 'src/zoo.py'],
  ] as const) {
    const hits = JSON.parse(done(root, 'search', query, '--mode', 'lexical', '-k', '20', '--json')) as SearchHit[];
    expect(hits[0]!.file_path, query).toBe(path);
    for (const hit of hits) {
      expect(hit.content.split('\n').length, hit.location).toBeLessThanOrEqual(100);
      expect(hit.line_count, hit.location).toBeLessThanOrEqual(100);
      expect(hit.end_line - hit.start_line + 1).toBe(hit.line_count);
    }
    if (query === 'keeper7') continue;
    expect(hits[0]!.content, query).toContain(query);
    const lines = readFileSync(join(root, path), 'utf8').split('\n');
    const shown = lines.slice(hits[0]!.start_line - 1, hits[0]!.end_line).join('\n');
    if (query !== 'giraffes') expect(shown).toContain(query);
  }
});
