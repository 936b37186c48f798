// Complexity and size of definitions, counted from offsets. What lies in a nested definition counts there alone; lambdas
// and anonymous functions count into the definition around them.
import type { ChunkKind, ChunkMetrics } from '../../core/chunk.ts';
import { byStart, firstFrom, type Marks } from '../syntax/captures.ts';
import type { Span } from '../syntax/types.ts';
import type { Definition, OwnedSpan } from './hierarchy.ts';
import type { LineTable } from './source-text.ts';

/** Above these a definition smells. */
const LIMITS = { methodLines: 60, classLines: 500, nesting: 4, parameters: 5, cyclomatic: 20 };

/** Kinds that are called. */
export const CALLABLE: ReadonlySet<ChunkKind> = new Set(['function', 'method', 'constructor']);

/** Of what is no definition: it has lines and nothing else. */
export function plainMetrics(lines: number): ChunkMetrics {
  return { cyclomatic: null, cognitive: null, nesting: null, parameters: null, lines, grade: null, smells: [] };
}

/** One entry per definition, in the same order. */
export function measureDefinitions(
  definitions: readonly Definition[],
  owned: readonly OwnedSpan[],
  marks: Marks,
  lines: LineTable,
): ChunkMetrics[] {
  const decisions = countByOwner(definitions.length, owned, marks.decisions);
  const { deepest, cognitive } = nestingByOwner(definitions.length, owned, marks);
  return definitions.map((definition, index) => {
    // Each further equation of a function is a path more through it.
    const clauses = Math.max(definition.clauses, 1);
    const { counts } = definition;
    const cyclomatic = counts.decisions ? clauses + decisions[index]! : null;
    const nesting = counts.nesting ? deepest[index]! : null;
    const parameters = parametersOf(definition, marks);
    const length = lines.lineAt(Math.max(definition.lastShown, definition.head)) - lines.lineAt(definition.head) + 1;
    return {
      cyclomatic,
      cognitive: counts.nesting ? cognitive[index]! : null,
      nesting,
      parameters,
      lines: length,
      grade: gradeOf(cyclomatic),
      smells: smellsOf(definition.kind, { cyclomatic, nesting, parameters, lines: length }),
    };
  });
}

/** Which definition holds each mark, −1 for none: two sorted lists, walked side by side. */
function ownersOf(owned: readonly OwnedSpan[], marks: readonly Span[]): number[] {
  let at = 0;
  return marks.map((mark) => {
    while (at < owned.length && owned[at]!.end <= mark.start) at += 1;
    return owned[at]?.owner ?? -1;
  });
}

function countByOwner(size: number, owned: readonly OwnedSpan[], marks: readonly Span[]): number[] {
  const counts = new Array<number>(size).fill(0);
  for (const owner of ownersOf(owned, marks)) {
    if (owner >= 0) counts[owner]! += 1;
  }
  return counts;
}

/** A nesting construct costs 1 + the number of those around it; an `else if` costs 1 on the level it continues. */
function nestingByOwner(
  size: number,
  owned: readonly OwnedSpan[],
  marks: Marks,
): { deepest: number[]; cognitive: number[] } {
  const deepest = new Array<number>(size).fill(0);
  const cognitive = countByOwner(size, owned, marks.flats);
  let nextFlat = 0;
  const open: { end: number; owner: number; level: number }[] = [];
  const owners = ownersOf(owned, marks.nests);
  for (const [index, mark] of marks.nests.entries()) {
    const owner = owners[index]!;
    while (open.length > 0 && open.at(-1)!.end <= mark.start) open.pop();
    if (owner < 0) continue;
    const around = open.at(-1);
    const outerLevel = around?.owner === owner ? around.level : 0;
    while (nextFlat < marks.flats.length && byStart(marks.flats[nextFlat]!, mark) < 0) nextFlat += 1;
    const isFlat = nextFlat < marks.flats.length && byStart(marks.flats[nextFlat]!, mark) === 0;
    const level = isFlat ? Math.max(outerLevel, 1) : outerLevel + 1;
    if (!isFlat) cognitive[owner]! += level;
    deepest[owner] = Math.max(deepest[owner]!, level);
    open.push({ end: mark.end, owner, level });
  }
  return { deepest, cognitive };
}

function parametersOf({ params, looseParams }: Definition, marks: Marks): number | null {
  if (params === null) return looseParams.length > 0 ? looseParams.length : null;
  if (params.children < 0) return 1; // a bare name: x => …
  const inside = (spans: readonly Span[]) => firstFrom(spans, params.end) - firstFrom(spans, params.start);
  return params.children + inside(marks.extraParams) - inside(marks.missingParams) - inside(marks.comments);
}

function gradeOf(cyclomatic: number | null): ChunkMetrics['grade'] {
  if (cyclomatic === null) return null;
  if (cyclomatic <= 5) return 'A';
  if (cyclomatic <= 10) return 'B';
  if (cyclomatic <= 20) return 'C';
  return cyclomatic <= 30 ? 'D' : 'F';
}

function smellsOf(
  kind: ChunkKind,
  metrics: Pick<ChunkMetrics, 'cyclomatic' | 'nesting' | 'parameters' | 'lines'>,
): string[] {
  const smells: string[] = [];
  if ((metrics.cyclomatic ?? 0) > LIMITS.cyclomatic) smells.push('complex');
  if ((metrics.nesting ?? 0) > LIMITS.nesting) smells.push('deep-nesting');
  if (kind === 'class' && metrics.lines > LIMITS.classLines) smells.push('large-class');
  if (CALLABLE.has(kind) && metrics.lines > LIMITS.methodLines) smells.push('long-method');
  if (CALLABLE.has(kind) && (metrics.parameters ?? 0) > LIMITS.parameters) smells.push('many-parameters');
  return smells;
}
