// Joins the compiled modules of the CLI and of its workers, with the JavaScript they import, into a few files under
// dist/bundle/. A process that loads 650 small files spends most of its start on finding and compiling them.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What starts a process or a thread, by the name it gets in dist/bundle/. */
export const ENTRIES = {
  main: 'cli/main.js',
  index: 'index.js',
  'parse-worker': 'phase1-parse/pool/worker.js',
  'embed-worker': 'embedding/inference/worker.js',
  heartbeat: 'store/lock/heartbeat.js',
};

/**
 * Writes dist/bundle/ from what tsc wrote into dist/. What finds its own files beside itself stays a package of its own:
 * the native bindings, and the parser with its WebAssembly.
 */
export async function bundle(root) {
  const { rolldown } = await import('rolldown');
  const dist = join(root, 'dist');
  const folder = join(dist, 'bundle');
  const build = await rolldown({
    input: Object.fromEntries(Object.entries(ENTRIES).map(([name, path]) => [name, join(dist, path)])),
    platform: 'node',
    resolve: { mainFields: ['module', 'main'] }, // a UMD build requires its parts where no bundler sees it
    external: ['web-tree-sitter', /^@lancedb\/lancedb-/, /\.node$/],
    plugins: [
      oneArrow(root),
      moduleOf(root, 'jsonc-parser', 'lib/esm/main.js'),
      bindingOfRuntime(root),
      ownPlaces(dist, folder),
    ],
    checks: { eval: false }, // one in Arrow, which asks what the runtime allows
  });
  rmSync(folder, { recursive: true, force: true });
  const { output } = await build.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    comments: { legal: true, annotation: false, jsdoc: false },
  });
  await build.close();
  const modules = output.flatMap((file) => (file.type === 'chunk' ? Object.keys(file.modules) : []));
  writeFileSync(join(folder, 'LICENSES.txt'), licencesOf(modules));
}

/** The licence and notice files of every package that a module of the bundle comes from. */
function licencesOf(modules) {
  const folders = new Set(
    modules.flatMap((id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0] ?? []),
  );
  return [...folders].sort().map(licenceOf).join('\n');
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|notice|copyright)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return `${[`${name} ${version}, ${license}`, '='.repeat(72), ...texts].join('\n\n')}\n`;
}

/** We import Arrow as a module and LanceDB requires it: one copy serves both, and its classes are the same ones. */
function oneArrow(root) {
  const arrow = join(root, 'node_modules/apache-arrow/Arrow.node.mjs');
  return { name: 'one-arrow', resolveId: { filter: { id: /^apache-arrow$/ }, handler: () => arrow } };
}

/** A package whose main file hides what it requires has a module beside it. */
function moduleOf(root, name, file) {
  const path = join(root, 'node_modules', name, file);
  return { name: `module-of-${name}`, resolveId: { filter: { id: new RegExp(`^${name}$`) }, handler: () => path } };
}

/**
 * onnxruntime-node looks for its binding beside itself. Here it is where this package, or a package of the platform's,
 * brings it along (tools/package.mjs), or in a checkout where npm put onnxruntime-node.
 */
function bindingOfRuntime(root) {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/onnxruntime-node/package.json'), 'utf8'));
  const id = 'virtual:binding-of-runtime';
  return {
    name: 'binding-of-runtime',
    resolveId: { filter: { id: /^virtual:binding-of-runtime$/ }, handler: () => id },
    load: { filter: { id: /^virtual:binding-of-runtime$/ }, handler: () => loaderOfBinding(version) },
    transform: {
      filter: { id: /onnxruntime-node[\\/]dist[\\/]binding\.js$/ },
      handler(code) {
        const found = code.replace(/require\(`\.\.\/bin\/[^`]+`\)/, `require('${id}').binding`);
        if (found === code) throw new Error('onnxruntime-node loads its binding in another way: see tools/bundle.mjs');
        return found;
      },
    },
  };
}

const loaderOfBinding = (version) => `
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
const platform = process.platform + '-' + process.arch;

/** onnxruntime-node comes first, for it may have GPU libraries beside it; another version of it is another program's. */
const places = [
  isThere('onnxruntime-node/package.json') && load('onnxruntime-node/package.json').version === '${version}'
    ? 'onnxruntime-node/bin/napi-v6/' + process.platform + '/' + process.arch
    : undefined,
  '../runtime/' + platform,
  'tandem-runtime-' + platform,
];
const found = places.map((folder) => folder + '/onnxruntime_binding.node').find(isThere);
if (found === undefined) throw new Error('there is no onnxruntime for ' + platform + ' in this installation');
export const binding = load(found);

function isThere(path) {
  try {
    return load.resolve(path) !== '';
  } catch {
    return false;
  }
}`;

/** A module of ours still finds the files beside its own place, not beside the bundle's. */
function ownPlaces(dist, folder) {
  return {
    name: 'own-places',
    transform: {
      filter: { code: 'import.meta.url' },
      handler(code, id) {
        if (!id.startsWith(dist)) return null;
        const place = relative(folder, id).replaceAll('\\', '/');
        return code.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`);
      },
    },
  };
}
