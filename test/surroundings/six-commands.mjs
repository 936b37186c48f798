// The six commands, one after the other, in the surroundings that this process was put into; prints what came of each.
//   node six-commands.mjs <tandem.js> <project> <index directory> <words before node, as JSON> <'phase 1' or nothing>
import { spawnSync } from 'node:child_process';

const [bin = '', project = '', index = '', before = '[]', from = ''] = process.argv.slice(2);
const [file = process.execPath, ...words] = [...JSON.parse(before), process.execPath];

const results = {};
const commands = ['index', 'resume', 'status', 'search', 'verify', 'doctor'];
if (from === 'phase 1') commands.push(commands.shift());
for (const command of commands) {
  const args = [bin, command, ...(command === 'search' ? ['things that are read'] : []), '-p', project];
  const { status, signal, stdout, stderr } = spawnSync(file, [...words, ...args, '--index-dir', index], {
    encoding: 'utf8',
    timeout: 240_000,
  });
  results[command] = { code: status, signal, stdout, stderr };
}
process.stdout.write(JSON.stringify(results));
