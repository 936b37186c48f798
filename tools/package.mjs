// `npm run package`: the tarballs to publish, in packages/. The main package comes without onnxruntime, which has a package
// for each platform; that of a plain `npm pack` holds the one of the platform it was built on, and needs no other.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { placeRuntime } from './runtime.mjs';
import { isEntry, root, setupOrExit } from './setup.mjs';

const runtimes = join(root, 'node_modules/onnxruntime-node');
const binaries = join(runtimes, 'bin/napi-v6');
const folder = join(root, 'packages');

/** Every package as a tarball in packages/: those of the runtime first, for the main one asks for them. */
function packAll() {
  rmSync(folder, { recursive: true, force: true });
  const platforms = readdirSync(binaries).flatMap((os) => readdirSync(join(binaries, os)).map((cpu) => ({ os, cpu })));
  const names = platforms.map(packRuntime);
  npm(['pack', '--ignore-scripts', '--pack-destination', folder], root);
  const manifest = readJson(join(root, 'package.json'));
  const stage = join(folder, 'stage');
  mkdirSync(stage, { recursive: true });
  run(
    'tar',
    ['-xzf', join(folder, `${manifest.name}-${manifest.version}.tgz`), '-C', stage, '--strip-components=1'],
    root,
  );
  const asked = Object.fromEntries(names.map((name) => [name, manifest.version]));
  rmSync(join(stage, 'dist/runtime'), { recursive: true });
  const { scripts: _, devDependencies: __, ...published } = manifest;
  published.optionalDependencies = { ...manifest.optionalDependencies, ...asked };
  writeJson(join(stage, 'package.json'), published);
  npm(['pack', '--ignore-scripts', '--pack-destination', folder], stage);
  rmSync(stage, { recursive: true });
}

function packRuntime({ os, cpu }) {
  const { version } = readJson(join(root, 'package.json'));
  const runtime = readJson(join(runtimes, 'package.json')).version;
  const name = `tandem-runtime-${os}-${cpu}`;
  const stage = join(folder, name);
  placeRuntime(os, cpu, stage);
  writeJson(join(stage, 'package.json'), {
    name,
    version,
    description: `onnxruntime ${runtime} for tandem-index on ${os}-${cpu}`,
    license: 'MIT',
    os: [os],
    cpu: [cpu],
    ...(os === 'linux' ? { libc: ['glibc'] } : {}),
  });
  npm(['pack', '--pack-destination', folder], stage);
  rmSync(stage, { recursive: true });
  return name;
}

function npm(words, cwd) {
  run('npm', words, cwd);
}

function run(program, words, cwd) {
  const { status } = spawnSync(program, words, {
    cwd,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${status}`);
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function writeJson(path, value) {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

if (isEntry(import.meta.url)) {
  await setupOrExit();
  packAll();
}
