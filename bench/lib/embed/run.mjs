// One engine over one list of texts, in a process of its own, so that its memory and CPU time are its own.
//   node run.mjs <spec as JSON>    { engine: 'ours' | 'pipeline' | 'lengths' | 'product', … } → one line of JSON
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DIMENSION = 384;
const SAMPLE_MS = 250;
const spec = JSON.parse(process.argv[2]);
const bundled = fileURLToPath(new URL('../../../models/all-MiniLM-L6-v2', import.meta.url));

const measure = { product: products, lengths: lengthsOf }[spec.engine] ?? embedAll;
console.log(JSON.stringify(await measure(spec)));

/** Word pieces of each text, marks included, before any cut. */
async function lengthsOf({ textsFile }) {
  const { lengths, close } = await openPipeline({ batch: 1 });
  const result = { lengths: lengths(JSON.parse(readFileSync(textsFile, 'utf8'))) };
  await close();
  return result;
}

async function embedAll({ engine, textsFile, vectorsFile, repeat = 1 }) {
  const texts = JSON.parse(readFileSync(textsFile, 'utf8'));
  const { embed, lengths, batch, close } = engine === 'ours' ? await openOurs(spec) : await openPipeline(spec);
  await embed(['warm up']);

  const vectors = new Float32Array(texts.length * DIMENSION);
  const timeline = [];
  const cpuBefore = process.cpuUsage();
  const from = performance.now();
  let sampledAt = from;
  for (let round = 0; round < repeat; round += 1) {
    for (let at = 0; at < texts.length; at += batch) {
      vectors.set(await embed(texts.slice(at, at + batch)), at * DIMENSION);
      if (performance.now() - sampledAt < SAMPLE_MS) continue;
      sampledAt = performance.now();
      const done = round * texts.length + Math.min(at + batch, texts.length);
      timeline.push([(sampledAt - from) / 1000, done, process.memoryUsage.rss() / 2 ** 20]);
    }
  }
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const peakMb = process.resourceUsage().maxRSS / 1024;
  if (vectorsFile !== undefined) writeFileSync(vectorsFile, new Uint8Array(vectors.buffer));
  const result = { seconds, cpuSeconds: (user + system) / 1e6, peakMb, timeline, lengths: lengths?.(texts) };
  await close();
  return result;
}

async function openOurs({ workers }) {
  const { openEmbedder } = await import('../../../dist/embedding/open.js');
  const { describeModel } = await import('../../../dist/embedding/model/recipe.js');
  const embedder = await openEmbedder({ model: await describeModel(bundled), workers });
  const embed = async (texts) => {
    const { vectors, failures } = await embedder.embed(texts);
    if (failures.length > 0) throw new Error(`not embedded: ${JSON.stringify(failures[0])}`);
    return vectors;
  };
  return { embed, batch: 512, close: () => embedder.close() };
}

async function openPipeline({ modelDir = bundled, batch }) {
  const { env, pipeline } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  const extract = await pipeline('feature-extraction', modelDir, {
    dtype: 'q8',
    device: 'cpu',
    local_files_only: true,
  });
  return {
    embed: async (texts) => (await extract(texts, { pooling: 'mean', normalize: true })).data,
    lengths: (texts) => texts.map((text) => extract.tokenizer.encode(text).length),
    batch,
    close: () => extract.dispose(),
  };
}

/** The best rate of each integer matrix product of the model, one thread: what `rows` tokens take, by file. */
async function products({ files, rows, seconds }) {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const best = [];
  for (const { file, inner } of files) {
    const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
    const feeds = {
      a: new Tensor(
        'uint8',
        Uint8Array.from({ length: rows * inner }, (_, at) => at * 31),
        [rows, inner],
      ),
    };
    let least = Number.POSITIVE_INFINITY;
    for (const until = performance.now() + 1000 * seconds; performance.now() < until; ) {
      const from = performance.now();
      for (let run = 0; run < 8; run += 1) await session.run(feeds);
      least = Math.min(least, (performance.now() - from) / 8000);
    }
    best.push(least);
  }
  return { secondsOfEach: best };
}
