// Joins the compiled modules of the CLI and of its workers, with the JavaScript they import, into a few files under
// dist/bundle/. A process that loads 650 small files spends most of its start on finding and compiling them.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What starts a process or a thread, by the name it gets in dist/bundle/. */
export const ENTRIES = {
  main: 'cli/main.js',
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
    external: ['onnxruntime-node', 'web-tree-sitter', /^@lancedb\/lancedb-/],
    plugins: [oneArrow(root), bindingOfLancedb(), ownPlaces(dist, folder)],
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

/** LanceDB's binding is found by LanceDB's own loader, from where npm put the package. */
function bindingOfLancedb() {
  const id = 'virtual:binding-of-lancedb';
  const code = `
    import { createRequire } from 'node:module';
    const loader = createRequire(createRequire(import.meta.url).resolve('@lancedb/lancedb'))('./native.js');
    export { loader as 'module.exports' };`;
  return {
    name: 'binding-of-lancedb',
    resolveId: {
      filter: { id: /^\.{1,2}\/native(\.js)?$/ },
      handler: (_, importer) => (/[\\/]@lancedb[\\/]lancedb[\\/]/.test(importer ?? '') ? id : null),
    },
    load: { filter: { id: /^virtual:binding-of-lancedb$/ }, handler: () => code },
  };
}

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
