// What the processor could do at best: the model's integer matrix products alone, each at its best rate, on both cores.
import { join } from 'node:path';
import { build } from './engines.mjs';
import { children, output } from './processes.mjs';

const LAYERS = 6;
const ROWS = 512;
// inner and outer width of a product, and how often a layer has it
const PRODUCTS = [
  { inner: 384, outer: 384, times: 4 },
  { inner: 384, outer: 1536, times: 1 },
  { inner: 1536, outer: 384, times: 1 },
];

/** Files for `limit`. */
export function makeProducts(folder, python) {
  return PRODUCTS.map(({ inner, outer }) => {
    const file = join(folder, `product-${inner}-${outer}.onnx`);
    output(python, [build, `product:${inner}:${outer}`, file]);
    return { file, inner };
  });
}

/** Tokens a second of two cores if the model were these products alone. */
export async function limit(files) {
  const spec = { engine: 'product', files, rows: ROWS, seconds: 1 };
  const both = await children([spec, spec]);
  const rates = both.map(({ secondsOfEach }) => {
    const layer = PRODUCTS.reduce((sum, { times }, index) => sum + times * secondsOfEach[index], 0);
    return ROWS / (LAYERS * layer);
  });
  return rates[0] + rates[1];
}
