// A complete index without the model's time: node lib/fake-index.mjs <root> <index directory> runs both phases, with
// made-up vectors of the model's shape.
import { loadConfig } from '../../dist/config/load.js';
import { describeModel } from '../../dist/embedding/model/recipe.js';
import { indexProject } from '../../dist/operations/index.js';
import { openForWriting } from '../../dist/run/open-index.js';

const [path, indexDir] = process.argv.slice(2);
const config = loadConfig({ path, creates: true, flags: { indexDir } });
const { identity, recipe } = await describeModel(config.modelDir);
const vector = new Float32Array(identity.dimension).fill(1 / Math.sqrt(identity.dimension));
const openEmbedder = () => ({
  identity,
  recipe,
  async embed(texts) {
    const vectors = new Float32Array(texts.length * identity.dimension);
    for (let row = 0; row < texts.length; row++) vectors.set(vector, row * identity.dimension);
    return { vectors, failures: [], unfinished: [], tokens: 0, reused: 0 };
  },
  close: async () => undefined,
});
const index = await openForWriting(config, {}, { openEmbedder });
const report = await indexProject(index, { phase: 'all' });
console.log(JSON.stringify(report.chunks));
await index[Symbol.asyncDispose]();
