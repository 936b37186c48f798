#!/usr/bin/env node
// The command's first lines: can this Node run us, and were we built? Everything else is in src/cli/main.ts.
import { existsSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const main = new URL('../dist/cli/main.js', import.meta.url);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`tandem needs Node 20.19 or newer; this is ${process.version}\n`);
  process.exitCode = 15;
} else if (!existsSync(main)) {
  process.stderr.write('tandem is not built yet: run `npm start` or `npm run build` in its folder\n');
  process.exitCode = 15;
} else {
  await import(main.href);
}
