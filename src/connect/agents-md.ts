// Three lines in a project's AGENTS.md that make agents ask Tandem first. Only what is between the two marks is ours.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../config/package.ts';

const MARKED = /<!-- tandem: [\s\S]*?<!-- \/tandem -->\n?/;

/** The text with the lines in it, in their place or at the end. */
export async function withAgentLines(text: string): Promise<string> {
  const lines = await readFile(join(packageRoot, 'skills', 'AGENTS.md'), 'utf8');
  if (MARKED.test(text)) return text.replace(MARKED, () => lines);
  return text.trim() === '' ? lines : `${text.trimEnd()}\n\n${lines}`;
}

export function withoutAgentLines(text: string): string {
  return MARKED.test(text) ? text.replace(MARKED, '').trimEnd().concat('\n').replace(/^\n$/, '') : text;
}
