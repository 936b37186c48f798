// The words a query may use. A capture that starts with `_` serves its own pattern's predicates and is ignored.
//
//   @def.<kind>      a definition of that ChunkKind; its pattern may also capture:
//     @name            its name
//     @scope           a name that goes before it in the breadcrumb without being its parent (Go's receiver); several
//                      captures count from the first to the last
//     @params          the node whose named children are its parameters
//     @params.none     in its place, of a definition that is written without parameters
//     @param           in its place, each parameter, where no node holds them all
//     @body            where its signature ends
//     @end             where it ends, if that is not where its node does
//     @rank.<n>        in its place: it ends where the next definition of this or a lower rank starts (headings); one that
//                      does not start its line is none
//   @held.<kind>     a definition of that ChunkKind only if it has a name: of its own, or from what holds it. Such a holder is
//                    @holds, which says how far the definition reaches, with @value, the node that is held, and @name
//                    and @scope as above; instead of @name, @name.else is a name for what has none of its own. In a
//                    literal that is @members the names that lead to it are the scope. @value.long in place of @value
//                    takes only what is not @held.<kind>.short (a function without a block).
//   @pass, @to       who holds @pass holds @to: parentheses, a call around a function
//   @inner, @outer   a definition that is @inner reaches to the edges of @outer (export, decorators); of several inners the
//                    first reaches to its start and the last to its end
//   @apart           no chunk reaches over its start (documents of one file)
//   @lead            right above a definition, belongs to it (attributes, decorators)
//   @param.more, @param.less   one parameter more, or less, than the named children of @params say
//   @docstring       documents the definition around it
//   @inherits        a type that the definition around it extends, implements or embeds
//   @call            what is called; with @call.from in one pattern, the text from there to here
//   @call.less       nothing in it is a call, whatever another pattern says
//   @import          a module's name; with @import.from in one pattern, the text from there to here
//   @embed.<id>      a region that is written in that language; of several patterns for one region the first holds, and
//                    @embed.none says that it is none we know
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
  'param',
  'body',
  'end',
  'holds',
  'value',
  'value.long',
  'name.else',
  'members',
  'pass',
  'to',
  'inner',
  'outer',
  'apart',
  'lead',
  'param.more',
  'param.less',
  'docstring',
  'inherits',
  'call',
  'call.from',
  'call.less',
  'import',
  'import.from',
  'decision',
  'decision.bool',
  'nest',
  'flat',
]);

export function isKnownCapture(name: string): boolean {
  if (name.startsWith('_')) return true;
  if (/^(?:rank\.\d|embed\.[a-z][a-z0-9_+#-]*)$/.test(name)) return true;
  if (name.startsWith('held.')) return DEFINITION_KINDS.has(name.slice('held.'.length).replace(/\.short$/, ''));
  return name.startsWith('def.') ? DEFINITION_KINDS.has(name.slice('def.'.length)) : CAPTURES.has(name);
}
