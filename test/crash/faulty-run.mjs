// The program as it is, but for a fault point at which it kills itself: node faulty-run.mjs <root> <point> <hit>
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { indexProject, openIndex } from '../../dist/index.js';

const [root, point, hit] = process.argv.slice(2);
const config = {
  root,
  indexDir: join(root, '.mcp-vector-search'),
  workers: 2,
  checkpointInterval: 2,
  maxFileBytes: 2 * 1024 * 1024,
  include: [],
  exclude: [],
  allowSecrets: false,
  durability: 'full',
  modelDir: fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url)),
};
let hits = 0;
const fault = (name) => {
  if (name === point && ++hits === Number(hit)) process.kill(process.pid, 'SIGKILL');
};
const index = await openIndex(config, { mode: 'write', fault, groupRows: 500 });
await indexProject(index, { phase: 'all' });
await index[Symbol.asyncDispose]();
console.log('finished');
