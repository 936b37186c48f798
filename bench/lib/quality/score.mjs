// NDCG@10 by the rank of results, Hit@k and MRR, as the published figures of both kinds of sets are made.
const K = 10;

const samePath = (a, b) => a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`);
const overlaps = (result, target) =>
  target.start === undefined || !(result.end_line < target.start || result.start_line > target.end);
const fits = (result, target) => samePath(result.file_path, target.path) && overlaps(result, target);
const discounted = (gains) => gains.slice(0, K).reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0);
const mean = (values) => values.reduce((a, b) => a + b, 0) / (values.length || 1);

/** Of one query: results best first. A target counts where it is found first; one result counts its best target. */
export function scoreQuery(results, targets) {
  const found = new Set();
  const gains = Array(K).fill(0);
  let first = Number.POSITIVE_INFINITY;
  const isOfLines = targets.some(({ start }) => start !== undefined);
  if (isOfLines) {
    for (const [index, result] of results.slice(0, K).entries()) {
      for (const [place, target] of targets.entries()) {
        if (found.has(place) || !fits(result, target)) continue;
        found.add(place);
        gains[index] = Math.max(gains[index], target.grade);
        first = Math.min(first, index + 1);
      }
    }
  } else {
    for (const target of targets) {
      const rank = results.findIndex((result) => fits(result, target));
      if (rank < 0 || rank >= K) continue;
      gains[rank] = 1;
      first = Math.min(first, rank + 1);
    }
  }
  const ideal = discounted(targets.map(({ grade }) => grade).sort((a, b) => b - a));
  return { ndcg: discounted(gains) / ideal, first };
}

export function summarize(scores) {
  const hit = (k) => mean(scores.map(({ first }) => (first <= k ? 1 : 0)));
  return {
    queries: scores.length,
    'NDCG@10': mean(scores.map(({ ndcg }) => ndcg)),
    'Hit@1': hit(1),
    'Hit@5': hit(5),
    'Hit@10': hit(10),
    MRR: mean(scores.map(({ first }) => 1 / first)),
  };
}
