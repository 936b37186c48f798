// A project with an index as mcp-vector-search 2.2.5 left it: real source text, about 1,583 characters a row, 20 rows a
// file, 384 numbers a vector. Deterministic but for the files' times.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@lancedb/lancedb';
import { Field, FixedSizeList, Float32, Float64, Int64, Schema, Utf8 } from 'apache-arrow';
import { toArrow } from '../../dist/store/lance/arrow.js';

const DIMENSION = 384;
const ROWS_A_FILE = 20;
/** What mcp-vector-search wrote at a time; its tables are fragmented accordingly. */
const ROWS_A_COMMIT = 2_000;

const TEXTS =
  'id content file_path language chunk_type function_name class_name docstring imports chunk_id parent_chunk_id child_chunk_ids decorators return_type subproject_name subproject_path complexity_grade code_smells'.split(
    ' ',
  );
const NUMBERS =
  'start_line end_line chunk_depth cognitive_complexity cyclomatic_complexity max_nesting_depth parameter_count lines_of_code smell_count'.split(
    ' ',
  );

const schema = new Schema([
  ...TEXTS.map((name) => new Field(name, new Utf8(), true)),
  ...NUMBERS.map((name) => new Field(name, new Int64(), true)),
  new Field('complexity_score', new Float64(), true),
  new Field('vector', new FixedSizeList(DIMENSION, new Field('item', new Float32(), true)), true),
]);

/** Makes `rows` rows below `root`, which must be empty. Returns how many files and bytes of text these are. */
export async function makeOldIndex(root, rows, { seed = 1 } = {}) {
  const random = randomFrom(seed);
  const corpus = readCorpus();
  const indexDir = join(root, '.mcp-vector-search');
  mkdirSync(indexDir, { recursive: true });
  const connection = await connect(indexDir);
  const table = await connection.createEmptyTable('code_search', schema);
  const times = {};
  const sum = { files: 0, bytes: 0 };
  let pending = [];
  for (let first = 0; first < rows; first += ROWS_A_FILE) {
    const file = makeFile(root, sum.files++, Math.min(ROWS_A_FILE, rows - first), corpus, random);
    times[file.path] = file.seconds;
    sum.bytes += file.bytes;
    pending.push(...file.rows);
    if (pending.length < ROWS_A_COMMIT && first + ROWS_A_FILE < rows) continue;
    await table.add(columnsOf(pending, random));
    pending = [];
  }
  table.close();
  connection.close();
  const config = {
    project_root: root,
    index_path: indexDir,
    embedding_model: 'sentence-transformers/all-MiniLM-L6-v2',
  };
  writeFileSync(join(indexDir, 'config.json'), JSON.stringify(config));
  const metadata = { index_version: '2.2.5', indexed_at: '2026-02-03T10:00:00+00:00', file_mtimes: times };
  writeFileSync(join(indexDir, 'index_metadata.json'), JSON.stringify(metadata));
  return sum;
}

/** A class of which the file's other rows are methods. */
function makeFile(root, number, count, corpus, random) {
  const folder = join(root, `part${Math.floor(number / 200)}`);
  if (number % 200 === 0) mkdirSync(folder, { recursive: true });
  const path = join(folder, `module_${number}.py`);
  const className = `Shelf${number}`;
  const rows = [];
  const texts = [];
  let line = 1;
  for (let row = 0; row < count; row++) {
    const length = Math.round(1_583 * (0.25 + 1.5 * random()));
    const from = Math.floor(random() * (corpus.length - length));
    const content = `# ${number}.${row}\n${corpus.slice(from, from + length)}`;
    const lines = content.split('\n').length;
    const id = idOf(number, row);
    const isClass = row === 0;
    rows.push({
      id,
      chunk_id: id,
      content,
      file_path: path,
      language: 'python',
      chunk_type: isClass ? 'class' : 'function',
      function_name: isClass ? '' : `method_${row}`,
      class_name: className,
      parent_chunk_id: isClass ? '' : idOf(number, 0),
      complexity_grade: 'B',
      code_smells: row % 7 === 0 ? '["long_method"]' : '[]',
      start_line: line,
      end_line: line + lines - 1,
      chunk_depth: isClass ? 1 : 2,
      cyclomatic_complexity: 1 + (row % 9),
      lines_of_code: lines,
    });
    line += lines;
    texts.push(content);
  }
  const text = texts.join('\n');
  writeFileSync(path, text);
  return {
    path,
    rows,
    bytes: Buffer.byteLength(text),
    seconds: Number(statSync(path, { bigint: true }).mtimeNs) * 1e-9,
  };
}

function idOf(file, row) {
  return (file * 1_000 + row).toString(16).padStart(8, '0').padEnd(16, '5a');
}

function columnsOf(rows, random) {
  const columns = { complexity_score: rows.map((row) => row.cyclomatic_complexity + 0.5) };
  for (const name of TEXTS) columns[name] = rows.map((row) => row[name] ?? '');
  for (const name of NUMBERS) columns[name] = rows.map((row) => BigInt(row[name] ?? 0));
  columns.vector = new Float32Array(rows.length * DIMENSION);
  for (let row = 0; row < rows.length; row++) {
    const vector = columns.vector.subarray(row * DIMENSION, (row + 1) * DIMENSION);
    let squares = 0;
    for (let at = 0; at < DIMENSION; at++) {
      vector[at] = random() - 0.5;
      squares += vector[at] ** 2;
    }
    const norm = Math.sqrt(squares);
    for (let at = 0; at < DIMENSION; at++) vector[at] /= norm;
  }
  return toArrow(schema, columns);
}

/** Our own sources and those of what we depend on. */
function readCorpus() {
  const parts = [];
  const here = fileURLToPath(new URL('../../', import.meta.url));
  for (const folder of [
    'src',
    'test',
    'node_modules/apache-arrow/src',
    'node_modules/commander/lib',
    'node_modules/valibot/dist',
  ]) {
    const names = readdirSync(join(here, folder), { recursive: true, encoding: 'utf8' }).sort();
    for (const name of names) if (/\.(ts|m?js)$/.test(name)) parts.push(readFileSync(join(here, folder, name), 'utf8'));
  }
  return parts.join('\n').replaceAll(/[^\n -~]/g, '');
}

/** Numbers in [0, 1). */
export function randomFrom(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
