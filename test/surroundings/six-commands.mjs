// The six commands, one after the other, in the surroundings that this process was put into; prints what came of each.
//   node six-commands.mjs <tandem.js> <project> <index directory> <words before node, as JSON>
import { spawnSync } from 'node:child_process';

const [bin = '', project = '', index = '', before = '[]'] = process.argv.slice(2);
const [file = process.execPath, ...words] = [...JSON.parse(before), process.execPath];

const results = {};
for (const command of ['index', 'resume', 'status', 'search', 'verify', 'doctor']) {
  const args = [bin, command, ...(command === 'search' ? ['things that are read'] : []), '-p', project];
  const { status, signal, stdout, stderr } = spawnSync(file, [...words, ...args, '--index-dir', index], {
    encoding: 'utf8',
    timeout: 240_000,
  });
  results[command] = { code: status, signal, stdout, stderr };
}
process.stdout.write(JSON.stringify(results));
