"""Makes model files from the upstream weights.

    python tools/model/build.py                      the bundled file; its SHA-256 must be the manifest's
    python tools/model/build.py static out.onnx      the same, elsewhere
    python tools/model/build.py static7 out.onnx     weights of seven bits
    python tools/model/build.py fp32 out.onnx        no quantisation
    python tools/model/build.py dynamic out.onnx     the usual dynamic int8 per channel: the comparator of the bench
    python tools/model/build.py product:384:1536 out.onnx
                                                     one integer matrix product of that size, to measure a processor
    python tools/model/build.py arithmetic models/arithmetic.onnx
                                                     two small products by which the engine tells processors apart
"""

import hashlib
import json
import lzma
import sys
import tempfile
from pathlib import Path

import numpy as np
from onnx import TensorProto
from onnxruntime.quantization import QuantType, quantize_dynamic

from engine import BUNDLED
from graph import Graph
from minilm import FloatLinear, build
from static_int8 import Chosen, StaticInt8Linear
from weights import load_weights

CALIBRATION = Path(__file__).parent / "calibration.json"
ROUNDING = Path(__file__).parent / "rounding.xz"


def static(path):
    chosen = Chosen(lzma.decompress(ROUNDING.read_bytes()))
    build(path, load_weights(), StaticInt8Linear(json.loads(CALIBRATION.read_text()), chosen))


def static7(path):
    build(path, load_weights(), StaticInt8Linear(json.loads(CALIBRATION.read_text()), weight_bits=7))


def fp32(path):
    build(path, load_weights(), FloatLinear())


def dynamic(path):
    with tempfile.TemporaryDirectory() as folder:
        original = Path(folder) / "fp32.onnx"
        fp32(original)
        path.parent.mkdir(parents=True, exist_ok=True)
        quantize_dynamic(original, path, per_channel=True, weight_type=QuantType.QInt8)


def product(path, inner, outer):
    graph = Graph()
    weights = np.random.default_rng(0).integers(-127, 128, (inner, outer), np.int8)
    inputs = ["a", graph.constant("w", weights), graph.constant("zero", np.array(128, np.uint8))]
    graph.node("MatMulInteger", inputs, "y")
    graph.save(path, {"a": (TensorProto.UINT8, ["rows", inner])}, {"y": (TensorProto.INT32, ["rows", outer])})


def arithmetic(path):
    """Tells processors apart: integer sums that may saturate, and (1 + s)² - (1 + 2s), 0 unless products are not rounded."""
    graph = Graph()
    weights = graph.constant("weights", np.full((4, 16), 127, np.int8))
    graph.node("MatMulInteger", ["integers", weights], "sums")
    step = np.float32(2**-12)
    graph.node("MatMul", ["floats", graph.constant("factors", np.float32([[1] * 16, [1 + step] * 16]))], "rest")
    inputs = {"integers": (TensorProto.UINT8, ["rows", 4]), "floats": (TensorProto.FLOAT, ["rows", 2])}
    graph.save(path, inputs, {"sums": (TensorProto.INT32, ["rows", 16]), "rest": (TensorProto.FLOAT, ["rows", 16])})


KINDS = {"static": static, "static7": static7, "fp32": fp32, "dynamic": dynamic, "product": product, "arithmetic": arithmetic}


def main(kind="static", path=BUNDLED / "onnx" / "model_quantized.onnx"):
    path = Path(path)
    name, *sizes = kind.split(":")
    KINDS[name](path, *map(int, sizes))
    print(f"{path}: {path.stat().st_size} bytes, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
