// The Model Context Protocol over standard streams: the tools, the chunks as resources, progress and cancellation. Knows
// the protocol and nothing of indexes.
import {
  isInputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Call } from '../agents/answers/answer.ts';
import type { Engine } from '../agents/engine.ts';
import type { Places } from '../agents/places.ts';
import { callTool, failureAnswer, TOOLS } from '../agents/tools.ts';
import { packageVersion } from '../config/package.ts';
import { INSTRUCTIONS } from './instructions.ts';
import { progressTo } from './progress.ts';
import { readResource, TEMPLATES } from './resources.ts';
import { rootsFrom } from './roots.ts';

export interface McpOptions {
  /** Started by the first call that needs it. */
  readonly engine: () => Promise<Engine>;
  readonly request: Places['request'];
  /** Told what goes wrong with the connection itself. */
  readonly onError: (error: Error) => void;
}

/** Serves one client until it closes its end. */
export function serveMcp(options: McpOptions): Promise<void> {
  return new Promise((resolve) => {
    serveStdio(
      () => {
        const server = createServer(options);
        server.onclose = resolve;
        return server;
      },
      { onerror: options.onError },
    );
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
  });
}

function createServer({ engine, request }: McpOptions): Server {
  const server = new Server(
    { name: 'tandem', title: 'Tandem code search', version: packageVersion() },
    { capabilities: { tools: {}, resources: {} }, instructions: INSTRUCTIONS },
  );
  const roots = rootsFrom(server);

  server.setRequestHandler('tools/list', () => ({
    tools: TOOLS.map(({ name, title, description, schema, isReadOnly }) => ({
      name,
      title,
      description,
      inputSchema: schema as { type: 'object' },
      annotations: { readOnlyHint: isReadOnly, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    })),
  }));

  server.setRequestHandler('tools/call', async ({ params }, ctx) => {
    const known = await roots.of(ctx);
    if (isInputRequiredResult(known)) return known;
    try {
      const call = await callFor(ctx, known);
      const { json, text } = await callTool(params.name, call, params.arguments);
      return { content: [{ type: 'text' as const, text }], structuredContent: { ...json } };
    } catch (error) {
      const { json, text } = failureAnswer(error);
      return { content: [{ type: 'text' as const, text }], structuredContent: { ...json }, isError: true };
    }
  });

  server.setRequestHandler('resources/list', () => ({ resources: [] }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler('resources/read', async ({ params }, ctx) => {
    const known = await roots.of(ctx);
    if (isInputRequiredResult(known)) return known;
    try {
      return { contents: [await readResource(await callFor(ctx, known), params.uri)] };
    } catch (error) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, failureAnswer(error).text);
    }
  });

  const callFor = async (ctx: ServerContext, known: readonly string[] | null): Promise<Call> => ({
    engine: await engine(),
    places: { roots: known, request },
    signal: ctx.mcpReq.signal,
    observe: progressTo(ctx),
  });
  return server;
}
