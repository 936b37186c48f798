// Functions and classes without a name of their own → definitions, named by what holds them: a variable, a key, an export.
import type { FoundDefinition, Match, Span } from './types.ts';

interface Holder {
  readonly reach: Span;
  readonly name: Span | null;
  readonly nameElse: Span | null;
  readonly scope: Span | null;
  /** The literal that it is a member of. */
  readonly members: Span | null;
  readonly takesShort: boolean;
}

/** A held node as its pattern saw it; it reaches over itself alone. */
export interface Held {
  readonly found: FoundDefinition;
  readonly isShort: boolean;
}

/** `matches` are all of a query; scopes are spans of the text, the outermost first. */
export function nameHeld(matches: readonly Match[], held: readonly Held[]): FoundDefinition[] {
  if (held.length === 0) return [];
  const holders = new Map<string, Holder[]>();
  const passes = new Map<string, Span>();
  for (const match of matches) {
    const find = (name: string) => match.captures.find((capture) => capture.name === name) ?? null;
    const to = find('to');
    const pass = find('pass');
    if (to !== null && pass !== null) passes.set(spanKey(to), pass);
    const reach = find('holds');
    const value = find('value') ?? find('value.long');
    if (reach === null || value === null) continue;
    const key = spanKey(value);
    const holder: Holder = {
      reach,
      name: find('name'),
      nameElse: find('name.else'),
      scope: find('scope'),
      members: find('members'),
      takesShort: find('value') !== null,
    };
    holders.set(key, [...(holders.get(key) ?? []), holder]);
  }
  const holderOf = (span: Span, takes: (holder: Holder) => boolean): Holder | null => {
    for (let at: Span | undefined = span; at !== undefined; at = passes.get(spanKey(at))) {
      const known = holders.get(spanKey(at))?.filter(takes) ?? [];
      const best =
        known.find(({ members }) => members !== null) ?? known.find(({ nameElse }) => nameElse !== null) ?? known[0];
      if (best !== undefined) return best;
    }
    return null;
  };
  const scopesOf = (holder: Holder): Span[] => {
    const scopes: Span[] = holder.scope === null ? [] : [holder.scope];
    for (let at = holder.members; at !== null; ) {
      const outer = holderOf(at, () => true);
      if (outer === null) break;
      // `default` and `exports` say nothing where a nearer name is.
      if (outer.name !== null) scopes.unshift(outer.name);
      else if (outer.nameElse !== null && scopes.length === 0) scopes.unshift(outer.nameElse);
      else break;
      if (outer.scope !== null) scopes.unshift(outer.scope);
      at = outer.members;
    }
    return scopes;
  };
  return held.flatMap(({ found, isShort }) => {
    const holder = holderOf(found, ({ takesShort }) => takesShort || !isShort);
    if (holder === null) return [];
    const { start, end } = holder.reach;
    const name = holder.name ?? found.name ?? holder.nameElse;
    if (name === null) return [];
    const kind = holder.members !== null && found.kind === 'function' ? 'method' : found.kind;
    const isOwn = holder.name === null && name === found.name;
    return [{ ...found, kind, start, end, name, scopes: isOwn ? [] : scopesOf(holder) }];
  });
}

export function spanKey(span: Span): string {
  return `${span.start}:${span.end}`;
}
