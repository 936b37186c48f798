import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { createOutput, type Output } from '../../src/cli/output.ts';
import { type TerminalSettings, terminalSettings } from '../../src/config/terminal.ts';

export interface Captured {
  readonly output: Output;
  /** Everything written so far. */
  text(): string;
  /** The same as lines, without colours; a final line end gives no empty line. */
  lines(): string[];
}

/** A stream that keeps what is written to it. */
export function capture({
  isTTY = false,
  columns,
  settings = terminalSettings({}),
}: {
  isTTY?: boolean;
  columns?: number;
  settings?: TerminalSettings;
} = {}): Captured {
  let written = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  // What a renderer asks of a terminal; the moves of the cursor are of no interest here.
  const terminal = { isTTY, columns, cursorTo: () => true, clearLine: () => true, moveCursor: () => true };
  return {
    output: createOutput(Object.assign(stream, isTTY ? terminal : {}), settings),
    text: () => written,
    lines: () => stripVTControlCharacters(written).replace(/\n$/, '').split('\n'),
  };
}
