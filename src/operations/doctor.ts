// `doctor`: is everything here that an index needs? One line per check, each with what to do if it is not well.
// Changes nothing; the file system is tried out in a folder that is removed again.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { packageVersion } from '../config/package.ts';
import type { Config } from '../config/schema.ts';
import { adviceOnMemory, parsersThatFit } from '../core/address-space.ts';
import { onDevice } from '../core/device.ts';
import { IndexerError, messageOf } from '../core/errors.ts';
import { isUnitNorm, normOf } from '../core/unit-vector.ts';
import { describeProcessor, type Processor } from '../embedding/inference/processor.ts';
import { verifyModelFiles } from '../embedding/model/model-files.ts';
import { describeModel } from '../embedding/model/recipe.ts';
import { openEmbedder } from '../embedding/open.ts';
import { loadBuiltInLanguages } from '../languages/load.ts';
import { openSyntax } from '../phase1-parse/syntax/syntax.ts';
import { describeDisk, nearestExisting, probeDirectory } from '../store/files/probe-directory.ts';
import { layoutOf } from '../store/layout.ts';
import { describeSelf, judge, readLockFile } from '../store/lock/holder.ts';
import { describeHolder } from '../store/lock/lock.ts';
import { detectLayout, hasLostChunks } from '../store/open-for-reading.ts';
import { refuseOtherProject } from '../store/project.ts';
import { connectTo } from '../verify/read-table.ts';

export interface Check {
  /** `node`, `versions`, `table engine`, `model files`, `embedding`, `processor`, `grammars`, `index`, `write`, …; stable. */
  readonly name: string;
  /** `warning`: it works, but not as well as it could. */
  readonly state: 'ok' | 'warning' | 'failed';
  readonly found: string;
  /** What to do; '' if all is well. */
  readonly remedy: string;
}

/** The object of `doctor --json`; additive changes only. */
export interface Diagnosis {
  readonly schema: 1;
  /** True if nothing failed. */
  readonly healthy: boolean;
  readonly checks: readonly Check[];
}

type ModelPlace = Pick<Config, 'modelDir' | 'device'>;

const LEAST_NODE = [20, 19] as const;
const LOW_SPACE_BYTES = 1024 ** 3;
const NO_SPACE_BYTES = 100 * 1024 ** 2;

export async function diagnose(config: Pick<Config, 'root' | 'indexDir' | 'modelDir' | 'device'>): Promise<Diagnosis> {
  const checks = [
    checkNode(process.versions.node),
    await checkVersions(config),
    await checkEngine(config.root),
    await checkModelFiles(config.modelDir),
    await checkEmbedding(config),
    processorCheck(await describeProcessor()),
    await checkGrammars(),
    ...(await checkDisk(config.indexDir)),
    await checkMode(config),
    await checkLock(config.indexDir),
  ];
  return { schema: 1, healthy: checks.every(({ state }) => state !== 'failed'), checks };
}

function ok(name: string, found: string): Check {
  return { name, state: 'ok', found, remedy: '' };
}

function failed(name: string, found: string, remedy: string): Check {
  return { name, state: 'failed', found, remedy };
}

function warning(name: string, found: string, remedy: string): Check {
  return { name, state: 'warning', found, remedy };
}

/** `version` as Node gives it: `20.19.0`. */
export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1]);
  const found = `Node ${version} on ${process.platform}-${process.arch}`;
  return isOld ? failed('node', found, `install Node ${LEAST_NODE.join('.')} or later`) : ok('node', found);
}

async function checkVersions({ modelDir, device }: ModelPlace): Promise<Check> {
  try {
    const { identity, recipe } = await describeModel(modelDir, device);
    return ok('versions', `tandem ${packageVersion()}, index format 1, ${identity.modelId}, recipe ${recipe}`);
  } catch (error) {
    return failed('versions', messageOf(error), hintOf(error));
  }
}

async function checkEngine(directory: string): Promise<Check> {
  try {
    (await connectTo(directory)).close(); // opens no table and writes nothing
    return ok('table engine', 'LanceDB loads');
  } catch (error) {
    const remedy = 'install again without --omit=optional: the native part is an optional package for this platform';
    return failed('table engine', messageOf(error), remedy);
  }
}

async function checkModelFiles(modelDir: string): Promise<Check> {
  try {
    const { spec } = await describeModel(modelDir);
    await verifyModelFiles(modelDir, spec);
    return ok('model files', `${Object.keys(spec.files).length} files, SHA-256 as recorded`);
  } catch (error) {
    return failed('model files', messageOf(error), hintOf(error));
  }
}

async function checkEmbedding({ modelDir, device }: ModelPlace): Promise<Check> {
  try {
    const embedder = await openEmbedder({ model: await describeModel(modelDir, device), workers: 1 });
    try {
      const { vectors, failures } = await embedder.embed(['Is anybody there?']);
      const norm = normOf(vectors);
      if (failures.length === 0 && isUnitNorm(norm))
        return ok('embedding', `a text becomes ${vectors.length} numbers ${onDevice(device ?? 'cpu')}`);
      return failed('embedding', failures[0]?.reason ?? `a vector of length ${norm}`, 'reinstall this package');
    } finally {
      await embedder.close();
    }
  } catch (error) {
    return failed('embedding', messageOf(error), hintOf(error));
  }
}

/** A slower class is no fault: its vectors are the same. */
export function processorCheck({ name, class: kind, cost }: Processor): Check {
  const found = [name, kind, cost].filter((part) => part !== '').join(', ');
  return kind === 'unknown' ? warning('processor', found, 'see the line on embedding') : ok('processor', found);
}

async function checkGrammars(): Promise<Check> {
  try {
    const grammars = loadBuiltInLanguages().flatMap(({ grammar }) => (grammar === null ? [] : [grammar]));
    for (const { path, sha256 } of grammars) {
      const found = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
      if (sha256 !== null && found !== sha256)
        return failed('grammars', `${path} has SHA-256 ${found} where ${sha256} is expected`, 'reinstall this package');
    }
    if (parsersThatFit(1) === 0) return failed('grammars', 'there is no room for a parser', adviceOnMemory());
    if (!(await canParse()))
      return failed('grammars', 'the parser finds no function in a text', 'reinstall this package');
    const count = new Set(grammars.map(({ path }) => path)).size;
    return ok('grammars', `${count} grammars, SHA-256 as recorded; one was loaded and has parsed a text`);
  } catch (error) {
    return failed('grammars', messageOf(error), hintOf(error));
  }
}

async function canParse(): Promise<boolean> {
  const syntax = await openSyntax();
  const python = syntax.languages.languages.find(({ id }) => id === 'python')!;
  const found = await syntax.read(python, 'def f():\n    return 1\n', ({ matches }) => matches.length);
  return (found ?? 0) > 0;
}

async function checkDisk(indexDir: string): Promise<Check[]> {
  const directory = await nearestExisting(indexDir);
  const checks: Check[] = [];
  for (const { name, problem } of await probeDirectory(directory)) {
    if (problem === null) checks.push(ok(name, `works in ${directory}`));
    else if (name === 'write')
      checks.push(
        failed(name, problem, `check the owner and mode of ${directory}, or choose another with --index-dir`),
      );
    else checks.push(failed(name, problem, 'choose an index directory on another file system with --index-dir'));
  }
  const { freeBytes, remote } = await describeDisk(directory);
  checks.push(spaceCheck(freeBytes));
  if (remote === null) checks.push(ok('file system', 'local'));
  else {
    const remedy = 'it works, but slowly and at the mercy of its server; a local disk is better (--index-dir)';
    checks.push(warning('file system', `${remote} at ${directory}`, remedy));
  }
  return checks;
}

/** An index takes about 3 kB per chunk; 100,000 lines of code are some 10,000 chunks. */
export function spaceCheck(freeBytes: number): Check {
  const found = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free`;
  const remedy = 'free some space, or choose an index directory on another disk with --index-dir';
  if (freeBytes < NO_SPACE_BYTES) return failed('space', found, remedy);
  return freeBytes < LOW_SPACE_BYTES ? warning('space', found, remedy) : ok('space', found);
}

async function checkMode({ root, indexDir }: Pick<Config, 'root' | 'indexDir'>): Promise<Check> {
  const layout = await detectLayout(indexDir).catch((error: unknown) => messageOf(error));
  const found = await stat(indexDir).catch(() => null);
  if (await hasLostChunks(layoutOf(indexDir))) {
    return failed('index', `chunks.lance is missing from ${indexDir}`, '`tandem index` parses the files again');
  }
  if (found === null || layout === 'none') return ok('index', `none yet in ${indexDir}`);
  if (layout !== 'dual-table' && layout !== 'code_search')
    return failed('index', layout, `check the owner and mode of ${indexDir}`);
  if (layout === 'code_search') {
    return warning(
      'index',
      `${indexDir} holds an index in the old single-table layout`,
      'see: `tandem migrate --help`',
    );
  }
  try {
    await refuseOtherProject(layoutOf(indexDir), root);
  } catch (error) {
    return failed('index', messageOf(error), hintOf(error));
  }
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    const remedy = `it holds the text of your code; to keep it to yourself: chmod 700 ${indexDir}`;
    return warning('index', `${indexDir} can be entered by others (mode ${mode})`, remedy);
  }
  return ok('index', `${indexDir} (mode ${mode})`);
}

async function checkLock(indexDir: string): Promise<Check> {
  const { lockFile } = layoutOf(indexDir);
  const file = await readLockFile(lockFile).catch((error: unknown) => messageOf(error));
  if (file === null) return ok('lock', 'free');
  if (typeof file === 'string') return failed('lock', file, `check the owner and mode of ${lockFile}`);
  if (file.holder === 'unreadable') return failed('lock', `${lockFile} cannot be understood`, 'run `tandem unlock`');
  const who = describeHolder(file.holder);
  const verdict = judge(file, await describeSelf(''));
  if (verdict === 'alive') return ok('lock', `held by ${who}`);
  if (verdict === 'dead') return ok('lock', `${who} left it and no longer runs; the next run takes it over`);
  return warning(
    'lock',
    `held by ${who}, which cannot be seen from here`,
    'if it has ended, the next run takes it over within a minute; at once: `tandem unlock --force`',
  );
}

function hintOf(error: unknown): string {
  return error instanceof IndexerError ? error.hint : 'reinstall this package';
}
