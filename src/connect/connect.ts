// Connects agents and editors with `tandem mcp`, and disconnects them: an entry in their own settings, and a skill.
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { packageRoot } from '../config/package.ts';
import type { UserFolders } from '../config/user-folders.ts';
import { errnoOf, IndexerError } from '../core/errors.ts';
import { withAgentLines, withoutAgentLines } from './agents-md.ts';
import { CLIENTS, type Client, ENTRY, type Start } from './clients.ts';
import { withJsonEntry, withoutJsonEntry } from './edit-json.ts';
import { withoutTomlEntry, withTomlEntry } from './edit-toml.ts';

export interface ConnectOptions {
  readonly folders: UserFolders;
  /** The root of a project, for its own files; null for the user's. */
  readonly project: string | null;
  readonly start: Start;
  readonly dryRun: boolean;
}

/** What was done to one file, or would be. Keys as they are printed. */
export interface FileChange {
  readonly client: string;
  readonly file: string;
  readonly change: 'added' | 'changed' | 'unchanged' | 'removed' | 'absent';
  /** Where the file is kept as it was before; null if it is new, or was not changed. */
  readonly backup: string | null;
  /** Its text now, or as it would be. */
  readonly text: string;
}

const SKILL_SOURCE = join(packageRoot, 'skills', 'tandem', 'SKILL.md');

/** The clients that this user has. */
export function presentClients(folders: UserFolders): Client[] {
  return CLIENTS.filter(({ traces }) => traces(folders).some((path) => existsSync(path)));
}

/** Errors: USAGE for a client that has no such file; CONFIG_INVALID for a file that cannot be edited; NOT_WRITABLE. */
export async function connect(client: Client, options: ConnectOptions): Promise<FileChange[]> {
  const file = settingsFile(client, options);
  const path = [...client.keys, ENTRY];
  const add = client.format === 'json' ? withJsonEntry : withTomlEntry;
  const settings = await change(client.id, file, options.dryRun, (text) =>
    add(text, path, client.entry(options.start), file),
  );
  const skill = skillFile(client, options);
  if (skill === null) return [settings];
  const wanted = await readFile(SKILL_SOURCE, 'utf8');
  return [settings, await change(client.id, skill, options.dryRun, () => wanted)];
}

/** Errors: as above. */
export async function disconnect(client: Client, options: ConnectOptions): Promise<FileChange[]> {
  const file = settingsFile(client, options);
  const path = [...client.keys, ENTRY];
  const remove = client.format === 'json' ? withoutJsonEntry : withoutTomlEntry;
  const settings = await change(client.id, file, options.dryRun, (text) => remove(text, path, file), true);
  const skill = skillFile(client, options);
  return skill === null ? [settings] : [settings, await removeSkill(client, skill, options.dryRun)];
}

/** Puts the three lines into AGENTS.md of a project, or takes them out. */
export function changeAgentsMd(root: string, removes: boolean, dryRun: boolean): Promise<FileChange> {
  const edit = removes ? withoutAgentLines : withAgentLines;
  return change('agents-md', join(root, 'AGENTS.md'), dryRun, edit, removes);
}

/** What a user adds by hand, as the file would be if there was nothing else in it. */
export function printed(client: Client, start: Start): string {
  const path = [...client.keys, ENTRY];
  const add = client.format === 'json' ? withJsonEntry : withTomlEntry;
  return add('', path, client.entry(start), '');
}

function settingsFile(client: Client, { folders, project }: ConnectOptions): string {
  if (project === null) return client.userFile(folders);
  if (client.projectFile !== null) return join(project, client.projectFile);
  throw new IndexerError('USAGE', `${client.title} has no settings of a project`, { hint: 'leave --project out' });
}

function skillFile({ skills }: Client, { folders, project }: ConnectOptions): string | null {
  if (skills === null) return null;
  return join(project === null ? skills.user(folders) : join(project, skills.project), ENTRY, 'SKILL.md');
}

async function change(
  client: string,
  named: string,
  dryRun: boolean,
  edit: (text: string) => string | Promise<string>,
  removes = false,
): Promise<FileChange> {
  // Settings are often links into a folder under version control.
  const file = await realpath(named).catch(() => named);
  const before = await readFile(file, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  const bom = before?.startsWith('\uFEFF') ? '\uFEFF' : '';
  const old = (before ?? '').slice(bom.length);
  const text = removes && before === null ? '' : await edit(old);
  if (text === old) {
    return { client, file, change: removes ? 'absent' : 'unchanged', backup: null, text };
  }
  const backup = before === null ? null : `${file}.before-tandem`;
  if (!dryRun) await write(file, bom + text, backup);
  return { client, file, change: removes ? 'removed' : before === null ? 'added' : 'changed', backup, text };
}

/** Whole or not at all; with the mode that it had, for it may hold keys. */
async function write(file: string, text: string, backup: string | null): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const mode = backup === null ? null : (await stat(file)).mode & 0o777;
  if (backup !== null) {
    await copyFile(file, backup);
    await chmod(backup, mode!);
  }
  const next = `${file}.tandem-${process.pid}`;
  try {
    await writeFile(next, text, { mode: mode ?? 0o600, flag: 'wx' });
    if (mode !== null) await chmod(next, mode);
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}

/** Only a skill of this name. */
async function removeSkill(client: Client, file: string, dryRun: boolean): Promise<FileChange> {
  const text = await readFile(file, 'utf8').catch(() => null);
  const isOurs = text !== null && /^name: tandem$/m.test(text);
  if (isOurs && !dryRun) {
    await rm(file);
    await rm(dirname(file), { recursive: false }).catch(() => undefined); // other files are in it
  }
  return { client: client.id, file, change: isOurs ? 'removed' : 'absent', backup: null, text: '' };
}
