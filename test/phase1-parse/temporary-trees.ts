// Temporary folders and git repositories whose git knows nothing of the machine's own settings.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Discovery, discover } from '../../src/discover/discover.ts';

export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-test-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Contents by path; a path that ends in `/` is an empty folder. */
export function write(root: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    const absolute = join(root, path);
    if (path.endsWith('/')) {
      mkdirSync(absolute, { recursive: true });
      continue;
    }
    mkdirSync(dirname(absolute), { recursive: true });
    writeFileSync(absolute, content);
  }
}

export function gitEnv(over: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    ...over,
  };
}

export function git(folder: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'protocol.file.allow=always'];
  return execFileSync('git', ['-C', folder, '-c', 'init.defaultBranch=main', ...identity, ...args], {
    env: gitEnv(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** A new repository with these files, not yet added. */
export function repository(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const root = temporaryFolder();
  git(root, 'init', '-q');
  write(root, files);
  return root;
}

export function discoverIn(root: string, over: Partial<Parameters<typeof discover>[1]> = {}): Promise<Discovery> {
  return discover(root, {
    maxFileBytes: 1000,
    indexDir: join(root, '.mcp-vector-search'),
    gitEnv: gitEnv(),
    ...over,
  });
}

export function pathsOf(discovery: Discovery): string[] {
  return discovery.files.map(({ path }) => path);
}

/** Paths left out, by reason. */
export function skipsOf(discovery: Discovery): Record<string, string[]> {
  const byReason: Record<string, string[]> = {};
  for (const { path, reason } of discovery.skipped) {
    byReason[reason] ??= [];
    byReason[reason].push(path);
  }
  return byReason;
}
