"""Chooses to which of its neighbours each int8 weight is rounded, and writes rounding.xz.

    python tools/model/round_weights.py texts.json      the texts that calibrate.py read

Rounding each weight to the nearest value makes the least error in the weights; what counts is the error in the products.
Here (GPTQ) the weights of one output are rounded one after the other, those of the strongest inputs first, and the error of each
is taken back by those that are left, as far as the inputs of the texts go together. Texts made of one sign are added, for
in their tokens errors do not cancel out.

No two weights that a kernel sums in 16 bits may make that sum saturate (pairs.py). The inputs are paired with that in view,
the first of a pair leaves room for the second, and what is clipped is taken back by the others like any other error. Of
several widths of an output's scale the one with the least error is taken.

Written are, in the order of the graph, of each layer the order of its neurons and channels (uint16), of each product the
widths in percent (uint8) and how many steps each value is from the nearest one (int8). So the model can be made from the
upstream weights without the texts.
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
from minilm import HEADS, HIDDEN, build
from pairs import MOST, paired
from static_int8 import CAPS, COLUMNS, StaticInt8Linear, copies, widened
from weights import LAYERS, load_weights

PLACES = ("x", "ctx", "x1", "f")
DAMPING = 0.01  # of the mean diagonal: keeps what the texts do not show from running away
BLOCK = 64
WIDTHS = (93, 100, 108, 116, 125, 135, 150, 175)
WIDTHS_OF_NEURONS = (97, 100, 106, 120)  # well paired, they need no more
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
    """Rounds as described above; `written` is what it chose, in the order of the graph."""

    def __init__(self, calibration, moments):
        super().__init__(calibration)
        self._moments = moments
        self._prepared = {}
        self.written = []

    def layer(self, index, layer):
        levelled = super().layer(index, layer)
        mixed, bent = f"l{index}_ctx", f"l{index}_g"
        neurons = paired(levelled.matrix("output.dense"), np.diag(self._moments[bent]))
        output = levelled.matrix("attention.output.dense")
        heads = np.arange(HIDDEN).reshape(HEADS, -1)
        channels = [head[paired(output[head], np.diag(self._moments[mixed])[head])] for head in heads]
        orders = neurons.astype(np.uint16), np.concatenate(channels).astype(np.uint16)
        levelled.reorder(*orders)
        for tag, order in zip((bent, mixed), orders):
            self._moments[tag] = self._moments[tag][order][:, order]
            self.written.append(order.tobytes())
        return levelled

    def weights(self, tag, matrix):
        order, upper = self._prepare(tag)
        best = None
        for width in WIDTHS_OF_NEURONS if tag.endswith("_g") else WIDTHS:
            scales = widened(matrix, np.full(matrix.shape[1], width, np.uint8))[1][0].astype(np.float64)
            values, errors = _round(matrix[order].astype(np.float64), scales, upper, order)
            if best is None:
                best = values, errors, np.full(len(errors), width, np.uint8)
            better = errors < best[1]
            for kept, found in zip(best, (values, errors, np.full(len(errors), width, np.uint8))):
                kept[..., better] = found[..., better]
        values = np.empty_like(best[0])
        values[order] = best[0]
        nearest, scales = widened(matrix, best[2])
        self.written += [best[2].tobytes(), (values - nearest).tobytes()]
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


def _round(matrix, scales, upper, order):
    """
    int8 values of `matrix` [inputs, outputs], which is used up, and the squared error per output. `order` says which
    inputs its rows are: those of an even input and the next one are a pair. In blocks, for speed.
    """
    inputs = len(matrix)
    values = np.zeros(matrix.shape, np.int16)
    squares = np.zeros(matrix.shape[1])
    place = np.argsort(order)
    partner = place[order ^ 1]
    pliancy = np.diag(upper) ** 2
    for start in range(0, inputs, BLOCK):
        end = min(start + BLOCK, inputs)
        errors = np.zeros((end - start, matrix.shape[1]))
        for row in range(start, end):
            other = partner[row]
            wanted = matrix[row] / scales
            if other < row:
                room = [np.minimum(127, MOST - np.maximum(sign * values[other], 0)) for sign in (-1, 1)]
                values[row] = np.clip(np.rint(wanted), -room[0], room[1])
            else:
                share = pliancy[row] / (pliancy[row] + pliancy[other])
                wanted -= share * _beyond(wanted, matrix[other] / scales)
                values[row] = np.clip(np.rint(wanted), -127, 127)
            errors[row - start] = (matrix[row] - values[row] * scales) / upper[row, row]
            squares += errors[row - start] ** 2
            matrix[row + 1 : end] -= np.outer(upper[row, row + 1 : end], errors[row - start])
        matrix[end:] -= upper[start:end, end:].T @ errors
    return values.astype(np.int8), squares


def _beyond(first, second):
    """By how much two weights, in steps, are beyond what a pair may have, with the sign of the first."""
    beyond = np.maximum(np.abs(first) + np.minimum(np.abs(second), 127) - MOST, 0)
    return np.where(np.sign(first) == np.sign(second), np.sign(first) * beyond, 0)


def main(texts_file):
    texts = [text["text"] for text in json.loads(Path(texts_file).read_text())]
    calibration = json.loads(CALIBRATION.read_text())
    moments = second_moments([*texts, *monotonous()], calibration["outliers"])
    linear = RoundedLinear(calibration, moments)
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "rounded.onnx", load_weights(), linear)
    ROUNDING.write_bytes(lzma.compress(b"".join(linear.written), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main(*sys.argv[1:])
