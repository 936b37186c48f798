// A hub on this machine, as far as the program asks one: files by their path, each with what the real one says of it.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const COMMIT = 'c'.repeat(40);

export interface LocalHub extends AsyncDisposable {
  readonly endpoint: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers every request in one way. */
export async function localHub(answer: Answer): Promise<LocalHub> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Serves the files of one repository: `.onnx` through a redirect, with size and SHA-256, the others with git's hash.
 * `spoil` changes a large file's content after it was described.
 */
export function serving(files: Readonly<Record<string, Buffer>>, spoil = (content: Buffer) => content): Answer {
  return ({ url = '' }, response) => {
    const path = url.split('/').slice(5).join('/');
    const content = files[url.startsWith('/store/') ? url.slice('/store/'.length) : path];
    if (content === undefined) return response.writeHead(404).end('Entry not found');
    if (url.startsWith('/store/')) return response.writeHead(200).end(spoil(content));
    const head = { 'x-repo-commit': COMMIT };
    if (path.endsWith('.onnx')) {
      const etag = `"${createHash('sha256').update(content).digest('hex')}"`;
      const linked = { 'x-linked-size': `${content.length}`, 'x-linked-etag': etag, etag: '"of the store"' };
      return response.writeHead(302, { ...head, ...linked, location: `/store/${path}` }).end();
    }
    const blob = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
    return response.writeHead(200, { ...head, etag: `W/"${blob}"`, 'content-length': content.length }).end(content);
  };
}
