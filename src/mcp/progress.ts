// What a run does → progress notifications, at most two a second, for the clients that asked for them.
import type { ServerContext } from '@modelcontextprotocol/server';
import type { Observer } from '../index.ts';

const INTERVAL_MS = 500;

/** Progress counts both phases as one: half for parsing, half for embedding, so that it never goes back. */
export function progressTo(ctx: ServerContext): Observer {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  let sentAt = Number.NEGATIVE_INFINITY;
  let highest = -1;
  return (event) => {
    if (event.type !== 'progress' && event.type !== 'phase-started') return;
    const { phase, total } = event;
    const done = event.type === 'progress' ? event.done : 0;
    const progress = (phase - 1) * 500 + (total === 0 ? 0 : Math.floor((500 * done) / total));
    const now = performance.now();
    if (progress <= highest || (event.type === 'progress' && now - sentAt < INTERVAL_MS)) return;
    sentAt = now;
    highest = progress;
    const what = phase === 1 ? `parsed ${done} of ${total} files` : `embedded ${done} of ${total} chunks`;
    // A client that has gone is noticed by the connection.
    ctx.mcpReq
      .notify({ method: 'notifications/progress', params: { progressToken, progress, total: 1000, message: what } })
      .catch(() => undefined);
  };
}
