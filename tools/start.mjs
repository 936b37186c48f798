// `npm start -- <arguments of tandem>`: set-up, then the command itself in this very process, so that the console, the
// signals and the exit code are its own.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setupOrExit } from './setup.mjs';

await setupOrExit();
const command = join(root, 'bin/tandem.js');
process.argv[1] = command;
await import(pathToFileURL(command).href);
