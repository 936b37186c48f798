// How near vectors come to sentence-transformers in fp32, and how fast: ways to open the runtime, model files and processors, side by side.
//
//   npm run bench -- parity [--session engine --session plain --session exact …] [--model a.onnx …] [--texts 500] [--rounds 3]
//                           [--emulate 'qemu-x86_64 -cpu Haswell-v4'] [--json]
//
// The texts are the 500 of the tests, whose fp32 vectors are known. A session is `engine` (what the product opens on this
// processor), `plain`, `exact`, or any session options of onnxruntime as JSON. Every combination of session and model file
// runs once in each round, one thread, in a process of its own, in turn. --emulate runs each once more under that
// command and compares its vectors with those made here; its speed says nothing.
// A short form: --session engine --texts 40 --rounds 1.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lastLine, output } from './lib/embed/processes.mjs';
import { median } from './lib/measure.mjs';
import { agreementOf, overlapOf, sampleOf, vectorsIn } from './lib/parity/figures.mjs';

const { values: options } = parseArgs({
  options: {
    session: { type: 'string', multiple: true, default: ['engine', 'plain', 'exact'] },
    model: { type: 'string', multiple: true, default: ['models/all-MiniLM-L6-v2/onnx/model_quantized.onnx'] },
    texts: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
    emulate: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const runner = fileURLToPath(new URL('./lib/parity/run.mjs', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));
const places = sampleOf(Number(options.texts));
const folder = mkdtempSync(join(tmpdir(), 'bench-parity-'));
try {
  const result = compare();
  console.log(options.json ? JSON.stringify(result, null, 2) : table(result));
} finally {
  rmSync(folder, { recursive: true });
}

function compare() {
  const variants = options.model.flatMap((model) => options.session.map((session) => ({ model, session, runs: [] })));
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const variant of variants) variant.runs.push(run(variant, []));
  }
  const references = vectorsIn(places);
  const found = variants.map(({ model, session, runs }) => {
    const [{ class: processorClass, vectors, file, tokens }] = runs;
    const emulated = options.emulate === undefined ? undefined : run({ model, session }, options.emulate.split(' '));
    return {
      model,
      session,
      class: processorClass,
      tokens,
      tokensPerCpuSecond: tokens / median(runs.map(({ cpuSeconds }) => cpuSeconds)),
      fp32: { ...agreementOf(vectors, references), top10: overlapOf(vectors, references) },
      ...(emulated && {
        emulated: {
          class: emulated.class,
          fp32: agreementOf(emulated.vectors, references),
          native: agreementOf(emulated.vectors, vectors),
        },
      }),
      file,
    };
  });
  return {
    processor: cpus()[0]?.model.trim(),
    texts: places.length,
    rounds: Number(options.rounds),
    emulate: options.emulate,
    variants: found,
  };
}

function run({ model, session }, prefix) {
  const file = join(folder, 'vectors.f32');
  const spec = JSON.stringify({ model: resolve(root, model), session, places, file });
  const [program, ...args] = [...prefix, process.execPath, runner, spec];
  const answer = lastLine(output(program, args));
  const bytes = readFileSync(file);
  return {
    ...answer,
    vectors: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)),
  };
}

function table({ processor, texts, rounds, emulate, variants }) {
  const lines = [`${processor}; ${texts} texts, ${variants[0].tokens} tokens, one thread, ${rounds} rounds, medians`];
  for (const { model, session, class: kind, tokensPerCpuSecond, fp32, emulated } of variants) {
    lines.push('', `${session}, ${model}`);
    lines.push(
      `  ${kind.padEnd(10)} ${tokensPerCpuSecond.toFixed(0)} tokens/CPU-s; against fp32 ${shown(fp32)}, top-10 ${fp32.top10.toFixed(3)}`,
    );
    if (emulated === undefined) continue;
    lines.push(`  ${emulated.class.padEnd(10)} (${emulate}) against fp32 ${shown(emulated.fp32)}`);
    lines.push(
      `  ${''.padEnd(10)} against the vectors made here ${shown(emulated.native)}, ${emulated.native.identical} of ${texts} bit by bit`,
    );
  }
  return lines.join('\n');
}

function shown({ mean, min }) {
  return `mean ${mean.toFixed(5)} min ${min.toFixed(5)}`;
}
