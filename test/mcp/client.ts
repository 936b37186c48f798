// The official client, speaking to the program as it is installed.
import { Client, type ClientOptions } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { onTestFinished } from 'vitest';
import { bin } from '../compat-failures/project.ts';

export interface Called {
  readonly isError: boolean;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what tests look into
  readonly json: any;
}

export interface Connected {
  readonly client: Client;
  readonly pid: number;
  readonly stderr: () => string;
  call(name: string, args?: Record<string, unknown>, options?: Parameters<Client['callTool']>[1]): Promise<Called>;
}

interface Connection {
  readonly cwd: string;
  readonly args?: readonly string[];
  readonly roots?: readonly string[];
  readonly era?: NonNullable<ClientOptions['versionNegotiation']>['mode'];
  readonly env?: Record<string, string>;
}

/** Closed when the test ends. */
export async function connectTo({ cwd, args = [], roots, era, env }: Connection): Promise<Connected> {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    {
      capabilities: roots === undefined ? {} : { roots: { listChanged: true } },
      ...(era === undefined ? {} : { versionNegotiation: { mode: era } }),
    },
  );
  if (roots !== undefined) {
    client.setRequestHandler('roots/list', () => ({
      roots: roots.map((root) => ({ uri: root.includes('://') ? root : `file://${root}` })),
    }));
  }
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [bin, 'mcp', ...args],
    cwd,
    stderr: 'pipe',
    env: { ...(process.env as Record<string, string>), ...env },
  });
  let said = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return {
    client,
    pid: transport.pid ?? 0,
    stderr: () => said,
    async call(name, given = {}, options) {
      const result = await client.callTool({ name, arguments: given }, options);
      const [content] = result.content as { text: string }[];
      return { isError: result.isError === true, text: content!.text, json: result.structuredContent };
    },
  };
}
