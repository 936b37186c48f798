// Candidates → ranked chunks, each with what counted how much.
import type { StoredDocument } from '../../text-index/document.ts';
import { compoundOf, lastNameOf, partsOf, stemOf, wordsOf } from '../../text-index/tokens.ts';
import { FACTORS, type Factors } from './factors.ts';
import { isTestName, type Role, roleOf } from './place.ts';
import type { Query } from './query.ts';

/** A chunk that may be an answer. */
export interface Candidate {
  readonly document: StoredDocument;
  /** From 0 to 1: the share of the query's words, by their rarity, and how strongly the chunk is about them. */
  readonly lexical: number;
  /** Cosine of the vectors; null where there is none. */
  readonly cosine: number | null;
  /** All chunks of its file, in file order. */
  readonly siblings: () => readonly StoredDocument[];
}

/** What is known of a candidate, each from 0 to 1, before it is weighed. */
export interface Evidence {
  readonly candidate: Candidate;
  readonly symbol: number;
  readonly mention: number;
  readonly stem: number;
  readonly wholeStem: number;
  readonly folder: number;
  readonly name: number;
  /** What its file is for, where the query does not ask for such files. */
  readonly role: Role;
}

export interface Ranked {
  readonly candidate: Candidate;
  readonly score: number;
  /** What was added, then by what it was multiplied (names beginning with `×`). */
  readonly why: () => Readonly<Record<string, number>>;
}

/** `weightOf` tells how rare a token of the query is. */
export function evidenceOf(
  query: Query,
  candidates: readonly Candidate[],
  weightOf: (token: string) => number,
): Evidence[] {
  const rarest = [...query.tokens.keys()].reduce((most, token) => Math.max(most, weightOf(token)), 0) || 1;
  /** How much of these words the query says, and how telling those are. */
  const share = (words: ReadonlySet<string>) => {
    const said = intersection(words, query.tokens);
    if (said.length === 0) return 0;
    return (said.length / words.size) * (said.reduce((most, token) => Math.max(most, weightOf(token)), 0) / rarest);
  };
  const places = new Map<string, { stem: ReadonlySet<string>; folder: ReadonlySet<string>; role: Role }>();
  return candidates.map((candidate) => {
    const { filePath, name, breadcrumb } = candidate.document;
    let place = places.get(filePath);
    if (place === undefined) {
      const role = roleOf(filePath);
      place = { ...tokensOfPath(filePath), role: role !== 'source' && query.wants[role] ? 'source' : role };
      places.set(filePath, place);
    }
    const fit = fitOf(query, name, breadcrumb);
    const isTest = isTestName(breadcrumb) && !query.wants.test;
    return {
      candidate,
      symbol: query.kind === 'symbol' ? fit : 0,
      mention: query.kind === 'symbol' ? 0 : fit,
      stem: share(place.stem),
      wholeStem: place.stem.size > 0 && intersection(place.stem, query.tokens).length === place.stem.size ? 1 : 0,
      folder: share(place.folder),
      name: share(partTokensOf(name)),
      role: isTest ? 'test' : place.role,
    };
  });
}

/** Best first; ties in the order of path and line. */
export function weigh(query: Query, all: readonly Evidence[], factors: Factors = FACTORS): Ranked[] {
  const { bonus, penalty } = factors;
  const cosines = all.flatMap(({ candidate: { cosine } }) => (cosine === null ? [] : [cosine]));
  const share = cosines.length === 0 ? 0 : factors.denseShare[query.kind];
  const lowest = cosines.reduce((a, b) => Math.min(a, b), 1);
  const bases = all.map(({ candidate: { cosine, lexical } }) => ({
    meaning: share * scaled(cosine ?? lowest, factors.cosine),
    words: (1 - share) * lexical,
  }));
  const together = (key: (document: StoredDocument) => string, most: number) => bestTogether(all, bases, key, most);
  const files = together(({ filePath }) => filePath, CHUNKS_OF_A_FILE);
  const definitions = together(definitionOf, PARTS_OF_A_DEFINITION);
  return all
    .map((each, index): Ranked => {
      const { candidate, role } = each;
      const { document } = candidate;
      const { meaning, words } = bases[index]!;
      const definition = definitions.get(definitionOf(document))!;
      const file = files.get(document.filePath)!;
      const added =
        meaning +
        words +
        bonus.symbol * each.symbol +
        bonus.mention * each.mention +
        bonus.stem * each.stem +
        bonus.wholeStem * each.wholeStem +
        bonus.folder * each.folder +
        bonus.name * each.name +
        bonus.definition * definition +
        bonus.file * file;
      const isShort = document.words < factors.shortWords;
      const times =
        (role === 'source' ? 1 : penalty[role]) *
        (document.name === '' ? penalty.nameless : 1) *
        (isShort ? penalty.short : 1);
      const why = () => ({
        meaning,
        words,
        symbol: bonus.symbol * each.symbol,
        mention: bonus.mention * each.mention,
        stem: bonus.stem * each.stem,
        wholeStem: bonus.wholeStem * each.wholeStem,
        folder: bonus.folder * each.folder,
        name: bonus.name * each.name,
        definition: bonus.definition * definition,
        file: bonus.file * file,
        ...(role === 'source' ? {} : { [`×${role}`]: penalty[role] }),
        ...(document.name === '' ? { '×nameless': penalty.nameless } : {}),
        ...(isShort ? { '×short': penalty.short } : {}),
      });
      return { candidate, score: added * times, why };
    })
    .sort(byScore);
}

function byScore(a: Ranked, b: Ranked): number {
  const [left, right] = [a.candidate.document, b.candidate.document];
  return (
    b.score - a.score ||
    (left.filePath < right.filePath ? -1 : left.filePath > right.filePath ? 1 : left.startLine - right.startLine)
  );
}

function scaled(cosine: number, { floor, ceiling }: Factors['cosine']): number {
  return Math.max(0, (cosine - floor) / (ceiling - floor));
}

const CHUNKS_OF_A_FILE = 5;
const PARTS_OF_A_DEFINITION = 4;

/** By key, from 0 to 1: the best candidates that share it, together; 1 is the key with the most. */
function bestTogether(
  all: readonly Evidence[],
  bases: readonly { readonly meaning: number; readonly words: number }[],
  key: (document: StoredDocument) => string,
  most: number,
): ReadonlyMap<string, number> {
  const groups = new Map<string, number[]>();
  for (const [index, { candidate }] of all.entries()) {
    const name = key(candidate.document);
    const group = groups.get(name) ?? [];
    groups.set(name, group);
    group.push(bases[index]!.meaning + bases[index]!.words);
  }
  const sums = new Map<string, number>();
  for (const [name, group] of groups) {
    const best = group.sort((a, b) => b - a).slice(0, most);
    sums.set(
      name,
      best.reduce((a, b) => a + b, 0),
    );
  }
  const highest = Math.max(1e-9, ...sums.values());
  return new Map([...sums].map(([name, value]) => [name, value / highest]));
}

/** Equal for the parts of one definition; a chunk without a name is one by itself. */
export function definitionOf({ filePath, kind, breadcrumb, signature, chunkId }: StoredDocument): string {
  return breadcrumb === '' ? chunkId : `${filePath}\0${kind}\0${breadcrumb}\0${signature}`;
}

function tokensOfPath(path: string): { stem: ReadonlySet<string>; folder: ReadonlySet<string> } {
  const folders = path.split('/');
  const stem = (folders.pop() ?? '').replace(/\.[^.]*$/, '');
  return { stem: partTokensOf(stem), folder: partTokensOf(folders.at(-1) ?? '') };
}

/** Names whose tokens are remembered: the same ones come up in query after query. */
const MOST_REMEMBERED = 20_000;
const remembered = new Map<string, ReadonlySet<string>>();

/** Without the whole of a compound, which its parts stand for. */
function partTokensOf(text: string): ReadonlySet<string> {
  const known = remembered.get(text);
  if (known !== undefined) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const tokens = new Set(wordsOf(text).flatMap((word) => partsOf(word).map(stemOf)));
  remembered.set(text, tokens);
  return tokens;
}

/** From 0 to 1: how far the chunk is what a name in the query calls for. */
function fitOf(query: Query, name: string, breadcrumb: string): number {
  const last = lastNameOf(name);
  const own = compoundOf(last);
  if (own === '') return 0;
  const asked = query.names.find((each) => each.name === own);
  if (asked === undefined) return 0;
  const isOwned = asked.owner === '' || compoundOf(breadcrumb).includes(asked.owner);
  return (isOwned ? 1 : 0.5) * (asked.written === last ? 1 : 0.5);
}

function intersection(tokens: Iterable<string>, other: { has(token: string): boolean }): string[] {
  return [...tokens].filter((token) => other.has(token));
}
