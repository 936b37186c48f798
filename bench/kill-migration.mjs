// SIGKILL at random moments of migrate, of its rollback and of cleanup, by seed: nothing is ever lost, and each comes to its end.
// npm run bench -- kill-migration [--rounds=100] [--rows=1500] [--seed=1]
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@lancedb/lancedb';
import { runTandem } from './lib/measure.mjs';
import { makeOldIndex, randomFrom } from './lib/old-index.mjs';

const args = process.argv.slice(2);
const option = (name, other) =>
  Number(args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? other);
const [rounds, rows, seed] = [option('rounds', 100), option('rows', 1_500), option('seed', 1)];
const bin = fileURLToPath(new URL('../bin/tandem.js', import.meta.url));
const random = randomFrom(seed);

/** Hash of all files below a folder with their names, but for our own folder. */
function digest(folder) {
  const hash = createHash('sha256');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).sort(byPath)) {
    const path = relative(folder, join(entry.parentPath, entry.name));
    if (entry.isFile() && !path.startsWith('tandem')) hash.update(path).update(readFileSync(join(folder, path)));
  }
  return hash.digest('hex');
}

function byPath(a, b) {
  return join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1;
}

/** What both tables hold, without the times of writing. */
async function contents(indexDir) {
  const hash = createHash('sha256');
  const connection = await connect(join(indexDir, 'lance'));
  for (const name of ['chunks', 'vectors']) {
    const table = await connection.openTable(name);
    const found = await table.query().toArray();
    const lines = found.map(({ updated_at, ...row }) =>
      JSON.stringify(row, (_, value) => (ArrayBuffer.isView(value) ? [...value] : value)),
    );
    hash.update(lines.sort().join('\n'));
    table.close();
  }
  connection.close();
  return hash.digest('hex');
}

/**
 * True if the command was killed before it ended: at any moment of it, or, every second time, within the few milliseconds
 * of the switch, which begins when the journal is written.
 */
async function killDuring(command, most, atSwitch) {
  const before = journalTime();
  const child = spawn(process.execPath, [bin, ...command, '-q'], { stdio: 'ignore', detached: true });
  const kill = () => child.exitCode === null && process.kill(-child.pid, 'SIGKILL');
  const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal === 'SIGKILL')));
  const delay = random() * (atSwitch ? 40 : most);
  let timer;
  const watch = () => {
    timer = journalTime() === before ? setTimeout(watch, 1) : setTimeout(kill, delay);
  };
  if (atSwitch) watch();
  else timer = setTimeout(kill, delay);
  const killed = await ended;
  clearTimeout(timer);
  return killed;
}

function journalTime() {
  return statSync(join(indexDir, 'tandem', 'backup', 'journal.json'), { throwIfNoEntry: false })?.mtimeMs;
}

function expect(isTrue, what, round) {
  if (!isTrue) throw new Error(`round ${round} (seed ${seed}): ${what}`);
}

const root = mkdtempSync(join(tmpdir(), 'tandem-kill-'));
const indexDir = join(root, '.mcp-vector-search');
try {
  await makeOldIndex(root, rows, { seed });
  const old = digest(indexDir);
  const oldTable = digest(join(indexDir, 'code_search.lance'));
  const migrate = ['migrate', '--to-dual-table', root];
  const rollback = ['migrate', '--rollback', root];
  const migrateMs = runTandem([...migrate, '-q']).wall * 1_000;
  const wholly = await contents(indexDir);
  const spare = mkdtempSync(join(tmpdir(), 'tandem-kill-'));
  cpSync(indexDir, join(spare, 'index'), { recursive: true, preserveTimestamps: true });
  const rollbackMs = runTandem([...rollback, '-q']).wall * 1_000;
  const killed = { migrate: 0, 'migrate, old layout still whole': 0, 'migrate, switched': 0, rollback: 0, cleanup: 0 };

  for (let round = 1; round <= rounds; round++) {
    while (!(await killDuring(migrate, migrateMs, round % 2 === 0))) runTandem([...rollback, '-q']);
    killed.migrate++;
    const isBefore = existsSync(join(indexDir, 'code_search.lance'));
    const place = join(indexDir, isBefore ? 'code_search.lance' : 'code_search.backup');
    expect(digest(place) === oldTable, 'the old table is not what it was', round);
    killed[isBefore ? 'migrate, old layout still whole' : 'migrate, switched']++;
    runTandem([...migrate, '-q']);
    expect((await contents(indexDir)) === wholly, 'not wholly migrated', round);

    while (!(await killDuring(rollback, rollbackMs, round % 2 === 0))) runTandem([...migrate, '-q']);
    killed.rollback++;
    runTandem([...rollback, '-q'], [0, 13]); // 13: it had come to its end
    expect(digest(indexDir) === old, 'the rollback is not byte for byte', round);
  }

  const cleanup = ['cleanup', root, '--now'];
  for (let round = 1; round <= Math.ceil(rounds / 4); round++) {
    rmSync(indexDir, { recursive: true });
    cpSync(join(spare, 'index'), indexDir, { recursive: true, preserveTimestamps: true });
    if (await killDuring(cleanup, rollbackMs * 1.2, false)) killed.cleanup++;
    expect((await contents(indexDir)) === wholly, 'a killed cleanup lost rows', round);
    runTandem([...cleanup, '-q']);
    expect((await contents(indexDir)) === wholly, 'a cleanup after a killed one lost rows', round);
    expect(!existsSync(join(indexDir, 'code_search.backup')), 'the backup is still there', round);
  }
  console.log(`seed ${seed}, ${rows} rows: nothing lost`);
  for (const [what, times] of Object.entries(killed)) console.log(`  ${what.padEnd(34)} killed ${times} times`);
  rmSync(spare, { recursive: true, force: true });
} finally {
  rmSync(root, { recursive: true, force: true });
}
