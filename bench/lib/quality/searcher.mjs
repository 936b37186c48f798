// An indexed folder, asked in every way that is compared, each query embedded once.
import { loadConfig, openForReading } from '../../../dist/index.js';
import { warm } from '../../../dist/operations/warm-search.js';
import { toResults } from '../../../dist/search/ranking/definitions.js';
import { FACTORS } from '../../../dist/search/ranking/factors.js';
import { readQuery } from '../../../dist/search/ranking/query.js';
import { evidenceOf, weigh } from '../../../dist/search/ranking/rank.js';
import { retrieve } from '../../../dist/search/retrieve.js';

const LIMIT = 10;
const NARROWED = { accepts: null, where: undefined, ids: null };

/** What can be compared: `vectors` and `rrf` are yardsticks, the others modes of the program. */
export const WAYS = ['vectors', 'rrf', 'lexical', 'hybrid'];

export async function openSearcher(folder) {
  const index = await openForReading(await loadConfig({ path: folder, creates: false }));
  const { vectors } = index.readable;
  const text = await warm(index).text();
  const known = new Map();
  /** Retrieved once for each query, weighed as often as is asked. */
  const prepare = async (query, isDense) => {
    const key = `${isDense} ${query}`;
    if (known.has(key)) return known.get(key);
    const vector = isDense ? (await (await warm(index).embedder()).embed([query])).vectors : null;
    const read = readQuery(query);
    const options = { mode: isDense ? 'hybrid' : 'lexical', narrowed: NARROWED, limit: LIMIT };
    const { candidates, weightOf } = await retrieve({ text, vectors: isDense ? vectors : null }, read, vector, options);
    const prepared = { read, vector, candidates, evidence: evidenceOf(read, candidates, weightOf) };
    known.set(key, prepared);
    return prepared;
  };
  return {
    /** Ten results: `{file_path, start_line, end_line}`, best first. */
    async search(query, way, factors = FACTORS) {
      const { read, vector, candidates, evidence } = await prepare(query, way !== 'lexical');
      if (way === 'vectors') {
        const rows = await vectors.nearest(vector, { limit: LIMIT, only: 'place' });
        return rows.map(({ filePath, startLine, endLine }) => placeOf(filePath, startLine, endLine));
      }
      if (way === 'rrf') {
        return fusedByRank(candidates).map(({ document: { filePath, startLine, endLine } }) =>
          placeOf(filePath, startLine, endLine),
        );
      }
      return toResults(weigh(read, evidence, factors), LIMIT, factors).map(({ best, startLine, endLine }) =>
        placeOf(best.candidate.document.filePath, startLine, endLine),
      );
    },
    close: () => index[Symbol.asyncDispose](),
  };
}

function placeOf(file_path, start_line, end_line) {
  return { file_path, start_line, end_line };
}

function fusedByRank(candidates) {
  const ranks = (measure) => {
    const sorted = candidates.filter((each) => measure(each) > 0).sort((a, b) => measure(b) - measure(a));
    return new Map(sorted.map((each, rank) => [each, 1 / (60 + rank)]));
  };
  const lists = [ranks(({ cosine }) => cosine ?? 0), ranks(({ lexical }) => lexical)];
  const fused = (each) => lists.reduce((sum, list) => sum + (list.get(each) ?? 0), 0);
  return [...candidates].sort((a, b) => fused(b) - fused(a)).slice(0, LIMIT);
}
