import { describe, expect, it } from 'vitest';
import { createShutdown } from '../../src/cli/signals.ts';

function shutdownIn(echoMs = 0) {
  const exits: number[] = [];
  const said: string[] = [];
  let at = 0;
  const shutdown = createShutdown({
    exit: (code) => void exits.push(code),
    announce: (text) => void said.push(text),
    now: () => at,
    echoMs,
  });
  return {
    shutdown,
    exits,
    said,
    wait: (ms: number) => {
      at += ms;
    },
  };
}

describe('a signal', () => {
  it('ends a command that holds no work at once', () => {
    const { shutdown, exits } = shutdownIn();
    shutdown.receive('SIGINT');
    expect(exits).toEqual([130]);
    expect(shutdown.signal.aborted).toBe(false);
  });

  it('lets work come to a safe end, with the hint how to go on', () => {
    const { shutdown, exits, said } = shutdownIn();
    shutdown.begin('go on with resume');
    shutdown.receive('SIGINT');
    expect(exits).toEqual([]);
    expect(said).toEqual([expect.stringContaining('saving what is done so far')]);
    expect(shutdown.signal.reason).toMatchObject({ code: 'INTERRUPTED', hint: 'go on with resume' });
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('%s terminates in the same way', (name) => {
    const { shutdown } = shutdownIn();
    shutdown.begin('');
    shutdown.receive(name);
    expect(shutdown.signal.reason).toMatchObject({ code: 'TERMINATED' });
  });

  it('that comes second ends everything at once', () => {
    const { shutdown, exits } = shutdownIn();
    shutdown.begin('');
    shutdown.receive('SIGINT');
    shutdown.receive('SIGTERM');
    expect(exits).toEqual([143]);
  });

  it('that npm only repeated is no second one', () => {
    const { shutdown, exits, wait } = shutdownIn(300);
    shutdown.begin('');
    shutdown.receive('SIGINT');
    wait(20);
    shutdown.receive('SIGINT');
    expect(exits).toEqual([]);
    wait(300);
    shutdown.receive('SIGINT');
    expect(exits).toEqual([130]);
  });
});
