import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { invocationDirectory } from '../../src/config/environment.ts';
import { terminalSettings } from '../../src/config/terminal.ts';
import { temporaryTree } from './temporary.ts';

describe('where the user stands', () => {
  it('is the current folder', () => {
    expect(invocationDirectory({}, '/here')).toBe('/here');
  });

  it('is the folder npm was called in, if npm moved us', () => {
    const tree = temporaryTree({ 'package/package.json': '{}', 'user/': '' });
    const INIT_CWD = join(tree, 'user');
    expect(invocationDirectory({ INIT_CWD }, '/here')).toBe(INIT_CWD);
    expect(
      invocationDirectory({ INIT_CWD, npm_package_json: join(tree, 'package/package.json') }, join(tree, 'package')),
    ).toBe(INIT_CWD);
  });

  it('is the current folder again for a program that such a script started elsewhere', () => {
    const tree = temporaryTree({ 'package/package.json': '{}', 'user/': '', 'elsewhere/': '' });
    const env = { INIT_CWD: join(tree, 'user'), npm_package_json: join(tree, 'package/package.json') };
    expect(invocationDirectory(env, join(tree, 'elsewhere'))).toBe(join(tree, 'elsewhere'));
  });
});

describe('colour', () => {
  it.each([
    [{}, 'auto'],
    [{ NO_COLOR: '1' }, 'never'],
    [{ NO_COLOR: '' }, 'auto'],
    [{ FORCE_COLOR: '1' }, 'always'],
    [{ FORCE_COLOR: '0' }, 'never'],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, 'never'],
    [{ TERM: 'dumb' }, 'never'],
    [{ TERM: 'dumb', FORCE_COLOR: '1' }, 'always'],
  ] as const)('with %j is %s', (env, colour) => {
    expect(terminalSettings(env).colour).toBe(colour);
  });
});

describe('a live line', () => {
  it('is not drawn in CI or on a dumb terminal', () => {
    expect(terminalSettings({}).canRedraw).toBe(true);
    expect(terminalSettings({ CI: 'false' }).canRedraw).toBe(true);
    expect(terminalSettings({ CI: 'true' }).canRedraw).toBe(false);
    expect(terminalSettings({ TERM: 'dumb' }).canRedraw).toBe(false);
  });
});
