"""How a model file is run here: as the product runs it, one thread and groups of equal length."""

from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

MAX_TOKENS = 256
TOKENS_PER_GROUP = 512
BUNDLED = Path(__file__).parents[2] / "models" / "all-MiniLM-L6-v2"


def tokenizer():
    loaded = Tokenizer.from_file(str(BUNDLED / "tokenizer.json"))
    loaded.no_padding()
    loaded.enable_truncation(MAX_TOKENS)
    return loaded


def open_session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def embed(path, texts):
    """Unit vectors, one row a text, in the order of the texts."""
    session = open_session(path)
    names = {value.name for value in session.get_inputs()}
    sequences = [encoding.ids for encoding in tokenizer().encode_batch(texts)]
    by_length = {}
    for place, ids in enumerate(sequences):
        by_length.setdefault(len(ids), []).append(place)

    vectors = np.zeros((len(texts), 384), np.float32)
    for length, places in by_length.items():
        rows = max(1, TOKENS_PER_GROUP // length)
        for start in range(0, len(places), rows):
            group = places[start : start + rows]
            ids = np.array([sequences[place] for place in group], np.int64)
            feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            feeds = {name: array for name, array in feeds.items() if name in names}
            vectors[group] = session.run(["sentence_embedding"], feeds)[0]
    return vectors
