"""Makes the texts and reference vectors that the parity test of this project checks: all texts are our own.

    node tools/model/texts.mjs --per-class 140 src test docs bench > own.json
    python tools/model/references.py own.json

Takes 500 of them, with every line of sentences.txt (comments in scripts that are not Latin), and writes
test/embedding/fixtures/parity/texts.json and vectors.i16: unit vectors of sentence-transformers in fp32, row by row,
each number times 32,767 and rounded.
"""

import json
import sys
from pathlib import Path

import numpy as np

from parity import reference

COUNT = 500
OUTPUT = Path(__file__).parents[2] / "test" / "embedding" / "fixtures" / "parity"


def main(own_file):
    lines = Path(__file__).with_name("sentences.txt").read_text().splitlines()
    sample = [{"class": "non-latin", "text": line.replace("\\n", "\n")} for line in lines]
    own = [each for each in json.loads(Path(own_file).read_text()) if each["class"] != "non-latin"]
    needed = COUNT - len(sample)
    sample += [own[at * len(own) // needed] for at in range(needed)]

    vectors = np.rint(reference([each["text"] for each in sample]) * 32767).astype("<i2")
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "texts.json").write_text(json.dumps(sample, ensure_ascii=False, indent=1) + "\n")
    (OUTPUT / "vectors.i16").write_bytes(vectors.tobytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
