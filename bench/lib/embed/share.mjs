// A part of the project, for what is too slow to go over all of it: our whole Phase 2 beside the bare engine, and
// mcp-vector-search beside our Phase 2.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTandem } from '../measure.mjs';
import { lastLine, output } from './processes.mjs';

const phase2Bench = fileURLToPath(new URL('../../phase2.mjs', import.meta.url));
const MODEL = 'sentence-transformers/all-MiniLM-L6-v2';

/**
 * Copies files of the source, spread over all of it, until they make at least `chunks` chunks; returns the copy's folder.
 * `files` as `filesOf` gives them.
 */
export function copyShare(source, files, chunks, folder) {
  const project = join(folder, 'project');
  let copied = 0;
  for (const { file, texts } of spread(files)) {
    if (copied >= chunks) break;
    copied += texts.length;
    const target = join(project, relative(source, file));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
  }
  return project;
}

/** The same items in an order of which every beginning is spread over all of them: by the golden ratio. */
function spread(items) {
  const places = items.map((_, index) => (index * 0.618033988749895) % 1);
  return items
    .map((_, index) => index)
    .sort((a, b) => places[a] - places[b])
    .map((index) => items[index]);
}

/** Phase 2 with stores, flushes and checkpoints against the bare engine on the same texts. */
export function phase2OfBare(project, pairs) {
  return lastLine(output(process.execPath, [phase2Bench, project, `--pairs=${pairs}`, '--json'])).medians;
}

/**
 * `index embed` of mcp-vector-search and our Phase 2 on the same project, both as whole processes, and both again with
 * nothing to do, which is what starting costs. Each cuts the project in its own way.
 */
export function besideMvs(mvs, project, folder) {
  const env = { ...process.env, MCP_VECTOR_SEARCH_DEVICE: 'cpu' };
  const run = (...args) => {
    const { status, stdout, stderr } = spawnSync(mvs, args, {
      cwd: project,
      env,
      encoding: 'utf8',
      input: 'y\n'.repeat(100),
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`${mvs} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
    return stdout;
  };
  const timed = (work) => {
    const from = performance.now();
    work();
    return (performance.now() - from) / 1000;
  };
  run('init', '--no-auto-index', '--no-mcp', '--no-auto-indexing', '-m', MODEL);
  run('index', 'chunk');
  const theirs = { seconds: timed(() => run('index', 'embed')), idleSeconds: timed(() => run('index', 'embed')) };
  const theirChunks = JSON.parse(run('status', '--json')).index.total_chunks;

  const indexDir = mkdtempSync(join(folder, 'beside-mvs-'));
  const tandem = (phase) => runTandem(['index', project, `--phase=${phase}`, '--json', '--index-dir', indexDir]);
  tandem(1);
  const { wall, report } = tandem(2);
  const ours = { seconds: wall, idleSeconds: tandem(2).wall };
  return { theirs: { ...theirs, chunks: theirChunks }, ours: { ...ours, chunks: report.chunks.total } };
}
