// `tandem mcp install` in a home of its own, as a user types it; and the client that it connected speaks to the program.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { parse } from 'smol-toml';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CLIENTS } from '../../src/connect/clients.ts';
import { bin } from '../compat-failures/project.ts';
import { temporaryTree } from '../config/temporary.ts';

interface Change {
  readonly client: string;
  readonly file: string;
  readonly change: string;
  readonly backup: string | null;
}

function inHome(home: string, cwd: string, ...args: string[]) {
  const run = spawnSync(process.execPath, [bin, 'mcp', ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: home },
  });
  const json = () => JSON.parse(run.stdout) as { changes: Change[]; failures: { client: string; message: string }[] };
  return { code: run.status, stdout: run.stdout, stderr: run.stderr, json };
}

it('connects the clients that are there, once, and what it wrote starts a server that answers', async () => {
  const home = temporaryTree({ '.cursor/': '', '.codex/config.toml': '# mine\nmodel = "x"\n', '.gemini/': '' });
  const first = inHome(home, home, 'install', '--json').json();
  expect(first.failures).toEqual([]);
  expect(new Set(first.changes.map(({ client }) => client))).toEqual(new Set(['cursor', 'codex', 'gemini']));
  expect(first.changes.every(({ change }) => change === 'added' || change === 'changed')).toBe(true);
  const again = inHome(home, home, 'install', '--json').json();
  expect(again.changes.every(({ change }) => change === 'unchanged')).toBe(true);

  const settings = JSON.parse(readFileSync(join(home, '.cursor/mcp.json'), 'utf8'));
  const { command, args } = settings.mcpServers.tandem as { command: string; args: string[] };
  const toml = parse(readFileSync(join(home, '.codex/config.toml'), 'utf8')) as unknown as {
    mcp_servers: { tandem: { command: string; args: string[] } };
  };
  expect([toml.mcp_servers.tandem.command, toml.mcp_servers.tandem.args]).toEqual([command, args]);
  const client = new Client({ name: 'test', version: '1' }, {});
  await client.connect(
    new StdioClientTransport({ command, args, cwd: temporaryTree({ 'a.py': '' }), stderr: 'ignore' }),
  );
  onTestFinished(() => client.close());
  expect((await client.listTools()).tools).toHaveLength(6);

  const gone = inHome(home, home, 'uninstall', '--json').json();
  expect(gone.changes.filter(({ change }) => change === 'removed').map(({ client: id }) => id)).toHaveLength(
    first.changes.length,
  );
  expect(readFileSync(join(home, '.codex/config.toml'), 'utf8')).toBe('# mine\nmodel = "x"\n');
  expect(
    inHome(home, home, 'uninstall', '--json')
      .json()
      .changes.every(({ change }) => change === 'absent'),
  ).toBe(true);
});

describe.each(CLIENTS.map(({ id }) => id))('%s', (id) => {
  it('gets an entry that can be taken back, or is only shown', () => {
    const home = temporaryTree();
    const dry = inHome(home, home, 'install', '--client', id, '--dry-run', '--json').json();
    expect(dry.changes[0]).toMatchObject({ client: id, change: 'added', backup: null });
    expect(statSync(dry.changes[0]!.file, { throwIfNoEntry: false })).toBeUndefined();
    const [made] = inHome(home, home, 'install', '--client', id, '--json').json().changes;
    expect(readFileSync(made!.file, 'utf8')).toContain('tandem.js');
    expect(inHome(home, home, 'install', '--client', id, '--print').stdout).toContain(
      readFileSync(made!.file, 'utf8').trim(),
    );
    const [gone] = inHome(home, home, 'uninstall', '--client', id, '--json').json().changes;
    expect(gone).toMatchObject({ change: 'removed', file: made!.file });
    expect(readFileSync(made!.file, 'utf8')).not.toContain('tandem');
  });
});

describe('a file of settings', () => {
  it('is kept beside the new one, with its mode, and where a link leads', () => {
    const home = temporaryTree({ 'dotfiles/zed.json': '// mine\n{\n  "theme": "One"\n}\n', '.config/zed/': '' });
    const [real, link] = [join(home, 'dotfiles/zed.json'), join(home, '.config/zed/settings.json')];
    chmodSync(real, 0o640);
    symlinkSync(real, link);
    const [change] = inHome(home, home, 'install', '--json').json().changes;
    expect(change).toMatchObject({ file: real, change: 'changed', backup: `${real}.before-tandem` });
    expect(readFileSync(`${real}.before-tandem`, 'utf8')).toBe('// mine\n{\n  "theme": "One"\n}\n');
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect(readFileSync(link, 'utf8')).toMatch(/^\/\/ mine\n/);
    inHome(home, home, 'uninstall');
    expect(readFileSync(link, 'utf8')).toContain('"theme": "One"');
  });

  it('that cannot be understood is left as it is, and the others are still connected', () => {
    const home = temporaryTree({ '.cursor/mcp.json': '{ broken', '.gemini/': '' });
    const { code, json } = inHome(home, home, 'install', '--json');
    expect([code, json().failures.map(({ client }) => client)]).toEqual([3, ['cursor']]);
    expect(json().failures[0]?.message).toContain('mcp.json is not valid JSON (line 1');
    expect(readFileSync(join(home, '.cursor/mcp.json'), 'utf8')).toBe('{ broken');
    expect(readFileSync(join(home, '.gemini/settings.json'), 'utf8')).toContain('tandem');
  });
});

it('a project has its own files, for all who work on it, and three lines in AGENTS.md', () => {
  const home = temporaryTree({ '.cursor/': '', '.claude/': '', '.codeium/windsurf/': '' });
  const project = temporaryTree({ '.git/HEAD': '', 'AGENTS.md': '# Rules\n\nBe kind.\n', 'src/': '' });
  const { code, json, stderr } = inHome(
    home,
    join(project, 'src'),
    'install',
    '--scope',
    'project',
    '--agents-md',
    '--json',
  );
  expect([code, stderr]).toEqual([0, '']);
  expect(json().changes.map(({ file }) => file.slice(project.length + 1))).toEqual([
    '.mcp.json',
    '.claude/skills/tandem/SKILL.md',
    '.cursor/mcp.json',
    '.cursor/skills/tandem/SKILL.md',
    'AGENTS.md',
  ]);
  const text = readFileSync(join(project, '.mcp.json'), 'utf8');
  expect(text).toContain('"npx"');
  expect(text).not.toContain(home); // nobody else has these paths
  const lines = readFileSync(join(project, 'AGENTS.md'), 'utf8');
  expect(lines.startsWith('# Rules\n\nBe kind.\n\n')).toBe(true);
  expect(lines.match(/^- /gm)).toHaveLength(3);
  inHome(home, project, 'install', '--scope', 'project', '--agents-md');
  expect(readFileSync(join(project, 'AGENTS.md'), 'utf8')).toBe(lines);
  inHome(home, project, 'uninstall', '--scope', 'project', '--agents-md');
  expect(readFileSync(join(project, 'AGENTS.md'), 'utf8')).toBe('# Rules\n\nBe kind.\n');
});

it.each([
  [['install', '--client', 'curser'], /Did you mean cursor/],
  [['install'], /no agent or editor/],
  [['install', '--scope', 'project', '--client', 'windsurf'], /windsurf/],
])('%j says what is wrong', (args, message) => {
  const home = temporaryTree();
  mkdirSync(join(home, 'p'));
  writeFileSync(join(home, 'p/a.py'), '');
  const { code, stderr } = inHome(home, join(home, 'p'), ...args);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(message);
});
