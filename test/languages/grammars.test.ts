import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GRAMMARS_DIR, loadBuiltInLanguages, readGrammarManifest } from '../../src/languages/load.ts';

describe('the manifest of grammars', () => {
  it.each(readGrammarManifest())('describes $file as it was built, and its licence lies beside it', (record) => {
    const bytes = readFileSync(new URL(record.file, GRAMMARS_DIR));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(record.sha256);
    expect(existsSync(new URL(`LICENSE.${record.package.replaceAll('/', '-')}`, GRAMMARS_DIR))).toBe(true);
    expect(record.abi).toBeGreaterThanOrEqual(13);
  });

  it('has no grammar that no language uses', () => {
    const used = new Set(loadBuiltInLanguages().map((language) => language.grammar?.path.split(/[\\/]/).at(-1)));
    expect(readGrammarManifest().filter((record) => !used.has(record.file))).toEqual([]);
  });
});

describe('unpacking grammars', () => {
  it('refuses a file that is not the one recorded, and names both', () => {
    const script = fileURLToPath(new URL('../../tools/grammars.mjs', import.meta.url));
    const [record] = readGrammarManifest();
    const altered = JSON.stringify([{ ...record, sha256: '0'.repeat(64) }]);
    const code = `import(${JSON.stringify(pathToFileURL(script).href)}).then((m) => m.unpackGrammars(${altered}))`;
    const { status, stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain(
      `${record!.file} of ${record!.package} ${record!.version} has SHA-256 ${record!.sha256}, but ${'0'.repeat(64)}`,
    );
  });
});
