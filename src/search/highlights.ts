// Which lines of a chunk to show for a query.

const MOST = 3;

/** Lines sharing the most words with the query, best first, ties in file order; words are split as code is (camelCase, snake_case). */
export function highlightsOf(content: string, query: string): string[] {
  const wanted = new Set(wordsOf(query));
  return content
    .split('\n')
    .map((line, order) => ({
      line: line.trim(),
      order,
      score: new Set(wordsOf(line).filter((w) => wanted.has(w))).size,
    }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .slice(0, MOST)
    .map(({ line }) => line);
}

function wordsOf(text: string): string[] {
  const parts = text.replace(/([a-z\d])([A-Z])/g, '$1 $2').match(/[\p{L}\d]{3,}/gu) ?? [];
  return parts.map((word) => word.toLowerCase());
}
