// The globs of mcp-vector-search as its users know them: `*` crosses folders, a leading part of the path may be left out.
// For paths here they are run as sets of positions, in time linear in both lengths, for a project's settings are not
// trusted; for the engine they become one of its regular expressions, which are linear too.

type Token =
  | { readonly kind: 'folders' } // `**/`: some folders, or none
  | { readonly kind: 'anything' } // `*`, `**`
  | { readonly kind: 'one' } // `?`
  | { readonly kind: 'set'; readonly not: boolean; readonly ranges: readonly (readonly [string, string])[] }
  | { readonly kind: 'text'; readonly character: string };

/** Whether a glob matches a `/`-separated path, or what follows one of its slashes. */
export function matchesGlob(glob: string, path: string): boolean {
  const tokens = tokensOf(glob);
  const characters = [...path];
  let at = new Set<number>();
  for (let place = 0; place <= characters.length; place++) {
    if (place === 0 || characters[place - 1] === '/') at.add(0);
    at = withSkips(tokens, at, place === 0 || characters[place - 1] === '/');
    if (place < characters.length) at = step(tokens, at, characters[place]!);
  }
  return at.has(tokens.length);
}

/** The same as a regular expression of the engine; `isWhole` if no leading part of the path may be missing. */
export function globAsRegex(glob: string, isWhole = false): string {
  const parts = tokensOf(glob).map((token) => {
    if (token.kind === 'folders') return '(.*/)?';
    if (token.kind === 'anything') return '.*';
    if (token.kind === 'one') return '.';
    if (token.kind === 'text') return escaped(token.character);
    return `[${token.not ? '^' : ''}${token.ranges.map(([from, to]) => `${escaped(from)}-${escaped(to)}`).join('')}]`;
  });
  return `^(?s:${isWhole ? '' : '(.*/)?'}${parts.join('')})$`;
}

function escaped(character: string): string {
  return /[\w\s/]|[^ -~]/.test(character) ? character : `\\${character}`;
}

function tokensOf(glob: string): Token[] {
  return (glob.match(/\*\*\/|\*+|\?|\[!?\]?[^\]]*\]|./gsu) ?? []).map((part): Token => {
    if (part === '**/') return { kind: 'folders' };
    if (part.startsWith('*')) return { kind: 'anything' };
    if (part === '?') return { kind: 'one' };
    if ([...part].length === 1) return { kind: 'text', character: part };
    const not = part[1] === '!';
    const ranges = [...part.slice(not ? 2 : 1, -1).matchAll(/(.)-(.)|(.)/gsu)]
      .map(([, from, to, single]) => [from ?? single ?? '', to ?? single ?? ''] as const)
      .filter(([from, to]) => from <= to);
    return ranges.length === 0 ? { kind: 'text', character: part } : { kind: 'set', not, ranges };
  });
}

/** Positions that are reached without a character: past what may match nothing. */
function withSkips(tokens: readonly Token[], at: Iterable<number>, isAtStart: boolean): Set<number> {
  const reached = new Set<number>();
  for (const start of at) {
    for (let token = start; !reached.has(token); token++) {
      reached.add(token);
      const kind = tokens[token]?.kind;
      if (kind !== 'anything' && !(kind === 'folders' && isAtStart)) break;
    }
  }
  return reached;
}

function step(tokens: readonly Token[], at: ReadonlySet<number>, character: string): Set<number> {
  const next = new Set<number>();
  for (const position of at) {
    const token = tokens[position];
    if (token === undefined) continue;
    if (token.kind === 'anything' || token.kind === 'folders') next.add(position);
    else if (token.kind === 'one') next.add(position + 1);
    else if (token.kind === 'text' ? token.character === character : inSet(token, character)) next.add(position + 1);
  }
  return next;
}

function inSet(set: Token & { kind: 'set' }, character: string): boolean {
  return set.ranges.some(([from, to]) => from <= character && character <= to) !== set.not;
}
