#!/bin/sh
# Compiles a tree-sitter grammar to WebAssembly without emscripten, for packages that ship none:
#
#   sh tools/build-grammar.sh <grammar> <folder with parser.c and scanner.c> <output.wasm>
#
# What is recorded in src/languages/grammars.json was made with Debian 12's clang-14 (14.0.6-12), lld-14 (14.0.6-12) and
# wasi-libc (0.0~git20220510.9886d3d-2); the same packages give the same bytes. The target must be emscripten's: for
# wasm32-wasi clang 14 drops -fPIC or -shared, and the file would not load as a side module.
set -eu
grammar=$1
source=$2
output=$3
cd "$source" # relative names: no path of this machine can get into the file
exec "${CLANG:-clang-14}" --target=wasm32-unknown-emscripten -fPIC -Os -nostdlib -fvisibility=hidden \
  -isystem /usr/include/wasm32-wasi -I. parser.c scanner.c \
  -Wl,-shared -Wl,--experimental-pic -Wl,--allow-undefined -Wl,--no-entry -Wl,--strip-all \
  -Wl,"--export=tree_sitter_$grammar" -o "$output"
