// `npm run bench -- <name> [arguments]`: set-up, then bench/<name>.mjs. Without a name: what there is.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, setupOrExit } from './setup.mjs';

const [name, ...benchArguments] = process.argv.slice(2);
const folder = join(root, 'bench');
const names = existsSync(folder)
  ? readdirSync(folder)
      .filter((file) => file.endsWith('.mjs'))
      .map((file) => file.slice(0, -'.mjs'.length))
  : [];

if (name === undefined) {
  for (const each of names.sort()) console.log(`${each.padEnd(20)} ${firstComment(join(folder, `${each}.mjs`))}`);
} else if (!names.includes(name)) {
  console.error(`there is no bench/${name}.mjs; there are: ${names.join(', ') || 'none yet'}`);
  process.exitCode = 2;
} else {
  await setupOrExit();
  // Vectors that an earlier run kept would be measured as if they had been embedded.
  const env = { ...process.env, TANDEM_CACHE: 'off' };
  const run = spawnSync(process.execPath, [join(folder, `${name}.mjs`), ...benchArguments], { stdio: 'inherit', env });
  process.exitCode = run.status ?? 1;
}

function firstComment(path) {
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((each) => each.startsWith('//'));
  return line?.replace(/^\/\/\s*/, '') ?? '';
}
