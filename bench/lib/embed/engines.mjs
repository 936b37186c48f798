// The engines that are compared, each as a function that runs it once: { seconds, cpuSeconds, peakMb, … }.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { child, lastLine, output } from './processes.mjs';

export const OURS = 'ours, 2 workers';
export const OURS_ON_SAMPLE = 'ours, 2 workers, sample';
export const PIPELINE = 'pipeline, our file, batch 32';
const ONE_BY_ONE = 'pipeline, our file, one by one';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const bundled = join(root, 'models', 'all-MiniLM-L6-v2');
const mvsScript = fileURLToPath(new URL('./sentence_transformers_run.py', import.meta.url));
export const build = join(root, 'tools', 'model', 'build.py');

/** Where the engines leave the sample's vectors, to be compared. */
export const VECTORS = { ours: 'ours.f32', padded: 'padded.f32', single: 'single.f32' };

/** By name, in the order of the table. Without `python` those that need it are left out. */
export function enginesFor({ folder, allFile, sampleFile, python }) {
  const sample = { textsFile: sampleFile };
  const vectorsIn = (name) => ({ ...sample, vectorsFile: join(folder, name) });
  const engines = {
    [OURS]: () => child({ engine: 'ours', workers: 2, textsFile: allFile }),
    [OURS_ON_SAMPLE]: () => child({ engine: 'ours', workers: 2, ...vectorsIn(VECTORS.ours) }),
    'ours, 1 worker, sample': () => child({ engine: 'ours', workers: 1, ...sample }),
    [PIPELINE]: () => child({ engine: 'pipeline', batch: 32, ...vectorsIn(VECTORS.padded) }),
    [ONE_BY_ONE]: () => child({ engine: 'pipeline', batch: 1, ...vectorsIn(VECTORS.single) }),
  };
  if (python === undefined) return engines;
  const modelDir = makeDynamic(folder, python);
  for (const batch of [32, 512]) {
    engines[`pipeline, dynamic int8, batch ${batch}`] = () => child({ engine: 'pipeline', modelDir, batch, ...sample });
  }
  const weights = output(python, [join(root, 'tools', 'model', 'weights.py')]).trim();
  engines['sentence-transformers, CPU'] = () =>
    lastLine(output(python, [mvsScript, weights, sampleFile, '8,16,32,64']));
  return engines;
}

/** The usual dynamic int8 file, with the bundled tokenizer. */
function makeDynamic(folder, python) {
  const dir = join(folder, 'dynamic-int8');
  mkdirSync(join(dir, 'onnx'), { recursive: true });
  for (const name of readdirSync(bundled))
    if (name.endsWith('.json')) copyFileSync(join(bundled, name), join(dir, name));
  output(python, [build, 'dynamic', join(dir, 'onnx', 'model_quantized.onnx')]);
  return dir;
}
