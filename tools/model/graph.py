"""Writes ONNX graphs node by node. The same calls give the same bytes."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MS = "com.microsoft"  # operators of onnxruntime that ONNX itself does not have
IR_VERSION = 9
OPSET = 17


class Graph:
    """Nodes and constants in the order of the calls; every value is known by its name."""

    def __init__(self):
        self.nodes = []
        self._constants = {}

    def constant(self, name, value):
        made = numpy_helper.from_array(np.asarray(value, order="C"), name)
        if self._constants.setdefault(name, made) != made:
            raise ValueError(f"two constants are named {name}")
        return name

    def node(self, operator, inputs, output, domain="", **attributes):
        made = helper.make_node(operator, inputs, [output], name=f"{output}_node", domain=domain, **attributes)
        self.nodes.append(made)
        return output

    def branch(self, condition, output, when_true, when_false):
        """One of two nodes, each given as (operator, inputs, domain, attributes); they may read any value made before."""
        branches = {}
        for side, (operator, inputs, domain, attributes) in (("then", when_true), ("else", when_false)):
            name = f"{output}_{side}"
            made = helper.make_node(operator, inputs, [name], name=f"{name}_node", domain=domain, **attributes)
            result = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
            branches[f"{side}_branch"] = helper.make_graph([made], name, [], [result])
        return self.node("If", [condition], output, **branches)

    def save(self, path, inputs, outputs):
        """`inputs` and `outputs` map names to (element type, shape)."""

        def described(values):
            return [helper.make_tensor_value_info(name, *kind) for name, kind in values.items()]

        graph = helper.make_graph(
            self.nodes, "minilm", described(inputs), described(outputs), list(self._constants.values())
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MS, 1)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="tandem")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.SerializeToString(deterministic=True))
