// A self-contained SVG: throughput and memory over time of one run.
const WIDTH = 900;
const PANEL = 240;
const LEFT = 70;
const RIGHT = 20;
const GAP = 50;

/** `timeline`: [seconds, chunks done, resident MiB] in order. */
export function timelinePlot(title, timeline) {
  const rates = timeline.slice(1).map(([at, done], index) => {
    const [before, doneBefore] = timeline[index];
    return [at, (done - doneBefore) / (at - before)];
  });
  const memory = timeline.map(([at, , mb]) => [at, mb]);
  const end = timeline.at(-1)[0];
  const height = 2 * (PANEL + GAP) + 30;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="white"/>
<text x="${LEFT}" y="20" font-size="15">${escaped(title)}</text>
${panel(rates, 'chunks a second', 40, end, '#1f6f8b')}
${panel(memory, 'resident memory, MiB', 40 + PANEL + GAP, end, '#b5542c')}
</svg>
`;
}

function panel(points, label, top, end, colour) {
  const most = Math.max(...points.map(([, value]) => value)) * 1.1;
  const x = (at) => (LEFT + (at / end) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (value) => (top + PANEL - (value / most) * PANEL).toFixed(1);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = share * most;
    return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>
<text x="${LEFT - 8}" y="${Number(y(value)) + 4}" text-anchor="end">${value.toFixed(0)}</text>
<text x="${x(share * end)}" y="${top + PANEL + 16}" text-anchor="middle">${(share * end).toFixed(0)} s</text>`;
  });
  const line = points.map(([at, value]) => `${x(at)},${y(value)}`).join(' ');
  return `${ticks.join('\n')}
<text x="${LEFT + 6}" y="${top + 14}">${escaped(label)}</text>
<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
