"""Chooses to which of its neighbours each int8 weight is rounded, and writes rounding.xz.

    python tools/model/round_weights.py texts.json      the texts that calibrate.py read

Rounding each weight to the nearest value makes the least error in the weights; what counts is the error in the products.
Here (GPTQ) the weights of one output are rounded one after the other, those of the strongest inputs first, and the error of each
is taken back by those that are left, as far as the inputs of the texts go together. Texts made of one sign are added, for
in their tokens errors do not cancel out.

Written is, for each weight in the order of the graph, how many steps its value is from the nearest one. So the model can be
made from the upstream weights without the texts.
"""

import json
import lzma
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.special import erf

from build import CALIBRATION, ROUNDING
from calibrate import activations
from minilm import build
from static_int8 import CAPS, COLUMNS, StaticInt8Linear, copies, symmetric
from weights import LAYERS, load_weights

PLACES = ("x", "ctx", "x1", "f")
DAMPING = 0.01  # of the mean diagonal: keeps what the texts do not show from running away
BLOCK = 64
TEXTS_AT_ONCE = 32
SIGNS = "-=*_#~.+/\\|<>(){}[];:,'\"`!?&%$@^"


def monotonous():
    """Rules, borders and lone signs, as they stand between code and prose."""
    for sign in SIGNS:
        yield from (sign, sign * 2, sign * 10, sign * 40, " ".join(sign * 6), " ".join(sign * 30))
        yield from (f"| {sign} | {sign} |", (sign * 8 + " ") * 4)
    yield from ("|---|---|", "|:--|--:|\n| x | y |", "+---+---+\n| a | b |\n+---+---+", "===== =====\n one  two\n===== =====")
    yield from ("---\nlayout: page\ndate: 2020-01-01\n---", "| name | type |\n| --- | --- |\n| a | int |")


def second_moments(texts, outliers):
    """By place in the graph, before levelling: the sum over texts of the mean over tokens of x xᵀ."""
    found = {}
    waiting = []

    def add_waiting():
        for tag in waiting[0]:
            x = np.concatenate([values[tag] / np.sqrt(np.float32(len(values[tag]))) for values in waiting])
            found[tag] = found.get(tag, 0) + (x.T @ x).astype(np.float64)
        waiting.clear()

    for values in activations(texts, [f"l{index}_{place}" for index in range(LAYERS) for place in PLACES]):
        for index in range(LAYERS):
            values[f"l{index}_g"] = _copied(values.pop(f"l{index}_f"), outliers[f"l{index}_g"])
        waiting.append(values)
        if len(waiting) == TEXTS_AT_ONCE:
            add_waiting()
    if waiting:
        add_waiting()
    return found


def _copied(before_gelu, neurons):
    """The neurons as the quantised layer has them: bent, copied, capped."""
    shifted = [before_gelu[:, neuron] - shift for neuron, shift in copies(neurons)]
    padding = [np.zeros(len(before_gelu), np.float32)] * (-len(shifted) % COLUMNS)
    wide = np.column_stack([before_gelu, *shifted])
    bent = np.minimum(0.5 * wide * (1 + erf(wide / np.sqrt(2))), CAPS["g"])
    return np.column_stack([bent, *padding]).astype(np.float32)


class RoundedLinear(StaticInt8Linear):
    """Rounds as described above; `deltas` has what it chose, in the order of the products."""

    def __init__(self, calibration, moments):
        super().__init__(calibration)
        self._moments = moments
        self._prepared = {}
        self.deltas = []

    def weights(self, tag, matrix):
        nearest, scales = symmetric(matrix, 0, 127)
        order, upper = self._prepare(tag)
        values = np.empty_like(nearest)
        values[order] = _round(matrix[order].astype(np.float64), scales[0].astype(np.float64), upper)
        self.deltas.append(values - nearest)
        return values, scales

    def _prepare(self, tag):
        """The inputs' order, and the Cholesky factor of their inverse second moments in it."""
        if tag not in self._prepared:
            divisors = self._divisors(tag) if tag.split("_")[1] in ("x", "x1") else np.ones(len(self._moments[tag]))
            moments = self._moments[tag] / np.outer(divisors, divisors)
            moments[np.diag_indices_from(moments)] += DAMPING * np.diag(moments).mean()
            order = np.argsort(-np.diag(moments), kind="stable")
            self._prepared[tag] = order, np.linalg.cholesky(np.linalg.inv(moments[order][:, order])).T
        return self._prepared[tag]


def _round(matrix, scales, upper):
    """int8 values of `matrix` [inputs, outputs], which is used up. In blocks, for speed."""
    inputs = len(matrix)
    values = np.zeros(matrix.shape, np.int8)
    for start in range(0, inputs, BLOCK):
        end = min(start + BLOCK, inputs)
        errors = np.zeros((end - start, matrix.shape[1]))
        for row in range(start, end):
            values[row] = np.clip(np.rint(matrix[row] / scales), -127, 127)
            errors[row - start] = (matrix[row] - values[row] * scales) / upper[row, row]
            matrix[row + 1 : end] -= np.outer(upper[row, row + 1 : end], errors[row - start])
        matrix[end:] -= upper[start:end, end:].T @ errors
    return values


def main(texts_file):
    texts = [text["text"] for text in json.loads(Path(texts_file).read_text())]
    calibration = json.loads(CALIBRATION.read_text())
    moments = second_moments([*texts, *monotonous()], calibration["outliers"])
    linear = RoundedLinear(calibration, moments)
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "rounded.onnx", load_weights(), linear)
    chosen = b"".join(deltas.tobytes() for deltas in linear.deltas)
    ROUNDING.write_bytes(lzma.compress(chosen, preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main(*sys.argv[1:])
