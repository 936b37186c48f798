"""States how near a model file comes to sentence-transformers in fp32, by class of text.

    python tools/model/parity.py texts.json [model.onnx …]

Without model files: the bundled one. Top-10 overlap is that of each text's ten nearest others. Ends with 1 if a file is
below what is promised.
"""

import json
import sys
from pathlib import Path

import numpy as np

from engine import BUNDLED, MAX_TOKENS, embed
from weights import upstream_folder

PROMISED = {"mean": 0.9975, "min": 0.995, "top10": 0.93}


def reference(texts):
    """Unit vectors of sentence-transformers, fp32, on the processor."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(upstream_folder()), device="cpu")
    model.max_seq_length = MAX_TOKENS
    return model.encode(texts, batch_size=16, normalize_embeddings=True, convert_to_numpy=True)


def nearest(vectors):
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -1)
    return np.argsort(-similarity, axis=1)[:, :10]


def report(path, texts, classes, expected):
    vectors = embed(path, texts)
    cosines = (vectors * expected).sum(1)
    pairs = zip(nearest(expected), nearest(vectors))
    overlaps = np.array([len(set(ours) & set(theirs)) / 10 for theirs, ours in pairs])
    print(path)
    for name in [*dict.fromkeys(classes), None]:
        rows = np.array([name in (None, each) for each in classes])
        found = {"mean": cosines[rows].mean(), "min": cosines[rows].min(), "top10": overlaps[rows].mean()}
        figures = "  ".join(f"{figure} {value:.4f}" for figure, value in found.items())
        print(f"  {name or 'all':10} {rows.sum():5} texts  {figures}")
    return all(found[figure] >= least for figure, least in PROMISED.items())


def main(texts_file, *models):
    sample = json.loads(Path(texts_file).read_text())
    texts = [each["text"] for each in sample]
    classes = [each["class"] for each in sample]
    expected = reference(texts)
    paths = models or [BUNDLED / "onnx" / "model_quantized.onnx"]
    if not all([report(path, texts, classes, expected) for path in paths]):
        raise SystemExit(f"below what is promised: {PROMISED}")


if __name__ == "__main__":
    main(*sys.argv[1:])
