// Chunks and outlines as resources, for clients that let a user attach them.
import type { Call } from '../agents/answers/answer.ts';
import { callTool } from '../agents/tools.ts';
import { IndexerError } from '../core/errors.ts';

export const TEMPLATES = [
  {
    uriTemplate: 'tandem://chunk/{chunk_id}',
    name: 'chunk',
    title: 'A definition of this project',
    description: 'One chunk of the index with where it stands; chunk_id as search gives it',
    mimeType: 'text/markdown',
  },
  {
    uriTemplate: 'tandem://outline/{+path}',
    name: 'outline',
    title: 'What a file or folder defines',
    description: 'The definitions of a file or folder, relative to the project root',
    mimeType: 'text/markdown',
  },
];

/** Errors: USAGE for another address; those of `read_chunk` and `outline`. */
export async function readResource(call: Call, uri: string) {
  const found = /^tandem:\/\/(chunk|outline)\/(.*)$/s.exec(uri);
  const rest = found === null ? null : decoded(found[2] ?? '');
  if (found === null || rest === null) {
    throw new IndexerError('USAGE', `there is no resource ${uri.slice(0, 200)}`, {
      hint: 'they are tandem://chunk/<chunk_id> and tandem://outline/<path>',
    });
  }
  const [tool, input] = found[1] === 'chunk' ? ['read_chunk', { chunk_id: rest }] : ['outline', { path: rest }];
  const { text } = await callTool(tool as string, call, input);
  return { uri, mimeType: 'text/markdown', text };
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
