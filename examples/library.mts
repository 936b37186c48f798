// Indexes a folder and searches it through the library: `node library.mjs <folder>`, compiled. A test runs it, so it works.
import {
  addChunks,
  type Config,
  IndexerError,
  indexProject,
  loadConfig,
  openForReading,
  openForWriting,
  resume,
  runPhase1,
  runPhase2,
  type SearchAnswer,
  search,
  status,
} from 'tandem-index';

const [folder = ''] = process.argv.slice(2);
const config: Config = loadConfig({ path: folder, creates: true, env: {} });
const seen: string[] = [];
{
  await using index = await openForWriting(config, { observe: (event) => seen.push(event.type) });
  const parsed = await runPhase1(index);
  const embedded = await runPhase2(index);
  const again = await indexProject(index, { phase: 'all' });
  const left = await resume(index, {});
  const chunk = {
    content: 'def added(): return "by hand"',
    file_path: 'by/hand.py',
    start_line: 1,
    end_line: 1,
    language: 'python',
    chunk_type: 'function',
    function_name: 'added',
  };
  const added = await addChunks(index, [chunk]);
  await addChunks(index, [chunk, { ...chunk, content: 'def other(): return 2', function_name: 'other' }]);
  const refused = await addChunks(index, [{ ...chunk, file_path: '../out.py' }]).catch((error: unknown) =>
    error instanceof IndexerError ? error.code : 'not ours',
  );
  console.log(
    JSON.stringify({
      parsed: [parsed.phases, parsed.chunks.pending],
      embedded: [embedded.phases, embedded.complete],
      again: again.phases,
      left: left.phases,
      added: added.phase2?.embedded,
      refused,
    }),
  );
}
{
  await using index = await openForReading(config);
  const { hits, index: state }: SearchAnswer = await search(index, 'added by hand', { limit: 1, files: ['by/*'] });
  const { chunks, complete } = await status(config);
  console.log(
    JSON.stringify({
      hit: hits[0]?.function_name,
      total: chunks.total,
      complete: complete && state.complete,
      seen: seen.includes('phase-finished'),
    }),
  );
}
