// Random chunks of an index, to be read and judged by eye: breadcrumb, kind, parent, metrics, lines and content.
// npm run bench -- sample <folder or index folder> [--chunks=20] [--seed=1] [--language=go]
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { connect } from '@lancedb/lancedb';

const args = process.argv.slice(2);
const given = args.find((arg) => !arg.startsWith('--'));
const option = (name, fallback) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? fallback;
if (given === undefined) {
  console.error('which index? npm run bench -- sample <folder>');
  process.exit(2);
}
const folder = resolve(process.env.INIT_CWD ?? process.cwd(), given);
const index = existsSync(join(folder, '.mcp-vector-search')) ? join(folder, '.mcp-vector-search') : folder;
const language = option('language', '');

const rows = async (place, table) => {
  const database = await connect(join(index, place));
  return (await database.openTable(table)).query().toArray();
};
const structure = new Map((await rows('tandem/lance', 'structure')).map((row) => [row.chunk_id, row]));
const chunks = (await rows('lance', 'chunks'))
  .filter((row) => language === '' || row.language === language)
  .sort((a, b) => (a.chunk_id < b.chunk_id ? -1 : 1));
const byId = new Map(chunks.map((row) => [row.chunk_id, row]));

for (const chunk of picked(chunks, Number(option('chunks', 20)), Number(option('seed', 1)))) show(chunk);

function show(chunk) {
  const place = structure.get(chunk.chunk_id);
  const parent = byId.get(place.parent_chunk_id);
  const { cyclomatic, cognitive, nesting, parameters, lines, grade } = place;
  console.log(`\n━━ ${chunk.file_path}:${chunk.start_line}-${chunk.end_line}  ${chunk.language}`);
  console.log(
    `   ${chunk.chunk_type} "${chunk.name}"  in "${place.breadcrumb}"  part ${place.part_index}, depth ${place.depth}`,
  );
  console.log(
    `   parent ${parent ? `${parent.chunk_type} "${parent.name}" ${parent.start_line}-${parent.end_line}` : '–'}`,
  );
  console.log(
    `   cyclomatic ${cyclomatic} ${grade ?? ''}, cognitive ${cognitive}, nesting ${nesting}, parameters ${parameters}, ` +
      `lines ${lines}, smells [${[...(place.smells ?? [])]}]`,
  );
  for (const key of ['signature', 'docstring']) if (chunk[key]) console.log(`   ${key}: ${chunk[key].split('\n')[0]}`);
  for (const key of ['inherits_from', 'imports', 'calls']) {
    const names = [...(chunk[key] ?? [])];
    if (names.length > 0) console.log(`   ${key}: ${names.join(', ')}`);
  }
  console.log(chunk.content.replace(/^/gm, '   │ '));
}

/** `count` of them, the same for the same seed (a linear congruential generator is random enough for this). */
function picked(all, count, seed) {
  const left = [...all];
  let state = seed;
  return Array.from({ length: Math.min(count, left.length) }, () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return left.splice(state % left.length, 1)[0];
  });
}
