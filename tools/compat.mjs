// `npm run test:compat [-- --peer=<path of mcp-vector-search>]`: our index under the hands of the real tool, and the
// other way round. Needs Python; without it, or without the tool, every check is skipped and counted. Takes minutes: each
// start of mcp-vector-search costs some ten seconds. The last line of stdout counts.
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findMvs } from './compat/peer.mjs';
import { lostRows, pathsOf, readTables } from './compat/tables.mjs';
import { root, setup } from './setup.mjs';

const total = { passed: 0, failed: 0, skipped: 0 };
const NAMES = [
  'its status counts our chunks and asks for no reindex',
  'its search finds, without touching a row',
  'its index, index chunk and index embed leave every row as it was',
  'its knowledge graph is built from our chunks',
  'after an edit, a new and a deleted file it loses no row of the others',
  'what it wrote is adopted: whole, vectors of untouched files bit-identical, foreign files as they were',
  'its search finds in what we adopted, without a rebuild',
  'after its index --force nothing is embedded again, and every row has its hash',
  'its own index is gone on with: rows kept, changed files parsed, vanished ones gone',
  'its index embed, killed, is finished by our index',
];

async function main() {
  const given =
    process.argv
      .slice(2)
      .find((word) => word.startsWith('--peer='))
      ?.slice(7) ?? process.env.TANDEM_PEER;
  await setup();
  const peer = findMvs(given);
  if ('missing' in peer && given) {
    console.error(`the mcp-vector-search that was named cannot be run: ${peer.missing}`);
    process.exitCode = 2;
    return;
  }
  if ('missing' in peer) {
    console.log(`mcp-vector-search cannot be run: ${peer.missing}`);
    for (const name of NAMES) console.log(`skipped: ${name}`);
    total.skipped = NAMES.length;
  } else {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-compat-'));
    try {
      await checkOurs(peer, join(folder, 'ours'));
      await checkTheirs(peer, join(folder, 'theirs'));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

/** Our index, then mcp-vector-search. Later checks build on earlier ones, so a step that throws fails its check alone. */
async function checkOurs(peer, project) {
  makeProject(project);
  tandem(project, 'index');
  const ours = await readTables(project);

  await check(0, () => {
    const { index, project: about } = JSON.parse(run(peer, project, 'status', '--json'));
    same(about.initialized, true);
    same(index.total_chunks, ours.chunks.size);
    same(index.needs_reindex, false);
    same(index.model_mismatch, false);
  });
  await check(1, async () => {
    same(findsLock(run(peer, project, 'search', '--no-rerank', '--no-daemon', '--json', QUERY)), true);
    assertKept(ours, await readTables(project));
  });
  await check(2, async () => {
    for (const words of [['index'], ['index', 'chunk'], ['index', 'embed']]) run(peer, project, ...words);
    const now = await readTables(project);
    assertKept(ours, now);
    const more = [...pathsOf(now.chunks)].filter((path) => !pathsOf(ours.chunks).has(path));
    if (more.length > 0) console.log(`  files that only mcp-vector-search takes: ${more.join(', ')}`);
  });
  await check(3, () => {
    run(peer, project, 'index', 'kg', '--force');
    same(existsSync(join(project, '.mcp-vector-search', 'knowledge_graph')), true);
  });

  const before = await readTables(project);
  const touched = ['store/lock/lock.ts', 'added.py', "it's gone.py"];
  appendFileSync(
    join(project, touched[0]),
    '\nexport function addedByAnEdit(a: number): number {\n  return a + 1;\n}\n',
  );
  writeFileSync(join(project, touched[1]), 'def fresh(value):\n    return value * 2\n');
  rmSync(join(project, touched[2]));
  await check(4, async () => {
    for (const words of [['index', 'chunk'], ['index', 'embed'], ['index']]) run(peer, project, ...words);
    const now = await readTables(project);
    same(lostRows(before.chunks, now.chunks, touched), []);
    same(
      [...now.chunks.values()].some(({ content }) => content.includes('addedByAnEdit')),
      true,
    );
  });
  const config = readFileSync(join(project, '.mcp-vector-search', 'config.json'), 'utf8');
  await check(5, async () => {
    tandem(project, 'index');
    tandem(project, 'verify');
    tandem(project, 'status', '--exit-code');
    const now = await readTables(project);
    same(lostRows(before.vectors, now.vectors, touched), []);
    same([now.doubled, pathsOf(now.chunks).has(touched[2]), pathsOf(now.vectors).has(touched[2])], [0, false, false]);
    same(readFileSync(join(project, '.mcp-vector-search', 'config.json'), 'utf8'), config);
    same(existsSync(join(project, '.mcp-vector-search', 'knowledge_graph')), true);
    same(existsSync(join(project, '.mcp-vector-search', 'bm25_index.pkl')), false);
  });
  await check(6, async () => {
    const adopted = await readTables(project);
    same(findsLock(run(peer, project, 'search', '--no-rerank', '--no-daemon', '--json', QUERY)), true);
    assertKept(adopted, await readTables(project));
  });
  await check(7, async () => {
    run(peer, project, 'index', '--force');
    const forced = await readTables(project);
    tandem(project, 'index');
    tandem(project, 'verify');
    const now = await readTables(project);
    const dropped = [...pathsOf(forced.chunks)].filter((path) => !pathsOf(now.chunks).has(path));
    same(lostRows(forced.vectors, now.vectors, dropped), []);
    same(
      [...now.chunks.values()].filter(({ hash }) => hash === ''),
      [],
    );
  });
}

/** mcp-vector-search's index, then ours. */
async function checkTheirs(peer, project) {
  makeProject(project);
  const init = [
    'init',
    '--no-auto-index',
    '--no-mcp',
    '--no-auto-indexing',
    '-m',
    'sentence-transformers/all-MiniLM-L6-v2',
  ];
  run({ ...peer, input: 'y\n'.repeat(9) }, project, ...init);
  await check(8, async () => {
    run(peer, project, 'index');
    const theirs = await readTables(project);
    appendFileSync(join(project, 'store/lock/lock.ts'), '\nexport const changed = 1;\n');
    rmSync(join(project, "it's gone.py"));
    tandem(project, 'index');
    tandem(project, 'verify');
    const now = await readTables(project);
    same(lostRows(theirs.vectors, now.vectors, ['store/lock/lock.ts', "it's gone.py"]), []);
    same([now.doubled, pathsOf(now.chunks).has("it's gone.py")], [0, false]);
  });
  await check(9, async () => {
    for (const path of pathsOf((await readTables(project)).chunks)) appendFileSync(join(project, path), '\n\n');
    run(peer, project, 'index', 'chunk');
    const { env, command } = peer;
    const child = spawn(command, ['index', 'embed'], { cwd: project, env, stdio: 'ignore', detached: true });
    const ended = new Promise((resolve) => child.once('close', resolve));
    const isTaken = async () =>
      [...(await readTables(project)).chunks.values()].some((row) => row.status === 'processing');
    while (child.exitCode === null && !(await isTaken().catch(() => false))) await sleep(50);
    if (child.exitCode !== null) console.log('  it ended before it could be killed');
    else process.kill(-child.pid, 'SIGKILL');
    await ended;
    tandem(project, 'index');
    tandem(project, 'verify');
    const now = await readTables(project);
    same(
      [...now.chunks.values()].every((row) => row.status === 'complete'),
      true,
    );
    same(now.vectors.size, now.chunks.size);
  });
}

const QUERY = 'remove a lock whose holder is dead';

function findsLock(answer) {
  const hits = JSON.parse(answer.slice(answer.indexOf('[\n')));
  return hits.some((hit) => hit.file_path.includes('lock'));
}

/** Part of this repository, and names that filters stumble over. */
function makeProject(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of ['core', 'search', 'store'])
    cpSync(join(root, 'src', name), join(folder, name), { recursive: true });
  cpSync(join(root, 'docs', 'protocol.md'), join(folder, 'protocol.md'));
  writeFileSync(join(folder, "it's gone.py"), 'def quoted(name):\n    return "it is " + name\n');
  writeFileSync(
    join(folder, "it's here.py"),
    'import os\n\nclass Path:\n    def join(self, other):\n        return os.path.join(str(self), other)\n',
  );
}

function assertKept(before, after) {
  same(lostRows(before.chunks, after.chunks), []);
  same(lostRows(before.vectors, after.vectors), []);
  same(after.doubled, 0);
}

async function check(number, body) {
  const startedAt = performance.now();
  let failure;
  try {
    await body();
  } catch (error) {
    failure = error;
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  if (failure === undefined) total.passed++;
  else total.failed++;
  console.log(`${failure === undefined ? 'passed' : 'FAILED'}: ${NAMES[number]} (${seconds} s)`);
  if (failure !== undefined) console.log(`  ${failure.message}`);
}

function run({ command, env, input }, cwd, ...words) {
  return ran(
    'mcp-vector-search',
    words,
    spawnSync(command, words, { cwd, env, input, encoding: 'utf8', maxBuffer: 2 ** 26 }),
  );
}

function tandem(cwd, ...words) {
  const { INIT_CWD: _, ...env } = process.env;
  return ran(
    'tandem',
    words,
    spawnSync(process.execPath, [join(root, 'bin/tandem.js'), ...words], { cwd, env, encoding: 'utf8' }),
  );
}

function ran(name, words, { status, stdout, stderr }) {
  if (status === 0) return stdout;
  throw new Error(`${name} ${words.join(' ')} ended with ${status}: ${(stderr + stdout).slice(-1500)}`);
}

function same(found, expected) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`found ${a.slice(0, 500)}, expected ${b.slice(0, 500)}`);
}

await main();
