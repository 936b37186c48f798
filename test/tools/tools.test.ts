import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const packageRoot = fileURLToPath(new URL('../../', import.meta.url));

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

// Scripts that run before anything is installed have no types, so they are imported by address.
const testTool: {
  countTests(report: object, exitCode: number): Counts;
  closingLine(counts: Counts): string;
} = await import(new URL('../../tools/test.mjs', import.meta.url).href);
const setupTool: { isInstalled(): boolean } = await import(new URL('../../tools/setup.mjs', import.meta.url).href);

describe('the count at the end of npm test', () => {
  const file = (status: string, ...tests: string[]) => ({
    status,
    assertionResults: tests.map((each) => ({ status: each })),
  });
  const report = (part: object) => ({
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
    ...part,
  });

  it('is what vitest counted', () => {
    const counted = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 };
    const testResults = [file('failed', 'passed', 'failed')];
    expect(testTool.countTests(report({ ...counted, testResults }), 1)).toEqual({ passed: 5, failed: 1, skipped: 3 });
  });

  it('takes a file that did not load for a failure', () => {
    const testResults = [file('failed'), file('passed', 'passed')];
    expect(testTool.countTests(report({ numPassedTests: 1, testResults }), 1)).toMatchObject({ passed: 1, failed: 1 });
  });

  it('never hides that vitest itself failed', () => {
    expect(testTool.countTests(report({ numPassedTests: 3 }), 1)).toMatchObject({ failed: 1 });
    expect(testTool.countTests(report({ numPassedTests: 3 }), 0)).toMatchObject({ failed: 0 });
  });

  it('is one plain line', () => {
    expect(testTool.closingLine({ passed: 7, failed: 0, skipped: 0 })).toBe('7 passed, 0 failed');
    expect(testTool.closingLine({ passed: 7, failed: 1, skipped: 2 })).toBe('7 passed, 1 failed, 2 skipped');
  });
});

describe('the test against the real mcp-vector-search', () => {
  const compat = (path: string, ...args: string[]) =>
    spawnSync(process.execPath, [join(packageRoot, 'tools/compat.mjs'), ...args], {
      env: { ...process.env, PATH: path, XDG_CACHE_HOME: join(path, 'cache'), TANDEM_PEER: '' },
      encoding: 'utf8',
    });

  it('says why it is skipped and counts what is, where there is no Python', () => {
    const empty = mkdtempSync(join(tmpdir(), 'tandem-tools-'));
    const { status, stdout } = compat(empty);
    rmSync(empty, { recursive: true });
    expect(stdout).toContain('cannot be run: there is no Python');
    expect(stdout).toMatch(/\n0 passed, 0 failed, 10 skipped\n$/);
    expect([status, stdout.match(/^skipped: /gm)?.length]).toEqual([0, 10]);
  });

  it('does not pass over one that was named and is not there', () => {
    const run = compat(process.env.PATH ?? '', '--peer=/nowhere/mcp-vector-search');
    expect(run).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('/nowhere/mcp-vector-search is not there'),
    });
  });
});

describe('the installation', () => {
  it('is recognised as complete', () => {
    expect(setupTool.isInstalled()).toBe(true);
  });

  it.each(['@huggingface/transformers', '@huggingface/tokenizers', 'onnxruntime-node', 'apache-arrow'])(
    'has a single copy of %s',
    (name) => {
      const copies = readdirSync(join(packageRoot, 'node_modules'), { recursive: true, encoding: 'utf8' }).filter(
        (path) => `/${path.replaceAll('\\', '/')}`.endsWith(`/${name}/package.json`),
      );
      expect(copies).toHaveLength(1);
    },
  );
});

describe('the lockfile', () => {
  const { packages }: { packages: Record<string, { optionalDependencies?: Record<string, string> }> } = JSON.parse(
    readFileSync(join(packageRoot, 'package-lock.json'), 'utf8'),
  );

  it('holds the packages of other platforms too, without which npm ci refuses it on every platform', () => {
    const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    expect(
      wanted.filter((name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`))),
    ).toEqual([]);
  });
});

describe('NOTICE', () => {
  const notice = readFileSync(join(packageRoot, 'NOTICE'), 'utf8');
  const manifest: { grammars: { package: string }[] } = JSON.parse(
    readFileSync(join(packageRoot, 'src/languages/grammars.json'), 'utf8'),
  );
  const bundled = [...new Set(manifest.grammars.map((grammar) => grammar.package))];

  it.each([...bundled, 'web-tree-sitter'])('names %s with its copyright line, as its licence asks', (name) => {
    const bundledLicence = join(packageRoot, 'grammars', `LICENSE.${name.replaceAll('/', '-')}`);
    const installedLicence = join(packageRoot, 'node_modules', name, 'LICENSE');
    const licence = readFileSync(bundled.includes(name) ? bundledLicence : installedLicence, 'utf8');
    const copyrights = [...licence.matchAll(/^Copyright \(c\) .*$/gm)].map(([line]) => line);
    expect(notice).toContain(name);
    // Only the MIT License asks for the line; the others that are here have none.
    if (licence.includes('Permission is hereby granted, free of charge')) expect(copyrights).not.toEqual([]);
    else expect(licence).toMatch(/Apache License|unencumbered software released into the public domain/);
    for (const copyright of copyrights) expect(notice).toContain(copyright);
  });

  it('names the model', () => {
    expect(notice).toContain('sentence-transformers/all-MiniLM-L6-v2, Apache License 2.0');
  });
});
