// The folders that the client has open, as it says: asked for once, and again when they change. Since the revision 2026-07-28
// of the protocol a call is answered by a question, and comes back with the answer; before, the server asks.
import { fileURLToPath } from 'node:url';
import {
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  PROTOCOL_VERSION_META_KEY,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { realPath } from '../config/root.ts';

type Asked = ReturnType<typeof inputRequired>;

interface Roots {
  /** Absolute folders; null where the client has none to tell; the question that has to be answered before. */
  of(ctx: ServerContext): Promise<readonly string[] | null | Asked>;
}

const KEY = 'roots';
const ANSWER_MS = 10_000;

export function rootsFrom(server: Server): Roots {
  let known: readonly string[] | null = null;
  server.setNotificationHandler('notifications/roots/list_changed', () => {
    known = null;
  });
  return {
    async of(ctx) {
      const answered = ctx.mcpReq.inputResponses?.[KEY];
      if (answered !== undefined) known = foldersIn(answered);
      if (known === null && hasRoots(server, ctx)) {
        const isAskedByAnswer = envelopeOf(ctx)[PROTOCOL_VERSION_META_KEY] !== undefined;
        if (isAskedByAnswer) return inputRequired({ inputRequests: { [KEY]: inputRequired.listRoots() } });
        // A client that cannot say it after all is one that says nothing.
        known = foldersIn(await server.listRoots(undefined, { timeout: ANSWER_MS }).catch(() => null));
      }
      return known === null || known.length === 0 ? null : known;
    },
  };
}

function hasRoots(server: Server, ctx: ServerContext): boolean {
  const told = envelopeOf(ctx)[CLIENT_CAPABILITIES_META_KEY] ?? server.getClientCapabilities();
  return typeof told === 'object' && told !== null && 'roots' in told && told.roots !== undefined;
}

/** What a request says of its client since 2026-07-28; `{}` before. */
function envelopeOf(ctx: ServerContext): Readonly<Record<string, unknown>> {
  return ctx.mcpReq.envelope ?? {};
}

/** What is no folder on this machine is passed over. */
function foldersIn(answered: unknown): string[] {
  const roots = typeof answered === 'object' && answered !== null && 'roots' in answered ? answered.roots : [];
  if (!Array.isArray(roots)) return [];
  return roots.flatMap((root: unknown) => {
    const uri = typeof root === 'object' && root !== null && 'uri' in root ? root.uri : undefined;
    if (typeof uri !== 'string' || !uri.startsWith('file://')) return [];
    try {
      return [realPath(fileURLToPath(uri))];
    } catch {
      return [];
    }
  });
}
