// The agents and editors that can be connected: where each keeps its settings, and what an entry looks like there.
import { join } from 'node:path';
import type { UserFolders } from '../config/user-folders.ts';

/** How the client starts us. */
export interface Start {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Client {
  /** As given to `--client`. */
  readonly id: string;
  readonly title: string;
  readonly format: 'json' | 'toml';
  /** The user's settings file. */
  readonly userFile: (folders: UserFolders) => string;
  /** The file of a project, relative to its root; null where there is none. */
  readonly projectFile: string | null;
  /** The user has this client if this folder or file is there. */
  readonly traces: (folders: UserFolders) => readonly string[];
  /** Keys on the way to the entries. */
  readonly keys: readonly string[];
  readonly entry: (start: Start) => Readonly<Record<string, unknown>>;
  /** Folder of skills, for the user and for a project; null where the client has none. */
  readonly skills: { readonly user: (folders: UserFolders) => string; readonly project: string } | null;
  /** What to do that a file cannot. */
  readonly note?: string;
}

const plain = ({ command, args }: Start) => ({ command, args: [...args] });
const typed = (start: Start) => ({ type: 'stdio', ...plain(start) });
const claudeFolder = ({ home, named }: UserFolders) => named.CLAUDE_CONFIG_DIR ?? join(home, '.claude');
const codexFolder = ({ home, named }: UserFolders) => named.CODEX_HOME ?? join(home, '.codex');
const copilotFolder = ({ home, named }: UserFolders) => named.COPILOT_HOME ?? join(home, '.copilot');

const zedFolder = ({ xdgConfig }: UserFolders) => join(xdgConfig, process.platform === 'win32' ? 'Zed' : 'zed');

export const CLIENTS: readonly Client[] = [
  {
    id: 'claude-code',
    title: 'Claude Code',
    format: 'json',
    userFile: ({ home, named }) => join(named.CLAUDE_CONFIG_DIR ?? home, '.claude.json'),
    projectFile: '.mcp.json',
    traces: (folders) => [claudeFolder(folders), join(folders.home, '.claude.json')],
    keys: ['mcpServers'],
    entry: typed,
    skills: { user: (folders) => join(claudeFolder(folders), 'skills'), project: '.claude/skills' },
  },
  {
    id: 'claude-desktop',
    title: 'Claude Desktop',
    format: 'json',
    userFile: ({ config }) => join(config, 'Claude', 'claude_desktop_config.json'),
    projectFile: null,
    traces: ({ config }) => [join(config, 'Claude')],
    keys: ['mcpServers'],
    entry: plain,
    skills: null,
    note: 'it starts servers outside of any project: name yours with -p',
  },
  {
    id: 'cursor',
    title: 'Cursor',
    format: 'json',
    userFile: ({ home }) => join(home, '.cursor', 'mcp.json'),
    projectFile: '.cursor/mcp.json',
    traces: ({ home }) => [join(home, '.cursor')],
    keys: ['mcpServers'],
    entry: plain,
    skills: { user: ({ home }) => join(home, '.cursor', 'skills'), project: '.cursor/skills' },
  },
  {
    id: 'codex',
    title: 'Codex',
    format: 'toml',
    userFile: (folders) => join(codexFolder(folders), 'config.toml'),
    projectFile: '.codex/config.toml',
    traces: (folders) => [codexFolder(folders)],
    keys: ['mcp_servers'],
    entry: plain,
    skills: { user: (folders) => join(codexFolder(folders), 'skills'), project: '.agents/skills' },
  },
  {
    id: 'vscode',
    title: 'VS Code',
    format: 'json',
    userFile: ({ config }) => join(config, 'Code', 'User', 'mcp.json'),
    projectFile: '.vscode/mcp.json',
    traces: ({ config }) => [join(config, 'Code', 'User')],
    keys: ['servers'],
    entry: typed,
    skills: null,
  },
  {
    id: 'copilot',
    title: 'GitHub Copilot CLI',
    format: 'json',
    userFile: (folders) => join(copilotFolder(folders), 'mcp-config.json'),
    projectFile: null,
    traces: (folders) => [copilotFolder(folders)],
    keys: ['mcpServers'],
    entry: (start) => ({ type: 'local', ...plain(start), tools: ['*'] }),
    skills: null,
  },
  {
    id: 'zed',
    title: 'Zed',
    format: 'json',
    userFile: (folders) => join(zedFolder(folders), 'settings.json'),
    projectFile: '.zed/settings.json',
    traces: (folders) => [zedFolder(folders)],
    keys: ['context_servers'],
    entry: (start) => ({ source: 'custom', ...plain(start), env: {} }),
    skills: null,
  },
  {
    id: 'gemini',
    title: 'Gemini CLI',
    format: 'json',
    userFile: ({ home }) => join(home, '.gemini', 'settings.json'),
    projectFile: '.gemini/settings.json',
    traces: ({ home }) => [join(home, '.gemini')],
    keys: ['mcpServers'],
    entry: plain,
    skills: null,
  },
  {
    id: 'windsurf',
    title: 'Windsurf',
    format: 'json',
    userFile: ({ home }) => join(home, '.codeium', 'windsurf', 'mcp_config.json'),
    projectFile: null,
    traces: ({ home }) => [join(home, '.codeium', 'windsurf')],
    keys: ['mcpServers'],
    entry: plain,
    skills: null,
  },
  {
    id: 'opencode',
    title: 'opencode',
    format: 'json',
    userFile: ({ xdgConfig }) => join(xdgConfig, 'opencode', 'opencode.json'),
    projectFile: 'opencode.json',
    traces: ({ xdgConfig }) => [join(xdgConfig, 'opencode')],
    keys: ['mcp'],
    entry: ({ command, args }) => ({ type: 'local', command: [command, ...args], enabled: true }),
    skills: null,
  },
];

/** The name of our entry. */
export const ENTRY = 'tandem';
