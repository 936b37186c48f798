# CPU milliseconds that py-tree-sitter takes for given files: the peer of lib/parse.mjs.
# stdin: [{"id": language, "paths": [...]}]; stdout: {language: milliseconds, or null without a grammar}.
import importlib
import json
import statistics
import sys
import time

import tree_sitter

GRAMMARS = {
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "php": ("tree_sitter_php", "language_php"),
}


def parser_of(language):
    module, function = GRAMMARS.get(language, (f"tree_sitter_{language}", "language"))
    try:
        grammar = getattr(importlib.import_module(module), function)()
    except ImportError:
        return None
    return tree_sitter.Parser(tree_sitter.Language(grammar))


def milliseconds(parser, texts):
    before = time.process_time()
    for text in texts:
        parser.parse(text)
    return (time.process_time() - before) * 1000


rounds = int(sys.argv[1])
results = {}
for work in json.load(sys.stdin):
    parser = parser_of(work["id"])
    if parser is None:
        results[work["id"]] = None
        continue
    texts = [open(path, "rb").read() for path in work["paths"]]
    milliseconds(parser, texts)
    results[work["id"]] = statistics.median(milliseconds(parser, texts) for _ in range(rounds))
json.dump(results, sys.stdout)
