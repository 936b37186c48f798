// One command over an index, with the fast embedder and a fault at a named point. As a program it kills itself there:
//   node faulty-run.mjs <root> <index directory> <command> <point> <hit>
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { indexProject, openIndex, resume } from '../../dist/index.js';
import { configOf, fastEmbedder } from './harness/fast-embedder.mjs';

/** @typedef {'index' | 'phase 1' | 'phase 2' | 'resume'} FaultyCommand */

/**
 * Small groups and a checkpoint after every batch, so that every point is passed several times.
 * @param {{ root: string, indexDir: string, command: FaultyCommand, fault?: (name: string) => void }} order
 */
export async function runCommand({ root, indexDir, command, fault }) {
  const { open } = await fastEmbedder();
  const index = await openIndex(configOf(root, indexDir, 1), {
    mode: command === 'resume' ? 'resume' : 'write',
    groupRows: 40,
    openEmbedder: open,
    ...(fault === undefined ? {} : { fault }),
  });
  try {
    if (command === 'resume') return await resume(index, {});
    return await indexProject(index, { phase: command === 'index' ? 'all' : command === 'phase 1' ? 1 : 2 });
  } finally {
    await index[Symbol.asyncDispose]();
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [root = '', indexDir = '', command = '', point, hit] = process.argv.slice(2);
  let hits = 0;
  await runCommand({
    root,
    indexDir,
    command: /** @type {FaultyCommand} */ (command),
    fault(name) {
      if (name === point && ++hits === Number(hit)) process.kill(process.pid, 'SIGKILL');
    },
  });
  console.log('finished');
}
