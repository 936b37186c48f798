// The pass over `vectors`, checked against what the passes before it gathered.
import { isUnitNorm, normOf } from '../core/unit-vector.ts';
import type { Facts } from './facts.ts';
import type { Findings } from './findings.ts';
import { stringPool } from './ids.ts';
import { bytesAt, counted, isEmpty, NO_PARENT, noteNulls, sha256, textAt } from './passes.ts';
import type { OpenTable } from './read-table.ts';

/**
 * The last pass: fills `facts.vectors` and checks each vector against its chunk, as far as the other tables could be read.
 * Returns the number of different ids. `modelId` is the model that the index records.
 */
export async function readVectors(
  table: OpenTable,
  facts: Facts,
  findings: Findings,
  options: { full: boolean; modelId: string; hasChunks: boolean; hasStructure: boolean },
): Promise<number> {
  const { ids, pathOf, chunks, structure, vectors: seen } = facts;
  const present = new Set(table.reader.columns.map(({ name }) => name));
  const wanted = options.full
    ? [...present]
    : ['chunk_id', 'file_path', 'start_line', 'end_line', 'model_version', 'parent_chunk_id', 'tandem_recipe'];
  const columns = wanted.filter((name) => present.has(name));
  const required = columns.filter((name) => !NULLABLE.has(name));
  const [idOf, parentOf] = [ids.reader(), ids.reader()];
  const [modelOf, recipeOf, kindOf] = [stringPool(), stringPool(), stringPool()];
  let total = 0;
  for await (const rows of counted(table, 'vectors', columns, findings, options.full)) {
    noteNulls(rows, required, 'vectors', findings);
    const idColumn = rows.texts('chunk_id');
    const models = rows.texts('model_version');
    const recipes = present.has('tandem_recipe') ? rows.texts('tandem_recipe') : null;
    const parents = present.has('parent_chunk_id') ? rows.texts('parent_chunk_id') : null;
    const starts = rows.integers('start_line');
    const ends = rows.integers('end_line');
    const paths = rows.texts('file_path');
    const copy = options.full
      ? {
          content: rows.texts('content'),
          kind: rows.texts('chunk_type'),
          breadcrumb: rows.texts('hierarchy_path'),
          vector: rows.column('vector'),
        }
      : null;
    for (let row = 0; row < rows.numRows; row++) {
      const id = idOf(idColumn, row);
      const recipe = recipes === null ? '' : recipeOf(recipes, row);
      if (seen[id]) findings.add('vector-doubled', 'vectors', ids.textOf(id));
      else total++;
      seen[id] = true;
      checkOrigin(() => ids.textOf(id), modelOf(models, row), recipe, options.modelId, findings);
      if (copy !== null) checkNumbers(ids.textOf(id), copy.vector.get(row), findings);
      if (!options.hasChunks) continue;
      if (chunks.path[id] === undefined) {
        if (!facts.rewritten.has(pathOf(paths, row))) findings.add('vector-without-chunk', 'vectors', ids.textOf(id));
        continue;
      }
      const isMoved = starts[row] !== chunks.startLine[id] || ends[row] !== chunks.endLine[id];
      const isAdopted = recipe !== '' && options.hasStructure && structure.path[id] !== undefined;
      const parent = parents === null || isEmpty(parents, row) ? NO_PARENT : parentOf(parents, row);
      if (isMoved || (isAdopted && parent !== structure.parent[id]))
        findings.add('vector-place', 'vectors', ids.textOf(id));
      if (copy === null || recipe === '') continue; // mcp-vector-search may word its copy as it likes
      const isCopy =
        pathOf(paths, row) === chunks.path[id] &&
        kindOf(copy.kind, row) === chunks.kind[id] &&
        textAt(copy.breadcrumb, row) === chunks.breadcrumb[id];
      // The structure row is the witness: where chunk and vector differ, one of them still has what was stored.
      const stored = structure.contentHash[id] ?? chunks.contentHash[id];
      if (!isCopy || sha256(bytesAt(copy.content, row)) !== stored)
        findings.add('vector-copy', 'vectors', ids.textOf(id));
    }
  }
  return total;
}

const NULLABLE = new Set(['embedding_batch_id', 'parent_chunk_id', 'tandem_recipe']);

/** The recipe of vectors that came from an old layout: mcp-vector-search's name, with its version where it was known. */
const MIGRATED = /^mvs(-.+)?$/;

/** `recipe` is empty for a row that mcp-vector-search made. */
function checkOrigin(id: () => string, model: string, recipe: string, modelId: string, findings: Findings): void {
  // mcp-vector-search writes the name with or without its owner; a migration kept what it had written.
  const isExternal = recipe === '' || MIGRATED.test(recipe);
  const isSame = model === modelId || (isExternal && model === modelId.slice(modelId.lastIndexOf('/') + 1));
  if (!isSame) findings.add('vector-model', 'vectors', id(), `${id()}: ${model}, not ${modelId}`);
  if (!isExternal && !/^[0-9a-f]{8}$/.test(recipe))
    findings.add('vector-recipe', 'vectors', id(), `${id()}: ${recipe}`);
}

function checkNumbers(id: string, value: unknown, findings: Findings): void {
  const vector = value as { nullCount: number; toArray(): Float32Array };
  const norm = normOf(vector.toArray());
  if (vector.nullCount > 0 || !Number.isFinite(norm)) findings.add('vector-not-finite', 'vectors', id);
  else if (!isUnitNorm(norm)) findings.add('vector-norm', 'vectors', id, `${id}: ${norm.toPrecision(4)}`);
}

/** Complete means that there is a vector, and the other way round. */
export function checkClaims({ ids, chunks, vectors }: Facts, findings: Findings): void {
  for (const [id, status] of chunks.status.entries()) {
    if (status === undefined || (status === 'complete') === (vectors[id] ?? false)) continue;
    const code = status === 'complete' ? 'complete-without-vector' : 'vector-not-claimed';
    findings.add(code, 'chunks', ids.textOf(id), `${ids.textOf(id)} of ${chunks.path[id]}`);
  }
}
