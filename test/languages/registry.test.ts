import { describe, expect, it } from 'vitest';
import { type Language, loadBuiltInLanguages } from '../../src/languages/load.ts';
import { createRegistry, findLanguage } from '../../src/languages/registry.ts';

const registry = createRegistry(loadBuiltInLanguages());
const idOf = (path: string, firstLine = '') => findLanguage(registry, path, firstLine)?.id ?? null;

describe('the language of a file', () => {
  it.each([
    ['src/a.py', 'python'],
    ['stubs/a.pyi', 'python'],
    ['a/b/c.jsx', 'javascript'],
    ['a.mjs', 'javascript'],
    ['types/a.d.ts', 'typescript'],
    ['a.tsx', 'tsx'],
    ['main.go', 'go'],
    ['lib.rs', 'rust'],
    ['A.java', 'java'],
    ['queue.c', 'c'],
    ['Rakefile', 'ruby'],
    ['.bashrc', 'bash'],
    ['Shop.cs', 'c_sharp'],
    ['build.gradle.kts', 'kotlin'],
    ['package.json', 'json'],
    ['ci.yml', 'yaml'],
    ['Cargo.toml', 'toml'],
    ['lib/shop.ex', 'elixir'],
    ['app/Main.hs', 'haskell'],
    ['bin/main.ml', 'ocaml'],
    ['lib/shop.mli', 'ocaml_interface'],
    ['contracts/Shop.sol', 'solidity'],
    ['lib/main.dart', 'dart'],
    ['App.vue', 'vue'],
    ['README.md', 'markdown'],
    ['db/schema.sql', 'sql'],
    ['a.cts', 'typescript'],
    ['tasks/db.rake', 'ruby'],
    ['BUILD.bazel', 'python'],
    ['.zshrc', 'bash'],
    ['App.swift', null],
    ['SHOUTING.PY', 'python'],
    ['build/SConstruct', 'python'],
    ['a.py.txt', null],
    ['.py', null],
    ['py', null],
    ['archive.py/data', null],
  ])('%s is %s', (path, id) => {
    expect(idOf(path)).toBe(id);
  });

  it.each([
    ['struct queue { int size; };\nint queue_size(const struct queue *queue);', 'c'],
    ['#ifdef __cplusplus\nextern "C" {\n#endif\nvoid f(void);', 'c'],
    ['#include <vector>\nvoid f();', 'cpp'],
    ['class Queue;\n', 'cpp'],
    ['int f(std::string s);', 'cpp'],
  ])('a header that says %j is %s', (text, id) => {
    expect(idOf('queue.h', text)).toBe(id);
  });

  it.each([
    ['#!/usr/bin/python', 'python'],
    ['#!/usr/bin/env python3', 'python'],
    ['#! /usr/bin/env -S python3.12 -u', 'python'],
    ['#!/usr/bin/env NODE_ENV=test node\r', 'javascript'],
    ['#!/usr/bin/env deno', 'typescript'],
    ['#!/bin/sh', 'bash'],
    ['#!/bin/awk -f', null],
    ['#!', null],
    ['# python', null],
  ])('a script that starts with %j is %s', (firstLine, id) => {
    expect(idOf('bin/run', firstLine)).toBe(id);
  });

  it('is decided by the name before the first line', () => {
    expect(idOf('run.js', '#!/usr/bin/env python')).toBe('javascript');
  });

  it('goes to the longer extension, and to the language that was added last', () => {
    const [first, ...others] = loadBuiltInLanguages() as [Language, ...Language[]];
    const own = { ...first, id: 'own', extensions: ['.d.ts', '.go'] };
    const extended = createRegistry([first, ...others, own]);
    expect(findLanguage(extended, 'a.d.ts', '')?.id).toBe('own');
    expect(findLanguage(extended, 'a.ts', '')?.id).toBe('typescript');
    expect(findLanguage(extended, 'a.go', '')?.id).toBe('own');
  });
});
