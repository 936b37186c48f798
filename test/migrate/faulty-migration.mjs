// Migrates or rolls back, but kills itself at a fault point: node faulty-migration.mjs <root> <migrate|rollback> <point> <hit>
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrateToDualTable, rollbackMigration } from '../../dist/index.js';

const [root, what, point, hit] = process.argv.slice(2);
const config = {
  root,
  indexDir: join(root, '.mcp-vector-search'),
  modelDir: fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url)),
};
let hits = 0;
const fault = (name) => {
  if (name === point && ++hits === Number(hit)) process.kill(process.pid, 'SIGKILL');
};
await (what === 'rollback' ? rollbackMigration : migrateToDualTable)(config, { fault });
console.log('finished');
