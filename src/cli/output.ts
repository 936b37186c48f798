// One stream as the commands see it: lines and colours. The only place that writes to stdout and stderr.
import type { TerminalSettings } from '../config/terminal.ts';
import { defused } from './visible.ts';

type Paint = (text: string) => string;

export interface Output {
  readonly isTTY: boolean;
  /** False for a terminal that reports a width of 0: nothing can be redrawn there. */
  readonly hasWidth: () => boolean;
  /** Columns of the terminal; undefined where lines may be as long as they like. */
  readonly columns: () => number | undefined;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
  /** Writes lines of text, each with its end; foreign parts are made `visible` by the caller. */
  line(text?: string): void;
  /** Writes as it is: JSON, or a mark without a line end. */
  raw(text: string): void;
  /** For a renderer that draws by itself. */
  readonly stream: OutputStream;
}

export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Each stream is judged alone: a pipe on one does not take the colours of the other. */
export function createOutput(stream: OutputStream, terminal: TerminalSettings): Output {
  const isTTY = stream.isTTY === true;
  const hasColour = terminal.colour === 'always' || (terminal.colour === 'auto' && isTTY);
  const paint =
    (on: number, off: number): Paint =>
    (text) =>
      hasColour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    isTTY,
    stream,
    hasWidth: () => stream.columns !== 0,
    columns: () => (isTTY ? stream.columns || 80 : undefined),
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
    raw: (text) => void stream.write(text),
    line: (text = '') => {
      const lines = terminal.isGithubActions ? text.split('\n').map(defused).join('\n') : text;
      stream.write(`${lines}\n`);
    },
  };
}
