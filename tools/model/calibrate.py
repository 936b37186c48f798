"""Measures what the constants of the static int8 model must cover, and writes calibration.json.

    node tools/model/texts.mjs --per-class 200 <folder>… > texts.json
    python tools/model/calibrate.py texts.json

The fp32 model reads every text by itself. Kept are, of each activation that is quantised, the range and, where there are
outliers, the greatest magnitude of each channel that was seen beyond a bound.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from engine import open_session, tokenizer
from minilm import FloatLinear, build
from weights import LAYERS, load_weights

OUTPUT = Path(__file__).parent / "calibration.json"
NOTED_BEYOND = {"x": 1.0, "x1": 1.0, "g": 3.0}


def activations(texts, tags):
    """Of the fp32 model, for each text by itself: by tag, [tokens, channels]."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fp32.onnx"
        build(path, load_weights(), FloatLinear(), extra_outputs=tags, pooled=False)
        session = open_session(path)
        for encoding in tokenizer().encode_batch(texts):
            ids = np.array([encoding.ids], np.int64)
            feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            yield {tag: values[0] for tag, values in zip(tags, session.run(tags, feeds))}


def main(texts_file):
    texts = [text["text"] for text in json.loads(Path(texts_file).read_text())]
    tags = [f"l{index}_{place}" for index in range(LAYERS) for place in ("x", "ctx", "x1", "g")]
    ranges = {tag: (0.0, 0.0) for tag in tags}
    largest = {tag: 0.0 for tag in tags}
    for found in activations(texts, tags):
        for tag, values in found.items():
            low, high = ranges[tag]
            ranges[tag] = min(low, float(values.min())), max(high, float(values.max()))
            largest[tag] = np.maximum(largest[tag], np.abs(values).max(0))
    outliers = {
        tag: {str(at): round(float(largest[tag][at]), 4) for at in np.flatnonzero(largest[tag] > NOTED_BEYOND[place])}
        for tag in tags
        if (place := tag.split("_")[1]) in NOTED_BEYOND
    }
    found = {"texts": len(texts), "ranges": ranges, "outliers": outliers}
    OUTPUT.write_text(json.dumps(found).replace("}, ", "},\n").replace("], ", "],\n") + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
