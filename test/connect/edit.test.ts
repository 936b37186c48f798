// Settings of others: our entry goes in and out again, and nothing else changes, comments and layout included.
import fc from 'fast-check';
import { parse as parseJson } from 'jsonc-parser';
import { parse as parseToml, stringify } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { withJsonEntry, withoutJsonEntry } from '../../src/connect/edit-json.ts';
import { withoutTomlEntry, withTomlEntry } from '../../src/connect/edit-toml.ts';

const ENTRY = { command: '/usr/bin/node', args: ['/opt/tandem.js', 'mcp'] };

describe('JSON', () => {
  const path = ['servers', 'tandem'];
  const add = (text: string) => withJsonEntry(text, path, ENTRY, 'f.json');
  const remove = (text: string) => withoutJsonEntry(text, path, 'f.json');

  it.each([
    ['two spaces', '{\n  "a": 1,\n  "servers": {\n    "x": { "command": "y" }\n  }\n}\n'],
    [
      'four spaces, comments, trailing commas',
      '// mine\n{\n    "servers": {\n        // x\n        "x": { "command": "y" }, // keep\n    },\n    "b": [1, 2],\n}\n',
    ],
    ['a comment beside the last', '{\n  "servers": {\n    "x": {} // keep\n  }\n}\n'],
    ['tabs', '{\n\t"servers": {\n\t\t"x": {\n\t\t\t"command": "y"\n\t\t}\n\t},\n\t"b": null\n}\n'],
    ['Windows lines', '{\r\n  "servers": {\r\n    "x": {}\r\n  }\r\n}\r\n'],
  ])('with %s is as it was after the entry has gone', (_, text) => {
    const added = add(text);
    expect(parseJson(added)).toEqual({
      ...parseJson(text),
      servers: { ...parseJson(text).servers, tandem: ENTRY },
    });
    const bare = (each: string) => each.replaceAll(',', '').trim(); // the last property gets one
    for (const line of text.split(/\r?\n/)) expect(bare(added)).toContain(bare(line));
    expect(added.includes('\r\n')).toBe(text.includes('\r\n'));
    expect(added.replaceAll('\r\n', '').includes('\r')).toBe(false);
    expect(add(added)).toBe(added);
    expect(remove(added)).toBe(text);
    expect(remove(text)).toBe(text);
  });

  it.each([
    [
      '',
      '{\n  "servers": {\n    "tandem": {\n      "command": "/usr/bin/node",\n      "args": [\n        "/opt/tandem.js",\n        "mcp"\n      ]\n    }\n  }\n}\n',
    ],
    ['{}', undefined],
    ['{\n}\n', undefined],
    ['{ "servers": {} }', undefined],
    [
      '{\n  "a": 1\n}\n',
      '{\n  "a": 1,\n  "servers": {\n    "tandem": {\n      "command": "/usr/bin/node",\n      "args": [\n        "/opt/tandem.js",\n        "mcp"\n      ]\n    }\n  }\n}\n',
    ],
    ['{"a":1}', undefined],
    ['{\n  // only a comment\n}\n', undefined],
  ])('%j gets the entry', (text, wanted) => {
    const added = add(text);
    expect(parseJson(added).servers.tandem).toEqual(ENTRY);
    if (wanted !== undefined) expect(added).toBe(wanted);
    expect(added).toContain(/\/\/.*/.exec(text)?.[0] ?? '');
  });

  it('keeps what the user added to the entry, and replaces what is ours', () => {
    const text = '{\n  "servers": {\n    "tandem": { "command": "old", "env": { "A": "b" } }\n  }\n}\n';
    expect(parseJson(add(text)).servers.tandem).toEqual({ ...ENTRY, env: { A: 'b' } });
  });

  it.each(['[]', '{ "servers": [] }', '{ "servers": { "tandem" } }', '{ "a": 1', 'null', '{} x'])(
    '%j is refused, with the file and what to do',
    (text) => {
      expect(() => add(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
      expect(() => add(text)).toThrow(/^f\.json /);
    },
  );

  it('of any content keeps it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2, '\t'), (settings, indent) => {
        if (Object.hasOwn(settings, 'servers') || Object.hasOwn(settings, '__proto__')) return;
        const text = JSON.stringify(settings, null, indent);
        const added = add(text);
        expect(JSON.parse(added)).toEqual({ ...JSON.parse(text), servers: { tandem: ENTRY } });
        expect(JSON.parse(remove(added))).toEqual({ ...JSON.parse(text), servers: {} });
      }),
      { numRuns: 300 },
    );
  });
});

describe('TOML', () => {
  const path = ['mcp_servers', 'tandem'];
  const add = (text: string) => withTomlEntry(text, path, ENTRY, 'f.toml');
  const remove = (text: string) => withoutTomlEntry(text, path, 'f.toml');

  it.each([
    '# mine\nmodel = "x" # best\n\n[mcp_servers.other] # theirs\ncommand = "y"\n\n# profiles\n[profiles.a]\nk = 1\n',
    'model = "x"\n',
    '',
    '[[lists]]\na = 1\n[[lists]]\na = 2\n',
    'when = 2026-01-01T00:00:00Z\ntext = """\n[mcp_servers.tandem]\nno header\n"""\n',
  ])('%j is as it was after the entry has gone', (text) => {
    const added = add(text);
    const { mcp_servers: _, ...rest } = parseToml(added);
    const { mcp_servers: __, ...before } = parseToml(text);
    expect(JSON.stringify(rest)).toBe(JSON.stringify(before));
    expect(JSON.parse(JSON.stringify(parseToml(added).mcp_servers))).toMatchObject({ tandem: ENTRY });
    expect(added.startsWith(text.trimEnd())).toBe(true);
    expect(add(added)).toBe(added);
    expect(remove(added)).toBe(text);
  });

  it('keeps what the user added to the table, its sub-tables and the comments after it', () => {
    const text =
      'a = 1\n\n[mcp_servers.tandem]\ncommand = "old"\ntool_timeout_sec = 90\n\n[mcp_servers.tandem.env]\nA = "b"\n\n# next\n[other]\nk = 1\n';
    const added = add(text);
    expect(JSON.parse(JSON.stringify(parseToml(added).mcp_servers))).toEqual({
      tandem: { ...ENTRY, tool_timeout_sec: 90, env: { A: 'b' } },
    });
    expect(added).toContain('# next\n[other]\nk = 1\n');
    expect(parseToml(remove(added))).toEqual(parseToml('a = 1\n[other]\nk = 1\n'));
    expect(remove(added)).toContain('# next');
  });

  it('finds its table in any spelling', () => {
    const text = '[ mcp_servers . "tandem" ]\ncommand = "old"\n';
    expect(JSON.parse(JSON.stringify(parseToml(add(text)).mcp_servers))).toEqual({ tandem: ENTRY });
  });

  it.each(['a = ', '[a]\n[a]\n', 'mcp_servers = { tandem = { command = "x" } }\n', 'mcp_servers = 1\n'])(
    '%j is refused, with the file and what to do',
    (text) => {
      expect(() => add(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
      expect(() => add(text)).toThrow(/^f\.toml /);
    },
  );

  it('of any content keeps it', () => {
    const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean(), fc.array(fc.string()));
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.stringMatching(/^[a-z ]{1,8}$/),
          fc.oneof(value, fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), value)),
        ),
        (settings) => {
          const text = stringify(settings);
          expect(JSON.stringify(parseToml(remove(add(text))))).toBe(JSON.stringify(parseToml(text)));
        },
      ),
      { numRuns: 300 },
    );
  });
});
