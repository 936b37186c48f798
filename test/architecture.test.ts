// The shape of the program, kept as data and checked against every import in src/.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src/', import.meta.url));

/** What a folder, or a file at the top, may import beside itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  languages: ['core'],
  store: ['core'],
  config: ['core'],
  embedding: ['core', 'store'],
  discover: ['core', 'store'],
  'phase1-parse': ['core', 'discover', 'languages', 'store'],
  'phase2-embed': ['core', 'store', 'embedding'],
  'text-index': ['core', 'store'],
  search: ['core', 'discover', 'store', 'embedding', 'text-index'],
  migrate: ['core', 'store'],
  verify: ['core', 'store', 'embedding'],
  cleanup: ['core', 'store', 'verify', 'migrate'],
  run: [
    'core',
    'config',
    'discover',
    'languages',
    'store',
    'embedding',
    'phase1-parse',
    'phase2-embed',
    'migrate',
    'text-index',
  ],
  operations: [
    'core',
    'config',
    'discover',
    'languages',
    'store',
    'embedding',
    'phase1-parse',
    'phase2-embed',
    'search',
    'migrate',
    'verify',
    'cleanup',
    'run',
    'text-index',
  ],
  'index.ts': ['core', 'config', 'operations'],
  agents: ['index.ts', 'config', 'core'],
  connect: ['config', 'core'],
  mcp: ['agents', 'index.ts', 'config', 'core'],
  cli: ['index.ts', 'config', 'core', 'agents', 'mcp', 'connect'],
};

/** Who may import a package; those not named here may be used anywhere the folder table allows. */
const OWNERS: Readonly<Record<string, RegExp>> = {
  '@lancedb/lancedb': /^(store\/|verify\/read-table\.ts$)/, // verify reads by a way of its own
  'apache-arrow': /^store\//,
  stemmer: /^text-index\/tokens\.ts$/,
  'web-tree-sitter': /^phase1-parse\/syntax\//,
  '@huggingface/tokenizers': /^embedding\/inference\/local-model\.ts$/,
  'onnxruntime-node': /^embedding\/inference\/runtime\.ts$/,
  '@modelcontextprotocol/server': /^mcp\//,
  'jsonc-parser': /^(connect\/edit-json|config\/settings-file)\.ts$/,
  'smol-toml': /^connect\/edit-toml\.ts$/,
  '@valibot/to-json-schema': /^agents\/tools\.ts$/,
  commander: /^cli\//,
  ora: /^cli\//,
};

/** Words that only one folder may use. */
const RESERVED: readonly { readonly words: RegExp; readonly allowed: RegExp; readonly rule: string }[] = [
  {
    words: /\bconsole\.|\bprocess\.(stdout|stderr)\b/,
    allowed: /^cli\//,
    rule: 'only cli/ prints',
  },
  {
    words: /\bprocess\.(exit|exitCode|abort)\b/,
    allowed: /^cli\/main\.ts$/,
    rule: 'only cli/main.ts ends the process',
  },
  {
    words: /\bprocess\.env\b|\benv\b.*\bfrom 'node:process'/,
    allowed: /^(config\/|embedding\/inference\/quiet-runtime\.ts$)/, // which sets a variable, and reads none
    rule: 'only config/ reads the environment',
  },
  {
    words: /\bfetch\(|'node:(http|https|http2|net|tls|dns)\b/,
    allowed: /^embedding\/download\/hub\.ts$/,
    rule: 'only embedding/download/hub.ts reaches the network',
  },
];

interface SourceText {
  /** Relative to src/, `/`-separated. */
  readonly path: string;
  readonly code: string;
}

const sources: readonly SourceText[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path: path.replaceAll('\\', '/'), code: withoutComments(readFileSync(join(src, path), 'utf8')) }));

describe('the shape of src/', () => {
  it('has source files, all in a folder of the table', () => {
    expect(sources.length).toBeGreaterThan(10);
    expect(new Set(sources.map(({ path }) => unitOf(path)).filter((unit) => !(unit in MAY_IMPORT)))).toEqual(new Set());
  });

  it('imports only in the allowed directions', () => {
    expect(sources.flatMap(forbiddenImports)).toEqual([]);
  });

  it('uses each dependency only in the place that owns it', () => {
    expect(sources.flatMap(strayDependencies)).toEqual([]);
  });

  it.each(RESERVED)('keeps to it that $rule', ({ words, allowed }) => {
    expect(sources.filter(({ path, code }) => words.test(code) && !allowed.test(path)).map(({ path }) => path)).toEqual(
      [],
    );
  });

  it('has no circle of imports, types included', () => {
    expect(findCircle()).toEqual([]);
  });
});

describe('the checks themselves', () => {
  it('see every form of import', () => {
    const code = `import a from './a.ts';\nimport {\n  b,\n} from "./b.ts";\nexport * from './c.ts';\nimport './d.ts';\nconst e = await import('./e.ts');\nexport type { F } from './f.ts';\nlet g: import('./g.ts').G;`;
    expect(importsOf(code).map(({ specifier }) => specifier)).toEqual(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `./${name}.ts`),
    );
  });

  it('refuse an import against the direction, and a dependency away from home', () => {
    expect(forbiddenImports({ path: 'core/x.ts', code: `import '../store/open.ts';` })).toHaveLength(1);
    expect(
      forbiddenImports({ path: 'search/x.ts', code: `import type { Index } from '../operations/index.ts';` }),
    ).toHaveLength(1);
    expect(forbiddenImports({ path: 'cli/x.ts', code: `import '../operations/index.ts';` })).toHaveLength(1);
    expect(
      forbiddenImports({ path: 'cli/commands/x.ts', code: `import '../../index.ts'; import '../failure.ts';` }),
    ).toEqual([]);
    expect(strayDependencies({ path: 'search/x.ts', code: `import '@lancedb/lancedb';` })).toHaveLength(1);
    expect(strayDependencies({ path: 'store/x.ts', code: `import 'apache-arrow/table';` })).toEqual([]);
  });

  it('do not take a comment for code, nor the text of a string for a comment', () => {
    expect(withoutComments("a; // process.env\n/* console.log */ b; 'http://x'")).toBe("a; \n b; 'http://x'");
  });
});

/** `store/open.ts` → `store`; `index.ts` stays. */
function unitOf(path: string): string {
  return path.split('/')[0] ?? '';
}

function forbiddenImports({ path, code }: SourceText): string[] {
  const own = unitOf(path);
  return importsOf(code)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => relative(src, resolve(src, dirname(path), specifier)).replaceAll('\\', '/'))
    .filter((target) => unitOf(target) !== own && !(MAY_IMPORT[own] ?? []).includes(unitOf(target)))
    .map((target) => `${path} imports ${target}`);
}

function strayDependencies({ path, code }: SourceText): string[] {
  return importsOf(code).flatMap(({ specifier }) => {
    const name = specifier.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? '';
    const owner = OWNERS[name];
    return owner === undefined || owner.test(path) ? [] : [`${path} imports ${specifier}`];
  });
}

/** Specifiers in file order. */
function importsOf(code: string): { specifier: string }[] {
  const pattern =
    /\b(?:import|export)\s+(?:type\s)?(?:[^'"();]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]/g;
  return [...code.matchAll(pattern)].map((match) => ({ specifier: match[1] ?? match[2] ?? '' }));
}

function withoutComments(code: string): string {
  return code.replace(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, string) => string ?? '',
  );
}

/** The first circle found among imports, as paths in order; `[]` if there is none. */
function findCircle(): string[] {
  const edges = new Map(
    sources.map(({ path, code }) => [
      path,
      importsOf(code)
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => relative(src, resolve(src, dirname(path), specifier)).replaceAll('\\', '/')),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): string[] => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of edges.get(path) ?? []) {
      const circle = visit(next, [...way, path]);
      if (circle.length > 0) return circle;
    }
    done.add(path);
    return [];
  };
  for (const path of edges.keys()) {
    const circle = visit(path, []);
    if (circle.length > 0) return circle;
  }
  return [];
}
