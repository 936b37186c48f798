// `npm run docs:api`: the library's pages in docs/api, from the types and doc comments of src/index.ts.
import { spawnSync } from 'node:child_process';
import { root, setupOrExit } from './setup.mjs';

// typedoc needs TypeScript's own API, which TypeScript 7 no longer has: both come for this run alone.
const packages = ['typedoc@0.28.20', 'typescript@5.9.3'];
const typedoc = ['typedoc', '--entryPoints', 'src/index.ts', '--tsconfig', 'tsconfig.json', '--out', 'docs/api'];
const options = ['--readme', 'none', '--skipErrorChecking', '--disableGit', '--sourceLinkTemplate', '{path}#L{line}'];

await setupOrExit();
const npm = ['exec', '--yes', ...packages.map((name) => `--package=${name}`), '--', ...typedoc, ...options];
const run = spawnSync('npm', npm, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
process.exitCode = run.status ?? 1;
