// The figures as lines for people.

export function table(result) {
  return [...heading(result), ...engineLines(result), ...ratioLines(result), ...otherLines(result)].join('\n');
}

function heading({ chunks, source, tokens, sample, pairs }) {
  return [
    `${chunks} chunks of ${source}, ${tokens.all} tokens; sample of ${sample} with the same lengths, ${tokens.sample} tokens; ${pairs} rounds`,
    '',
  ];
}

function engineLines({ engines }) {
  const lines = Object.entries(engines).map(([name, { tokensPerSecond, tokensPerCpuSecond, peakMb, batch }]) => {
    const figures = [tokensPerSecond.toFixed(0).padStart(8), tokensPerCpuSecond.toFixed(0).padStart(12)];
    const chosen = batch === undefined ? '' : `  (best batch: ${[...new Set(batch)].join(', ')})`;
    return `${name.padEnd(36)}  ${figures.join('  ')}  ${peakMb.toFixed(0).padStart(7)}${chosen}`;
  });
  return [`${''.padEnd(36)}  tokens/s  tokens/CPU-s  peak MB`, ...lines, ''];
}

function ratioLines({ ratios }) {
  const lines = Object.entries(ratios).map(
    ([name, { cpu, wall }]) => `  ${name.padEnd(36)} × ${cpu.toFixed(2)} per CPU-second, × ${wall.toFixed(2)} wall`,
  );
  return ['ours, 2 workers, on the sample, is as fast as:', ...lines, ''];
}

function otherLines({ agreement, limit, phase2, mvs, growth }) {
  const lines = [
    `vectors of the pipeline on our file, ${agreement.compared} uncut texts: cosine at least ` +
      `${agreement.single.toFixed(6)} one by one, ${agreement.padded.toFixed(6)} padded in batches of 32`,
  ];
  if (limit === undefined) lines.push('limit and Python peers: not measured (--python)');
  else {
    const rate = `${limit.tokensPerSecond.toFixed(0)} tokens/s of integer products alone, both cores`;
    lines.push(`share of the limit (${rate}): ${(100 * limit.share).toFixed(1)} %`);
  }
  if (phase2 !== undefined) {
    const wall = `${(100 * phase2['phase 2 / bare, wall']).toFixed(1)} % of the bare engine, wall`;
    lines.push(
      `phase 2 of the product, ${phase2.chunks} chunks: ${wall}; peak ${phase2['phase 2, peak MB'].toFixed(0)} MB`,
    );
  }
  if (mvs !== undefined) lines.push(...mvsLines(mvs));
  if (growth !== undefined) lines.push(growthLine(growth));
  return lines;
}

function mvsLines({ theirs, ours }) {
  const line = (name, { chunks, seconds, idleSeconds }) =>
    `  ${name.padEnd(36)} ${chunks} chunks in ${seconds.toFixed(1)} s, ${(chunks / seconds).toFixed(1)} a second; ` +
    `${idleSeconds.toFixed(1)} s of that to start`;
  const ratio = theirs.seconds / ours.seconds;
  const without = (theirs.seconds - theirs.idleSeconds) / (ours.seconds - ours.idleSeconds);
  return [
    'embedding a part of the project, each in its own chunks, whole processes:',
    line('mcp-vector-search index embed', theirs),
    line('tandem index --phase=2', ours),
    `  × ${ratio.toFixed(1)} for the project, × ${without.toFixed(1)} without starting, ` +
      `× ${((ours.chunks / ours.seconds) * (theirs.seconds / theirs.chunks)).toFixed(1)} in chunks a second`,
  ];
}

function growthLine({ chunks, peakMb, earlyMb, lateMb, plot }) {
  const memory = `second tenth ${earlyMb.toFixed(0)} MB, last ${lateMb.toFixed(0)} MB, peak ${peakMb.toFixed(0)} MB`;
  return `memory over ${chunks} chunks: ${memory}; plot in ${plot}`;
}
