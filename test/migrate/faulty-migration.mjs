// Migrates or rolls back, but kills itself at a fault point: node faulty-migration.mjs <root> <migrate|rollback> <point> <hit>
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeModel } from '../../dist/embedding/model/recipe.js';
import { restoreOldTable } from '../../dist/migrate/rollback.js';
import { convertToDualTable } from '../../dist/migrate/to-dual-table.js';
import { toStoredModel } from '../../dist/phase2-embed/checkpoint.js';

const [root, what, point, hit] = process.argv.slice(2);
const { identity } = await describeModel(fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url)));
const target = { root, indexDir: join(root, '.mcp-vector-search'), model: toStoredModel(identity) };
let hits = 0;
const fault = (name) => {
  if (name === point && ++hits === Number(hit)) process.kill(process.pid, 'SIGKILL');
};
await (what === 'rollback' ? restoreOldTable : convertToDualTable)(target, { fault });
console.log('finished');
