// The words a query may use. A capture that starts with `_` serves its own pattern's predicates and is ignored.
//
//   @def.<kind>      a definition of that ChunkKind; its pattern may also capture:
//     @name            its name
//     @scope           a name that goes before it in the breadcrumb without being its parent (Go's receiver); several
//                      captures count from the first to the last
//     @params          the node whose named children are its parameters
//     @params.none     in its place, of a definition that is written without parameters
//     @body            where its signature ends
//   @inner, @outer   a definition that is @inner reaches to the edges of @outer (export, decorators); of several inners the
//                    first reaches to its start and the last to its end
//   @lead            right above a definition, belongs to it (attributes, decorators)
//   @param.more, @param.less   one parameter more, or less, than the named children of @params say
//   @docstring       documents the definition around it
//   @inherits        a type that the definition around it extends, implements or embeds
//   @call            what is called; with @call.from in one pattern, the text from there to here
//   @import          a module's name; with @import.from in one pattern, the text from there to here
//   @decision        one path more through the definition around it; @decision.bool the same, of an operator
//   @nest            what is inside is one level deeper
//   @flat            an `else if`: counts once, on the level of what it continues
import type { ChunkKind } from '../core/chunk.ts';

/** Kinds a query may define; `module` and `text` are for what lies outside every definition. */
export const DEFINITION_KINDS: ReadonlySet<string> = new Set<ChunkKind>([
  'function',
  'method',
  'constructor',
  'class',
  'interface',
  'struct',
  'enum',
  'trait',
  'impl',
  'type',
  'macro',
  'namespace',
  'section',
  'entry',
]);

const CAPTURES: ReadonlySet<string> = new Set([
  'name',
  'scope',
  'params',
  'params.none',
  'body',
  'inner',
  'outer',
  'lead',
  'param.more',
  'param.less',
  'docstring',
  'inherits',
  'call',
  'call.from',
  'import',
  'import.from',
  'decision',
  'decision.bool',
  'nest',
  'flat',
]);

export function isKnownCapture(name: string): boolean {
  if (name.startsWith('_')) return true;
  return name.startsWith('def.') ? DEFINITION_KINDS.has(name.slice('def.'.length)) : CAPTURES.has(name);
}
