// Makes a checkout ready to run: dependencies installed, sources built, nothing done twice. Runs before any dependency
// is there, so it uses Node alone. What it says goes to stderr, for stdout belongs to the program that runs next.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
const stampPath = join(dist, '.built');
const lockPath = join(dist, '.setup-lock');

/** Installs and builds what is not up to date. The message of what it throws is ready to be shown. */
export async function setup() {
  if (isInstalled() && isBuilt()) return;
  await takeLock();
  try {
    if (!isInstalled()) await install();
    if (!isBuilt()) await build();
  } finally {
    rmSync(lockPath, { recursive: true, force: true });
  }
}

/**
 * True if npm's own record of what it installed agrees with the lockfile. npm writes that record last, so an install
 * that was cut off counts as none. Packages for other platforms are in the lockfile only.
 */
export function isInstalled() {
  const installedPath = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const wanted = readJson(join(root, 'package-lock.json')).packages;
  const installed = readJson(installedPath).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? entry.optional === true : found.version === entry.version;
  });
}

function isBuilt() {
  return existsSync(stampPath) && readFileSync(stampPath, 'utf8') === sourceFingerprint();
}

/** Over the contents of everything the build reads; about 10 ms. */
function sourceFingerprint() {
  const hash = createHash('sha256');
  const builders = [
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'tools/setup.mjs',
    'tools/bundle.mjs',
    'tools/runtime.mjs',
    'tools/grammars.mjs',
  ];
  for (const path of [...builders, ...filesUnder(join(root, 'src')).map((file) => `src/${file}`)]) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

async function install() {
  say('installing dependencies (first run, or they changed)…');
  const npmArguments = [
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const npmScript = process.env.npm_execpath;
  const throughNode = npmScript !== undefined && /npm-cli\.c?js$/.test(npmScript);
  const code = await execute(
    throughNode ? process.execPath : 'npm',
    throughNode ? [npmScript, ...npmArguments] : npmArguments,
    { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  );
  if (code !== 0) throw new Error(`\`npm ci\` ended with code ${code}: is the npm registry reachable?`);
}

async function build() {
  say('building…');
  rmSync(stampPath, { force: true });
  const fingerprint = sourceFingerprint(); // before the build: an edit made meanwhile then counts as not built
  const code = await execute(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    'tsconfig.build.json',
  ]);
  pruneDist();
  const { unpackGrammars } = await import(pathToFileURL(join(root, 'tools/grammars.mjs')).href);
  unpackGrammars();
  const { bundle } = await import(pathToFileURL(join(root, 'tools/bundle.mjs')).href);
  await bundle(root);
  const { placeRuntime } = await import(pathToFileURL(join(root, 'tools/runtime.mjs')).href);
  placeRuntime(process.platform, process.arch, join(dist, 'runtime', `${process.platform}-${process.arch}`));
  if (code !== 0) throw new Error('the build has type errors (above)');
  writeFileSync(stampPath, fingerprint);
}

/** Copies data files beside the compiled ones, and removes what a source of the past left behind. */
function pruneDist() {
  const expected = new Set();
  for (const file of filesUnder(join(root, 'src'))) {
    if (file.endsWith('.ts')) {
      const stem = file.slice(0, -'.ts'.length);
      for (const ending of ['.js', '.js.map', '.d.ts']) expected.add(stem + ending);
    } else if (/\.(json|scm)$/.test(file)) {
      expected.add(file);
      mkdirSync(dirname(join(dist, file)), { recursive: true });
      copyFileSync(join(root, 'src', file), join(dist, file));
    }
  }
  for (const file of filesUnder(dist)) {
    const isOthers = /^(\.|grammars\/|bundle\/|runtime\/)/.test(file);
    if (!isOthers && !expected.has(file)) rmSync(join(dist, file), { force: true });
  }
}

/** Regular files, `/`-separated and sorted, relative to the folder. */
function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

/**
 * One set-up at a time. A lock whose process is gone is removed; two that wait may do so at once, and the worst that
 * follows is the same work done twice.
 */
async function takeLock() {
  mkdirSync(dist, { recursive: true });
  for (let told = false; ; await delay(200)) {
    try {
      mkdirSync(lockPath);
      writeFileSync(join(lockPath, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned()) {
      rmSync(lockPath, { recursive: true, force: true });
    } else if (!told) {
      say('waiting for another set-up of this folder…');
      told = true;
    }
  }
}

function isAbandoned() {
  try {
    process.kill(Number(readFileSync(join(lockPath, 'pid'), 'utf8')) || Number.NaN, 0);
    return false;
  } catch (error) {
    if (error.code === 'ESRCH') return true;
    if (error.code === 'EPERM') return false;
    // No readable pid: the holder is either just about to write it, or died before it could.
    const age = Date.now() - (statSync(lockPath, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    return age > 10_000;
  }
}

/** Runs a program with its output on our stderr; resolves to its exit code. */
function execute(program, programArguments, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, programArguments, {
      cwd: root,
      env,
      stdio: ['ignore', 2, 2],
      shell: program === 'npm' && process.platform === 'win32', // npm is a .cmd file there
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function say(text) {
  process.stderr.write(`tandem: ${text}\n`);
}

/** Set-up for a script: what goes wrong is one line and an exit code, not a stack. */
export async function setupOrExit() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    say(`needs Node 20.19 or newer; this is ${process.version}`);
    process.exit(15);
  }
  try {
    await setup();
  } catch (error) {
    say(`set-up failed: ${error.message}`);
    process.exit(1);
  }
}

/** True if Node was told to run this very file; one that is imported stays quiet. */
export function isEntry(moduleUrl) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(moduleUrl);
}

if (isEntry(import.meta.url)) await setupOrExit();
