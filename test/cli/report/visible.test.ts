import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defused, visible, visibleLines } from '../../../src/cli/visible.ts';
import { terminalSettings } from '../../../src/config/terminal.ts';
import { capture } from '../captured.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may be left
const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/;

describe('visible text', () => {
  it('shows what a terminal would act on', () => {
    expect(visible('\u001b]0;owned\u0007')).toBe('\\x1b]0;owned\\x07');
    expect(visible('a\u202eb')).toBe('a\\u{202e}b');
    expect(visible('one\ntwo\r\tthree')).toBe('one\\ntwo\\x0d\\tthree');
    expect(visible('\u009b31m')).toBe('\\x9b31m');
    expect(visible('lone \ud800 half')).toBe('lone \\u{d800} half');
  });

  it('leaves letters of every script and emoji alone', () => {
    const text = 'naïve Ωμέγα 日本語 שלום 👩‍💻';
    expect(visible(text)).toBe(text);
  });

  it('never holds a control or a bidi mark, whatever came in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(DANGEROUS.test(visible(text))).toBe(false);
        for (const line of visibleLines(text)) expect(DANGEROUS.test(line)).toBe(false);
      }),
    );
  });

  it('keeps the lines of code, with tabs as spaces', () => {
    expect(visibleLines('if (a) {\r\n\treturn;\n}')).toEqual(['if (a) {', '    return;', '}']);
  });
});

describe("lines under GitHub's runner", () => {
  it('are no commands to it', () => {
    expect(defused('::set-output name=x::y')).toBe('\\x3a:set-output name=x::y');
    expect(defused('   ::error::')).toBe('   \\x3a:error::');
    expect(defused('a ##[error]b')).toBe('a #\\x23[error]b');
    expect(defused('std::vector')).toBe('std::vector');
  });

  it('are defused there, each of them, and only there', () => {
    const github = capture({ settings: terminalSettings({ GITHUB_ACTIONS: 'true' }) });
    github.output.line('fine\n::error::no');
    expect(github.lines()).toEqual(['fine', '\\x3a:error::no']);

    const elsewhere = capture();
    elsewhere.output.line('::error::no');
    expect(elsewhere.lines()).toEqual(['::error::no']);
  });
});

describe('colours', () => {
  it('are for terminals, each stream by itself', () => {
    const terminal = capture({ isTTY: true });
    const pipe = capture();
    for (const { output } of [terminal, pipe]) output.line(output.red('x'));
    expect(terminal.text()).toBe('\u001b[31mx\u001b[39m\n');
    expect(pipe.text()).toBe('x\n');
  });

  it('follow NO_COLOR on a terminal and FORCE_COLOR in a pipe', () => {
    const silenced = capture({ isTTY: true, settings: terminalSettings({ NO_COLOR: '1' }) });
    const forced = capture({ settings: terminalSettings({ FORCE_COLOR: '1' }) });
    for (const { output } of [silenced, forced]) output.line(output.bold('x'));
    expect(silenced.text()).toBe('x\n');
    expect(forced.text()).toBe('\u001b[1mx\u001b[22m\n');
  });
});
