"""Products in int8 with constant scales: what makes a vector independent of its batch, and fast.

Weights are int8, one scale per output, rounded as round_weights.py chose, so that no kernel's sums saturate (pairs.py). Activations are uint8, one scale and zero point per place in the graph, measured
by calibrate.py. A few channels are a hundred times as large as the others; a scale wide enough for them would be too coarse
for the rest, so they are dealt with exactly, in fp32 terms:
- after a LayerNorm, channels above the cap are divided by a constant; the next matrix and the residual take it back;
- in the feed-forward part, a neuron g above the cap is computed n+1 times as gelu(f), gelu(f-c), gelu(f-2c), …; each
  saturates at the cap c, and their sum is the neuron.
"""

import numpy as np
from onnx import TensorProto

from graph import MS
from minilm import HEADS, HIDDEN

CAPS = {"x": 2.0, "x1": 4.0, "g": 5.0}
TOLERATED = 1.02  # a neuron this little above the cap is not worth a second one
COLUMNS = 16  # widths are kept a multiple of what a vector register holds


class Chosen:
    """What round_weights.py chose, read in the order in which the graph is built."""

    def __init__(self, data):
        self._data = data
        self._at = 0

    def take(self, kind, count):
        found = np.frombuffer(self._data, kind, count, self._at)
        self._at += found.nbytes
        return found


def widened(matrix, widths):
    """int8 values to the nearest, and their scales: `widths`, in percent, of those that just reach the largest weight."""
    scale = symmetric(matrix, 0, 127)[1] * (widths / np.float32(100)).astype(np.float32)
    return np.clip(np.rint(matrix / scale), -127, 127).astype(np.int8), scale


def symmetric(matrix, axis, largest):
    """int8 values and their scales along the other axis; `largest` is 127, or 63 for seven bits."""
    scale = np.abs(matrix).max(axis, keepdims=True) / largest
    scale[scale == 0] = 1
    return np.clip(np.rint(matrix / scale), -largest, largest).astype(np.int8), scale.astype(np.float32)


class StaticInt8Linear:
    """
    `calibration` as calibrate.py writes it; `chosen` what round_weights.py chose, for 8 bits, else to the nearest;
    `weight_bits` 8 or 7.
    """

    def __init__(self, calibration, chosen=None, weight_bits=8):
        self._chosen = chosen
        self._ranges = calibration["ranges"]
        self._outliers = calibration["outliers"]
        self._largest = 2 ** (weight_bits - 1) - 1
        self._quantized = {}

    def embeddings(self, graph, table):
        values, scales = symmetric(table, 1, 127)
        graph.node("Gather", [graph.constant("words", values), "input_ids"], "word_values", axis=0)
        graph.node("Gather", [graph.constant("word_scales", scales), "input_ids"], "word_scales_of_ids", axis=0)
        graph.node("Cast", ["word_values"], "word_floats", to=TensorProto.FLOAT)
        return graph.node("Mul", ["word_floats", "word_scales_of_ids"], "words_of_ids")

    def layer(self, index, layer):
        divisors = {place: self._divisors(f"l{index}_{place}") for place in ("x", "x1")}
        levelled = _Levelled(layer, divisors, self._outliers[f"l{index}_g"])
        if self._chosen is not None:
            neurons, channels = (self._chosen.take(np.uint16, count) for count in (levelled.neurons, HIDDEN))
            levelled.reorder(neurons, channels)
        return levelled

    def norm(self, tag, scale, bias):
        factors = self._divisors(tag)
        return scale / factors, bias / factors

    def residual(self, graph, x, tag):
        factors = self._divisors(tag)
        if (factors == 1).all():
            return x
        return graph.node("Mul", [x, graph.constant(f"{tag}_factors", factors)], f"{tag}_restored")

    def _divisors(self, tag):
        """Per channel, at least 1; all 1 where no LayerNorm is levelled."""
        factors = np.ones(HIDDEN, np.float32)
        for channel, magnitude in self._outliers.get(tag, {}).items():
            factors[int(channel)] = max(magnitude / CAPS[tag.split("_")[1]], 1)
        return factors

    def product(self, graph, x, tag, matrix, bias, out):
        values, scales = self.weights(tag, matrix)
        quantized, scale, zero = self._quantize(graph, x, tag)
        inputs = [
            quantized,
            graph.constant(f"{out}_w", values),
            scale,
            graph.constant(f"{out}_w_scales", scales[0]),
            zero,
            graph.constant(f"{out}_w_zeros", np.zeros(matrix.shape[1], np.int8)),
            graph.constant(f"{out}_b", bias),
        ]
        return graph.node("MatMulIntegerToFloat", inputs, out, MS)

    def weights(self, tag, matrix):
        """int8 values of a product's matrix, whose inputs are those of `tag`, and a scale per output."""
        if self._chosen is None:
            return symmetric(matrix, 0, self._largest)
        values, scales = widened(matrix, self._chosen.take(np.uint8, matrix.shape[1]))
        return values + self._chosen.take(np.int8, values.size).reshape(values.shape), scales

    def _quantize(self, graph, x, tag):
        if tag not in self._quantized:
            low, high = (float(bound) for bound in self._ranges[tag])
            cap = CAPS.get(tag.split("_")[1], np.inf)
            low, high = max(low, -cap), min(high, cap)
            step = (high - low) / 255
            scale = graph.constant(f"{tag}_u8_scale", np.float32(step))
            zero = graph.constant(f"{tag}_u8_zero", np.array(np.clip(round(-low / step), 0, 255), np.uint8))
            self._quantized[tag] = graph.node("QuantizeLinear", [x, scale, zero], f"{tag}_u8"), scale, zero
        return self._quantized[tag]

    def mask(self, graph):
        graph.node("Cast", ["attention_mask"], "mask_int", to=TensorProto.INT32)
        graph.node("ReduceMin", ["mask_int"], "mask_least", keepdims=0)
        graph.node("Cast", ["mask_least"], "is_unpadded", to=TensorProto.BOOL)

    def attention(self, graph, name, query, key, value):
        """In fp32. Without padding the runtime has a faster way that takes no mask."""
        heads = {"num_heads": HEADS}
        return graph.branch(
            "is_unpadded",
            name,
            ("MultiHeadAttention", [query, key, value], MS, heads),
            ("MultiHeadAttention", [query, key, value, "", "mask_int"], MS, heads),
        )

    def gelu(self, graph, x, out):
        """By tanh, off by at most 0.0005, a fortieth of a step of what it is rounded to; 1.5 % of the time on AMD (0014)."""
        return graph.node("FastGelu", [x], out, MS)


def copies(neurons):
    """(neuron, what to subtract) for each neuron to be added; `neurons` maps a neuron to its greatest magnitude."""
    cap = CAPS["g"]
    return [
        (int(neuron), step * cap)
        for neuron, magnitude in sorted(neurons.items(), key=lambda item: int(item[0]))
        if magnitude > cap * TOLERATED
        for step in range(1, int(np.ceil(magnitude / cap)))
    ]


class _Levelled:
    """A layer that computes the same with smaller values on the way, and with neurons and channels in another order."""

    def __init__(self, layer, divisors, neurons):
        self._layer = layer
        self._divisors = divisors
        copied = copies(neurons)
        self._copied = [neuron for neuron, _ in copied]
        self._shifts = np.array([shift for _, shift in copied], np.float32)
        self._padding = -len(copied) % COLUMNS
        self.neurons = len(layer.bias("intermediate.dense")) + len(copied) + self._padding
        self._neurons, self._channels = np.arange(self.neurons), np.arange(HIDDEN)

    def reorder(self, neurons, channels):
        """Orders of the neurons, copies among them, and of what attention mixes, within each head."""
        self._neurons, self._channels = neurons, channels

    def matrix(self, name):
        matrix = self._layer.matrix(name)
        if name.startswith("attention.self"):
            matrix = matrix * self._divisors["x"][:, None]
            return matrix[:, self._channels] if name.endswith("value") else matrix
        if name == "attention.output.dense":
            return matrix[self._channels]
        if name == "intermediate.dense":
            matrix = matrix * self._divisors["x1"][:, None]
            padding = np.zeros((len(matrix), self._padding), np.float32)
            return np.concatenate([matrix, matrix[:, self._copied], padding], 1)[:, self._neurons]
        padding = np.zeros((self._padding, matrix.shape[1]), np.float32)
        return np.concatenate([matrix, matrix[self._copied], padding], 0)[self._neurons]

    def bias(self, name):
        bias = self._layer.bias(name)
        if name == "attention.self.value":
            return bias[self._channels]
        if name != "intermediate.dense":
            return bias
        padding = np.zeros(self._padding, np.float32)
        return np.concatenate([bias, bias[self._copied] - self._shifts, padding])[self._neurons]

    def norm(self, name):
        return self._layer.norm(name)
