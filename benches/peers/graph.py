"""Our model file as an ONNX graph: the same weights for every contender.

Reads models/…/model.gguf (Q4_0 unpacked to f32) and writes BERT as exporters write it, in operators
that ONNX Runtime's and OpenVINO's fusions recognise, down to the pooled vector of length 1.
"""

import numpy as np
import onnx
from gguf import GGUFReader, dequantize
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Nodes and constants under construction; every method returns the name of its result."""

    def __init__(self):
        self.nodes, self.constants, self.seen = [], [], {}

    def constant(self, name, value):
        if name not in self.seen:
            self.seen[name] = True
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def ints(self, *values):
        return self.constant("ints_" + "_".join(map(str, values)), np.array(values, np.int64))

    def number(self, value):
        return self.constant(f"number_{value}", np.array(value, np.float32))

    def node(self, operator, inputs, output, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output + "/node", **attributes))
        return output


def read(path):
    """Tensors by llama.cpp's names, in f32, and the sizes."""
    reader = GGUFReader(path)
    tensors = {}
    for tensor in reader.tensors:
        shape = [int(n) for n in reversed(tensor.shape)]
        tensors[tensor.name] = dequantize(tensor.data, tensor.tensor_type).reshape(shape).astype(np.float32)
    field = lambda key: reader.fields[key].contents()
    epsilon, heads = field("bert.attention.layer_norm_epsilon"), field("bert.attention.head_count")
    return tensors, heads, epsilon


def build(model, out):
    tensors, heads, epsilon = read(model)
    hidden = tensors["token_embd.weight"].shape[1]
    layers = sum(name.endswith("attn_q.weight") for name in tensors)
    g = Graph()

    def norm(x, name, output):
        weight = g.constant(name + ".weight", tensors[name + ".weight"])
        bias = g.constant(name + ".bias", tensors[name + ".bias"])
        return g.node("LayerNormalization", [x, weight, bias], output, axis=-1, epsilon=epsilon)

    def linear(x, name, output):
        weight = g.constant(name + ".weight", tensors[name + ".weight"].T)
        bias = g.constant(name + ".bias", tensors[name + ".bias"])
        product = g.node("MatMul", [x, weight], output + "/product")
        return g.node("Add", [bias, product], output)

    # Positions 0, 1, 2 … by a cumulative sum of ones.
    zeros = g.node("Mul", ["input_ids", g.ints(0)], "zeros")
    ones = g.node("Add", [zeros, g.ints(1)], "ones")
    count = g.node("CumSum", [ones, g.constant("axis_1", np.array(1, np.int64))], "count")
    positions = g.node("Sub", [count, g.ints(1)], "positions")
    word = g.node("Gather", [g.constant("words", tensors["token_embd.weight"]), "input_ids"], "word")
    kind = g.node("Gather", [g.constant("types", tensors["token_types.weight"].reshape(-1, hidden)), "token_type_ids"], "kind")
    place = g.node("Gather", [g.constant("places", tensors["position_embd.weight"]), positions], "place")
    sums = g.node("Add", [g.node("Add", [word, kind], "word_kind"), place], "embeddings")
    x = norm(sums, "token_embd_norm", "x0")

    mask = g.node("Unsqueeze", [g.node("Unsqueeze", ["attention_mask", g.ints(1)], "mask_1"), g.ints(2)], "mask_2")
    hidden_keys = g.node("Sub", [g.number(1.0), g.node("Cast", [mask], "mask_f", to=TensorProto.FLOAT)], "mask_inverse")
    mask = g.node("Mul", [hidden_keys, g.number(-10000.0)], "mask")

    for i in range(layers):
        block, at = f"blk.{i}.", f"layer{i}/"

        def split(name, order):
            y = linear(x, block + name, at + name)
            y = g.node("Reshape", [y, g.ints(0, 0, heads, hidden // heads)], at + name + "/heads")
            return g.node("Transpose", [y], at + name + "/turned", perm=order)

        q, k, v = split("attn_q", [0, 2, 1, 3]), split("attn_k", [0, 2, 3, 1]), split("attn_v", [0, 2, 1, 3])
        scores = g.node("MatMul", [q, k], at + "scores")
        scores = g.node("Div", [scores, g.number(float((hidden // heads) ** 0.5))], at + "scaled")
        weights = g.node("Softmax", [g.node("Add", [scores, mask], at + "masked")], at + "weights", axis=-1)
        mixed = g.node("Transpose", [g.node("MatMul", [weights, v], at + "mixed")], at + "back", perm=[0, 2, 1, 3])
        mixed = g.node("Reshape", [mixed, g.ints(0, 0, hidden)], at + "context")
        y = g.node("Add", [linear(mixed, block + "attn_output", at + "attention"), x], at + "sum1")
        y = norm(y, block + "attn_output_norm", at + "norm1")
        up = linear(y, block + "ffn_up", at + "up")
        erf = g.node("Erf", [g.node("Div", [up, g.number(float(2**0.5))], at + "up_scaled")], at + "erf")
        gelu = g.node("Mul", [up, g.node("Add", [erf, g.number(1.0)], at + "erf_1")], at + "gelu_2")
        gelu = g.node("Mul", [gelu, g.number(0.5)], at + "gelu")
        z = g.node("Add", [linear(gelu, block + "ffn_down", at + "down"), y], at + "sum2")
        x = norm(z, block + "layer_output_norm", f"x{i + 1}")

    shown = g.node("Cast", [g.node("Unsqueeze", ["attention_mask", g.ints(-1)], "shown_i")], "shown", to=TensorProto.FLOAT)
    total = g.node("ReduceSum", [g.node("Mul", [x, shown], "shown_x"), g.ints(1)], "total", keepdims=0)
    mean = g.node("Div", [total, g.node("ReduceSum", [shown, g.ints(1)], "tokens", keepdims=0)], "mean")
    g.node("LpNormalization", [mean], "embedding", axis=-1, p=2)

    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "tokens_in"]) for n in ("input_ids", "attention_mask", "token_type_ids")]
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", hidden])
    graph = helper.make_graph(g.nodes, "bert", inputs, [output], g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, out)
    return heads, hidden
