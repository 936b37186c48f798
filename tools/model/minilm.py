"""all-MiniLM-L6-v2 as an ONNX graph. How a matrix product is done is the caller's choice (`Linear`)."""

import numpy as np
from onnx import TensorProto

from graph import MS, Graph
from weights import LAYERS, Layer

HIDDEN, HEADS = 384, 12
EPSILON = 1e-12
IDS = (TensorProto.INT64, ["batch_size", "sequence_length"])
INPUTS = {"input_ids": IDS, "attention_mask": IDS, "token_type_ids": IDS}
HIDDEN_STATE = (TensorProto.FLOAT, ["batch_size", "sequence_length", HIDDEN])
EMBEDDING = (TensorProto.FLOAT, ["batch_size", HIDDEN])


class FloatLinear:
    """fp32 as upstream, in ONNX's own operators alone; what onnxruntime's quantizer expects."""

    def embeddings(self, graph, table):
        return graph.node("Gather", [graph.constant("words", table), "input_ids"], "words_of_ids", axis=0)

    def layer(self, index, layer):
        return layer

    def product(self, graph, x, tag, matrix, bias, out):
        graph.node("MatMul", [x, graph.constant(f"{out}_w", matrix)], f"{out}_product")
        return graph.node("Add", [f"{out}_product", graph.constant(f"{out}_b", bias)], out)

    def attention(self, graph, name, query, key, value):
        """Spelled out, as exporters write it."""
        graph.constant("split_heads", np.array([0, 0, HEADS, HIDDEN // HEADS], np.int64))
        graph.constant("join_heads", np.array([0, 0, HIDDEN], np.int64))
        graph.constant("scale", np.float32(np.sqrt(HIDDEN // HEADS)))
        for part, of, order in (("q", query, [0, 2, 1, 3]), ("k", key, [0, 2, 3, 1]), ("v", value, [0, 2, 1, 3])):
            graph.node("Reshape", [of, "split_heads"], f"{name}_{part}_split")
            graph.node("Transpose", [f"{name}_{part}_split"], f"{name}_{part}_heads", perm=order)
        graph.node("MatMul", [f"{name}_q_heads", f"{name}_k_heads"], f"{name}_scores")
        graph.node("Div", [f"{name}_scores", "scale"], f"{name}_scaled")
        graph.node("Add", [f"{name}_scaled", "mask_bias"], f"{name}_masked")
        graph.node("Softmax", [f"{name}_masked"], f"{name}_shares", axis=-1)
        graph.node("MatMul", [f"{name}_shares", f"{name}_v_heads"], f"{name}_mixed")
        graph.node("Transpose", [f"{name}_mixed"], f"{name}_tokens", perm=[0, 2, 1, 3])
        return graph.node("Reshape", [f"{name}_tokens", "join_heads"], name)

    def mask(self, graph):
        graph.constant("one", np.float32(1))
        graph.constant("far", np.float32(-10000))
        graph.constant("head_axes", np.array([1, 2], np.int64))
        graph.node("Sub", ["one", "mask_float"], "mask_inverse")
        graph.node("Mul", ["mask_inverse", "far"], "mask_far")
        graph.node("Unsqueeze", ["mask_far", "head_axes"], "mask_bias")

    def gelu(self, graph, x, out):
        graph.constant("root_two", np.float32(np.sqrt(2)))
        graph.constant("one", np.float32(1))
        graph.constant("half", np.float32(0.5))
        graph.node("Div", [x, "root_two"], f"{out}_scaled")
        graph.node("Erf", [f"{out}_scaled"], f"{out}_erf")
        graph.node("Add", [f"{out}_erf", "one"], f"{out}_shifted")
        graph.node("Mul", [x, f"{out}_shifted"], f"{out}_doubled")
        return graph.node("Mul", [f"{out}_doubled", "half"], out)

    def norm(self, tag, scale, bias):
        return scale, bias

    def residual(self, graph, x, tag):
        return x


def build(path, weights, linear, extra_outputs=(), pooled=True):
    """Writes the model to `path`; `extra_outputs` are names of float values to be readable as well."""
    graph = Graph()
    graph.node("Cast", ["attention_mask"], "mask_float", to=TensorProto.FLOAT)
    linear.mask(graph)
    x = _embeddings(graph, weights, linear)
    for index in range(LAYERS):
        out = "last_hidden_state" if index == LAYERS - 1 else f"l{index + 1}_x"
        x = _layer(graph, x, index, linear.layer(index, Layer(weights, index)), linear, out)

    outputs = {"last_hidden_state": HIDDEN_STATE}
    if pooled:
        _pooling(graph, x)
        outputs["sentence_embedding"] = EMBEDDING
    outputs.update({name: (TensorProto.FLOAT, ["batch_size", "sequence_length", None]) for name in extra_outputs})
    graph.save(path, INPUTS, outputs)


def _embeddings(graph, weights, linear):
    table = weights["embeddings.word_embeddings.weight"]
    positions = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    words = linear.embeddings(graph, table)
    graph.constant("positions", positions)
    for name, value in (("zero", 0), ("one_index", 1), ("two", 2)):
        graph.constant(name, np.array([value], np.int64))
    graph.node("Shape", ["input_ids"], "ids_shape")
    graph.node("Slice", ["ids_shape", "one_index", "two", "zero"], "length")
    graph.node("Slice", ["positions", "zero", "length", "zero"], "own_positions")
    graph.node("Add", [words, "own_positions"], "embedded")
    scale = weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"]
    return _norm(graph, "embedded", linear.norm("l0_x", *scale), "l0_x")


def _layer(graph, x, index, layer, linear, out):
    name = f"l{index}"
    query, key, value = (
        linear.product(graph, x, f"{name}_x", layer.matrix(part), layer.bias(part), f"{name}_{part.split('.')[-1]}")
        for part in ("attention.self.query", "attention.self.key", "attention.self.value")
    )
    context = linear.attention(graph, f"{name}_ctx", query, key, value)
    part = "attention.output.dense"
    attended = linear.product(graph, context, f"{name}_ctx", layer.matrix(part), layer.bias(part), f"{name}_o")
    graph.node("Add", [attended, linear.residual(graph, x, f"{name}_x")], f"{name}_sum1")
    x1 = _norm(graph, f"{name}_sum1", linear.norm(f"{name}_x1", *layer.norm("attention.output")), f"{name}_x1")

    part = "intermediate.dense"
    wide = linear.product(graph, x1, f"{name}_x1", layer.matrix(part), layer.bias(part), f"{name}_f")
    bent = linear.gelu(graph, wide, f"{name}_g")
    part = "output.dense"
    narrow = linear.product(graph, bent, f"{name}_g", layer.matrix(part), layer.bias(part), f"{name}_d")
    graph.node("Add", [narrow, linear.residual(graph, x1, f"{name}_x1")], f"{name}_sum2")
    return _norm(graph, f"{name}_sum2", linear.norm(f"l{index + 1}_x", *layer.norm("output")), out)


def _norm(graph, x, scale_and_bias, out):
    scale, bias = (graph.constant(f"{out}_norm_{end}", part) for end, part in zip(("scale", "bias"), scale_and_bias))
    return graph.node("LayerNormalization", [x, scale, bias], out, axis=-1, epsilon=EPSILON)


def _pooling(graph, x):
    """The mean over what is not masked, at unit length: the sum has the mean's direction."""
    graph.node("Unsqueeze", ["mask_float", "one_index"], "mask_row")
    graph.node("MatMul", ["mask_row", x], "sum_row")
    graph.node("Squeeze", ["sum_row", "one_index"], "sum")
    graph.node("LpNormalization", ["sum"], "sentence_embedding", axis=-1, p=2)
