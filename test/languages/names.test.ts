// What files are called that no grammar here parses.
import { describe, expect, it } from 'vitest';
import { loadBuiltInLanguages } from '../../src/languages/load.ts';
import { languageCalled } from '../../src/languages/names.ts';
import { createRegistry, findLanguage, languageIdOf } from '../../src/languages/registry.ts';

const registry = createRegistry(loadBuiltInLanguages());

describe('the language of a file', () => {
  it.each([
    ['Sources/App.swift', '', 'swift'],
    ['infra/main.tf', '', 'hcl'],
    ['infra/Dockerfile', '', 'dockerfile'],
    ['api/user.proto', '', 'protobuf'],
    ['src/App.svelte', '', 'svelte'],
    ['Makefile', '', 'makefile'],
    ['build.gradle', '', 'gradle'],
    ['schema.graphql', '', 'graphql'],
    ['View.m', '', 'objective-c'],
    ['stats.R', '', 'r'],
    ['bin/tool', '#!/usr/bin/env perl5.36\n', 'perl'],
    ['a.py', '', 'python'],
    ['notes.txt', '', 'text'],
    ['LICENSE', '', 'text'],
    ['.swift', '', 'text'],
  ])('%s %j is %s', (path, text, id) => {
    expect(languageIdOf(findLanguage(registry, path, text), path, text)).toBe(id);
  });

  it('is one id per language that is parsed, however it is found', () => {
    const parsed = new Set(registry.languages.map(({ id }) => id));
    expect(['c#', 'c++', 'shell'].filter((id) => parsed.has(id))).toEqual([]);
    expect(languageCalled('c#')).toBe('c_sharp');
    expect(languageCalled('terraform')).toBe('hcl');
    expect(languageCalled('docker')).toBe(null);
  });
});
