#!/usr/bin/env node
// The command's first lines: can this Node run us, and were we built? Everything else is in src/cli/main.ts.
import { existsSync, readFileSync } from 'node:fs';

/** What the system refuses while the program's own files are read, before there is anything that could say it better. */
const REFUSED = {
  EMFILE: 'allow more open files (ulimit -n)',
  ENFILE: 'close other programs: the whole machine has too many files open',
  ENOMEM: 'free some memory',
  EACCES: 'let this user read the folder that tandem is installed in',
  EPERM: 'let this user read the folder that tandem is installed in',
  EIO: 'look after the disk that tandem is installed on',
};

/** Below it V8 or the table engine abort without a word; KiB. */
const LEAST_ADDRESS_SPACE = 1_572_864;

/** What `ulimit -v` allows, in KiB. */
function addressSpace() {
  try {
    const [, bytes] = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return bytes === undefined ? Infinity : Number(bytes) / 1024;
  } catch {
    return Infinity; // no Linux
  }
}

const space = addressSpace();
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const main = new URL('../dist/bundle/main.js', import.meta.url);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`tandem needs Node 20.19 or newer; this is ${process.version}\n`);
  process.exitCode = 15;
} else if (!existsSync(main)) {
  process.stderr.write('tandem is not built yet: run `npm start` or `npm run build` in its folder\n');
  process.exitCode = 15;
} else if (space < LEAST_ADDRESS_SPACE && !['--version', '--help'].includes(process.argv[2] ?? '--help')) {
  process.stderr.write(
    `error[E15] this process may use ${Math.floor(space / 1024)} MiB of address space (ulimit -v); the program needs 1536\n  raise that limit, then run this again\n`,
  );
  process.exitCode = 15;
} else {
  try {
    await import(main.href);
  } catch (error) {
    const how = REFUSED[error?.code];
    if (how === undefined) throw error;
    process.stderr.write(
      `error[E15] the program cannot be loaded\n  ${error.message}\n  ${how}, then run this again\n`,
    );
    process.exit(15);
  }
}
