// The picture of bench/chunks.mjs: two histograms and a table, one HTML file that needs nothing else.

const WIDTH = 640;
const HEIGHT = 240;
const MARGIN = { left: 52, right: 12, top: 12, bottom: 40 };

/** `rows` are the table's; their keys are its columns. */
export function drawChunks({ characters, pieces, rows, fits }) {
  const columns = Object.keys(rows[0]);
  const cells = rows.map((row) => `<tr>${columns.map((column) => `<td>${escaped(row[column])}</td>`).join('')}</tr>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Chunks</title><style>
body { font: 14px system-ui, sans-serif; margin: 2em auto; max-width: 60em; color: #222; background: #fff }
svg { display: block; max-width: 100% } rect { fill: #4878a8 } .beyond { fill: #c05030 } line { stroke: #888 }
text { font: 11px system-ui, sans-serif; fill: #444 } .limit { stroke: #c05030; stroke-dasharray: 4 3 }
table { border-collapse: collapse; margin-top: 2em } td, th { padding: 2px 10px; text-align: right; border-bottom: 1px solid #ddd }
td:first-child, th:first-child { text-align: left } tbody tr:first-child { font-weight: 600 }
</style></head><body>
<h1>${pieces.length.toLocaleString('en-US')} chunks</h1>
<h2>Word pieces that the embedder is given, header included (it reads ${fits})</h2>
${histogram(pieces, { bin: 8, most: 320, limit: fits, unit: 'word pieces' })}
<h2>Characters of content</h2>
${histogram(characters, { bin: 40, most: 1600, limit: null, unit: 'characters' })}
<table><thead><tr>${columns.map((column) => `<th>${escaped(column)}</th>`).join('')}</tr></thead>
<tbody>${cells.join('\n')}</tbody></table>
</body></html>
`;
}

/** Bars of `bin` each; what is `most` or more is in the last. */
function histogram(values, { bin, most, limit, unit }) {
  const counts = new Array(most / bin + 1).fill(0);
  for (const value of values) counts[Math.min(counts.length - 1, Math.floor(value / bin))] += 1;
  const tallest = Math.max(1, ...counts);
  const inner = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const x = (value) => MARGIN.left + (value / (most + bin)) * inner.width;
  const y = (count) => MARGIN.top + inner.height * (1 - count / tallest);
  const bars = counts.map((count, index) => {
    const beyond = limit !== null && index * bin >= limit ? ' class="beyond"' : '';
    const title = `<title>${index * bin}–${index === counts.length - 1 ? '' : (index + 1) * bin - 1}: ${count}</title>`;
    const width = Math.max(1, x(bin) - x(0) - 1);
    return `<rect${beyond} x="${x(index * bin).toFixed(1)}" y="${y(count).toFixed(1)}" width="${width.toFixed(1)}" height="${(MARGIN.top + inner.height - y(count)).toFixed(1)}">${title}</rect>`;
  });
  const ticks = Array.from({ length: 9 }, (_, index) => {
    const value = (most / 8) * index;
    return `<text x="${x(value).toFixed(1)}" y="${HEIGHT - 22}" text-anchor="middle">${value}${index === 8 ? '+' : ''}</text>`;
  });
  const scale = [0, tallest / 2, tallest].map(
    (count) =>
      `<text x="${MARGIN.left - 6}" y="${(y(count) + 4).toFixed(1)}" text-anchor="end">${Math.round(count)}</text>`,
  );
  const mark =
    limit === null
      ? ''
      : `<line class="limit" x1="${x(limit)}" x2="${x(limit)}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}"/>`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" role="img" aria-label="histogram of ${unit}">
${bars.join('\n')}
<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${HEIGHT - MARGIN.bottom}" y2="${HEIGHT - MARGIN.bottom}"/>
${mark}${ticks.join('')}${scale.join('')}
<text x="${MARGIN.left + inner.width / 2}" y="${HEIGHT - 6}" text-anchor="middle">${unit}</text>
</svg>`;
}

function escaped(value) {
  return String(value).replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]);
}
