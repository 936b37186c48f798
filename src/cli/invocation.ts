// The command that a user can type next, as this program was started: hints name commands as `tandem index`, and here
// they get the way of starting, the project and the index directory that were given.
import { quoted } from '../config/started-as.ts';

/** What was typed that a later command has to repeat to mean the same index. */
export interface Place {
  /** Absolute. */
  readonly root: string;
  /** True where the root was given with `-p`. */
  readonly isProjectRoot: boolean;
  /** Options with their values, such as `['--index-dir', '/ix']`; paths absolute. */
  readonly options: readonly string[];
}

/** `resume` → `npm start -- resume '/my project' --index-dir /ix`. */
export type Command = (words: string) => string;

export interface Invocation {
  /** To be called once the place is known; before that a command is written without one. */
  situate(place: Place): void;
  readonly command: Command;
  /** A hint with each `` `tandem …` `` in it written in full. */
  filled(text: string): string;
}

export function createInvocation(started: string): Invocation {
  let place: Place | null = null;
  const command = (words: string) => {
    const parts = [started, words];
    if (place !== null && !words.endsWith('--help')) {
      if (place.isProjectRoot || /^search\b/.test(words)) parts.push('-p');
      parts.push(quoted(place.root), ...place.options.map(quoted));
    }
    return parts.join(' ');
  };
  return {
    situate(next) {
      place = next;
    },
    command,
    filled: (text) =>
      text.replace(/`tandem ([^`]+)`/g, (_, words: string) => {
        const bare = place === null ? words : words.replace(` ${place.root}`, ''); // some name the root themselves
        return `\`${command(bare)}\``;
      }),
  };
}
