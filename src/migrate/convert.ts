// From a batch of old rows to the columns of the three tables of today. Pure.
import { hash } from 'node:crypto';
import { basename } from 'node:path';
import type { Columns } from '../store/lance/arrow.ts';
import { bytesOf, countWordsIn, repeatedText, type TextColumn, textColumn } from '../store/lance/columns.ts';
import type { JudgedFile } from './file-states.ts';
import { type OldBatch, selectRows } from './old-batch.ts';
import type { MigrationPlan } from './plan.ts';

export interface Converter {
  chunks(batch: OldBatch): Columns;
  /** Null where no row has a vector; else the columns of those that have one. */
  vectors(batch: OldBatch): Columns | null;
  /** To be called for each batch once and in order: positions among children are counted on. */
  structure(batch: OldBatch): Columns;
  /** Null where no row says anything that has no column of its own. */
  leftover(batch: OldBatch): Columns | null;
}

/** `now` is an ISO time. */
export function converter(plan: MigrationPlan, now: string): Converter {
  const { ids, settings } = plan;
  const place = numberChildren();
  const projectName = basename(plan.oldRoot);
  const filesOf = (batch: OldBatch): JudgedFile[] => batch.path.map((path) => plan.files.get(path)!); // all were judged
  const isInFile = (id: string, path: string) => {
    const position = ids.get(id);
    return position !== undefined && plan.files.get(plan.pathOfId[position]!)?.path === path;
  };
  const parentsOf = ({ id, parentId, path }: OldBatch): string[] =>
    parentId.map((parent, row) => {
      const isParent = parent !== '' && parent !== id[row] && isInFile(parent, plan.files.get(path[row]!)!.path);
      return isParent ? parent : '';
    });
  return {
    chunks(batch) {
      const rows = batch.id.length;
      const same = (text: string) => repeatedText(text, rows);
      const none = same('');
      const zero = new Int32Array(rows);
      const files = filesOf(batch);
      const parents = parentsOf(batch);
      return {
        chunk_id: textColumn(batch.id),
        file_path: textColumn(files.map((file) => file.path)),
        file_hash: textColumn(files.map((file) => file.fileHash)),
        content: batch.content,
        language: batch.language,
        start_line: batch.startLine,
        end_line: batch.endLine,
        chunk_type: batch.kind,
        name: textColumn(batch.name),
        start_char: zero,
        end_char: zero,
        // The id of a parent stood there in tables that mcp-vector-search's migration made.
        parent_name: textColumn(batch.parentName.map((name, row) => (name === parents[row] ? '' : name))),
        hierarchy_path: textColumn(batch.breadcrumb),
        docstring: batch.docstring,
        signature: batch.signature,
        complexity: batch.complexity,
        token_count: countWordsIn(batch.content),
        last_author: batch.lastAuthor,
        last_modified: batch.lastModified,
        commit_hash: batch.commitHash,
        calls: batch.calls,
        imports: batch.imports,
        inherits_from: batch.inheritsFrom,
        embedding_status: textColumn(batch.vectors.isThere.map((isThere) => (isThere ? 'complete' : 'pending'))),
        embedding_batch_id: zero,
        created_at: same(settings.indexedAt ?? now),
        updated_at: same(now),
        error_message: none,
      };
    },
    vectors(all) {
      const batch = selectRows(
        all,
        all.vectors.isThere.flatMap((isThere, row) => (isThere ? [row] : [])),
      );
      const rows = batch.id.length;
      if (rows === 0) return null;
      const same = (text: string) => repeatedText(text, rows);
      return {
        chunk_id: textColumn(batch.id),
        vector: batch.vectors.numbers,
        file_path: textColumn(filesOf(batch).map((file) => file.path)),
        content: batch.content,
        language: batch.language,
        start_line: batch.startLine,
        end_line: batch.endLine,
        chunk_type: batch.kind,
        name: textColumn(batch.name),
        function_name: textColumn(batch.functionName),
        class_name: textColumn(batch.className),
        project_name: textColumn(batch.projectName.map((own) => own || projectName)),
        hierarchy_path: textColumn(batch.breadcrumb),
        embedded_at: same(settings.indexedAt ?? now),
        model_version: same(plan.modelName),
        embedding_batch_id: new Array<null>(rows).fill(null),
        parent_chunk_id: textColumn(parentsOf(batch)),
        tandem_recipe: same(recipeNameOf(plan)),
      };
    },
    structure(batch) {
      const rows = batch.id.length;
      const files = filesOf(batch);
      const parents = parentsOf(batch);
      const zero = new Int32Array(rows);
      return {
        chunk_id: textColumn(batch.id),
        file_path: textColumn(files.map((file) => file.path)),
        parent_chunk_id: textColumn(parents),
        child_order: Int32Array.from(parents, (parent, row) => place(parent || files[row]!.path)),
        // mcp-vector-search counts a file's own functions as one deep.
        depth: batch.oldDepth.map((depth, row) => (parents[row] === '' ? 0 : Math.max(1, depth - 1))),
        breadcrumb: textColumn(batch.breadcrumb),
        part_index: zero,
        occurrence: zero,
        content_hash: textColumn(hashesOf(batch.content)),
        derived: new Array<boolean>(rows).fill(false),
        cyclomatic: batch.cyclomatic,
        cognitive: batch.cognitive,
        nesting: batch.nesting,
        parameters: batch.parameters,
        lines: Int32Array.from(
          batch.lines,
          (lines, row) => lines ?? Math.max(0, batch.endLine[row]! - batch.startLine[row]! + 1),
        ),
        grade: textColumn(batch.grade.map((grade) => (/^[ABCDF]$/.test(grade) ? grade : ''))),
        smells: batch.smells,
      };
    },
    leftover({ id, leftover }) {
      const rows = leftover.flatMap((text, row) => (text === '' ? [] : [row]));
      if (rows.length === 0) return null;
      return {
        chunk_id: textColumn(rows.map((row) => id[row]!)),
        metadata: textColumn(rows.map((row) => leftover[row]!)),
      };
    },
  };
}

/** Which program made the vectors' texts; `status` counts rows by it. */
export function recipeNameOf({ oldVersion }: Pick<MigrationPlan, 'oldVersion'>): string {
  return oldVersion === '' ? 'mvs' : `mvs-${oldVersion}`;
}

/** Positions among the rows of one parent, or of one file, in the order of the table. */
function numberChildren(): (parent: string) => number {
  const next = new Map<string, number>();
  return (parent) => {
    const position = next.get(parent) ?? 0;
    next.set(parent, position + 1);
    return position;
  };
}

function hashesOf(texts: TextColumn): string[] {
  return Array.from({ length: texts.offsets.length - 1 }, (_, row) => hash('sha256', bytesOf(texts, row), 'hex'));
}
