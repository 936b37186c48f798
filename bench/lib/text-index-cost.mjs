// What the text index of an index costs: to build, to bring up after an edit, on disk.
import { openForWriting } from '../../dist/store/open.js';
import { updateTextIndex } from '../../dist/text-index/update.js';
import { bytesBelow } from './measure.mjs';

/** Seconds to build it, milliseconds after one of its files has changed, and its bytes in percent of the chunks' texts. */
export async function textIndexCost(root, indexDir) {
  const stores = await openForWriting({ root, indexDir, durability: 'fast' });
  try {
    const { table } = stores.chunks;
    const update = {
      textDir: stores.layout.textDir,
      chunks: table,
      assertHeld: async () => undefined,
      fault: () => undefined,
    };
    const timed = async (run) => {
      const start = performance.now();
      await run();
      return performance.now() - start;
    };
    const built = await timed(() => updateTextIndex(update));
    let content = 0;
    let edited = '';
    for await (const rows of table.scan({ columns: ['content', 'file_path'] })) {
      for (const text of rows.strings('content')) content += Buffer.byteLength(text ?? '');
      edited = rows.strings('file_path')[0] ?? edited;
    }
    const bytes = bytesBelow(stores.layout.textDir);
    await table.updateBy(`file_path = '${edited}'`, { file_hash: "'edited'" });
    const afterEdit = await timed(() => updateTextIndex(update));
    return {
      'text index, build, s': built / 1000,
      'text index, after an edit, ms': afterEdit,
      'text index, % of content': (100 * bytes) / content,
    };
  } finally {
    await stores[Symbol.asyncDispose]();
  }
}
