// The inputs of fixtures/languages as texts.
import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../fixtures/languages/', import.meta.url);

/** All inputs of one language, in the order of their cases. */
export function fixtureTexts(id: string): string[] {
  const folder = new URL(`${id}/`, root);
  return readdirSync(folder).map((name) => {
    const input = readdirSync(new URL(`${name}/`, folder)).find((file) => file.startsWith('input.'))!;
    return readFileSync(new URL(`${name}/${input}`, folder), 'utf8');
  });
}
