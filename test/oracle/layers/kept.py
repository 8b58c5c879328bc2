"""Records how many numbers PyTorch's autograd saves inside recurrent and Transformer layers, power pools and losses of pairs: python kept.py; it writes ../kept.json.

Counted are the saved tensors that differ in place or size, without the parameters and the inputs, for one example. What only
says which entries a dropout keeps is counted apart. The kernels are PyTorch's own: those of cuDNN, oneDNN and of fused
attention keep memory of their own.
"""

import itertools
import json
import pathlib

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from record import as_list

HERE = pathlib.Path(__file__).parent
STEPS, KEYS, FEATURES, HIDDEN, WIDTH, INNER = 5, 7, 3, 6, 8, 20


def saved(layer, inputs, call, p):
    own = {each.untyped_storage().data_ptr() for each in [*layer.parameters(), *inputs]}
    found = []

    def pack(tensor):
        found.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), torch.backends.mkldnn.flags(enabled=False), sdpa_kernel(SDPBackend.MATH):
        outputs = as_list(call(layer, *inputs))
    results = {each.untyped_storage().data_ptr() for each in outputs}
    distinct = {(each.data_ptr(), each.numel()): each for each in found if each.untyped_storage().data_ptr() not in own}
    counts = {"floats": 0, "masks": 0, "outputs": 0}
    for each in distinct.values():
        is_mask = each.dtype == torch.bool or p > 0 and bool(((each == 0) | torch.isclose(each, torch.full_like(each, 1 / (1 - p)))).all()) and bool((each != 0).any())
        kind = "outputs" if each.untyped_storage().data_ptr() in results else "masks" if is_mask else "floats"
        counts[kind] += each.numel()
    return counts


def record(name, given, shapes, arguments, call, further={}):
    torch.manual_seed(5)
    layer = getattr(nn, name)(*arguments, **{key: value for key, value in given.items() if key not in further})
    inputs = [torch.randn(1, *shape) for shape in shapes]
    return {"name": name, "given": {**given, **further}, "inputs": [list(shape) for shape in shapes], **saved(layer, inputs, call, given.get("dropout", 0))}


def recurrent():
    for name, layers, both, bias, p in itertools.product(["RNN", "GRU", "LSTM"], [1, 2], [False, True], [False, True], [0, 0.5]):
        if layers == 1 and p > 0:
            continue
        given = {"num_layers": layers, "bidirectional": both, "bias": bias, "dropout": p, "batch_first": True}
        for size in [0, 4] if name == "LSTM" else [0]:
            state = size or HIDDEN
            rows = layers * (2 if both else 1)
            own = {**given, **({"proj_size": size} if size else {})}
            yield record(name, own, [[STEPS, FEATURES]], [FEATURES, HIDDEN], lambda layer, x: layer(x), {"hidden_size": HIDDEN})
            turned = lambda each: each.transpose(0, 1)
            if name == "LSTM":
                yield record(name, own, [[STEPS, FEATURES], [rows, state], [rows, HIDDEN]], [FEATURES, HIDDEN], lambda layer, x, h, c: layer(x, (turned(h), turned(c))), {"hidden_size": HIDDEN})
            else:
                yield record(name, own, [[STEPS, FEATURES], [rows, HIDDEN]], [FEATURES, HIDDEN], lambda layer, x, h: layer(x, turned(h)), {"hidden_size": HIDDEN})
    for name, bias in itertools.product(["RNNCell", "GRUCell", "LSTMCell"], [False, True]):
        yield record(name, {"bias": bias}, [[FEATURES]], [FEATURES, HIDDEN], lambda layer, x: layer(x), {"hidden_size": HIDDEN})
        states = [[HIDDEN]] * (2 if name == "LSTMCell" else 1)
        yield record(name, {"bias": bias}, [[FEATURES], *states], [FEATURES, HIDDEN], lambda layer, x, *h: layer(x, h if len(h) > 1 else h[0]), {"hidden_size": HIDDEN})


def attention():
    for heads, bias, p in itertools.product([1, 2], [False, True], [0, 0.25]):
        given = {"dropout": p, "bias": bias, "batch_first": True}
        named = {"num_heads": heads}
        yield record("MultiheadAttention", given, [[STEPS, WIDTH]], [WIDTH, heads], lambda layer, x: layer(x, x, x), named)
        yield record("MultiheadAttention", given, [[STEPS, WIDTH], [KEYS, WIDTH]], [WIDTH, heads], lambda layer, x, y: layer(x, y, y), named)
    for heads, bias, p, first, activation in itertools.product([1, 2], [False, True], [0, 0.25], [False, True], ["relu", "gelu"]):
        given = {"dim_feedforward": INNER, "dropout": p, "activation": activation, "norm_first": first, "bias": bias, "batch_first": True}
        named = {"nhead": heads}
        yield record("TransformerEncoderLayer", given, [[STEPS, WIDTH]], [WIDTH, heads], lambda layer, x: layer(x), named)
        yield record("TransformerDecoderLayer", given, [[STEPS, WIDTH], [KEYS, WIDTH]], [WIDTH, heads], lambda layer, x, y: layer(x, y), named)


def pools():
    for axes, power in itertools.product([1, 2, 3], [1.0, 2.0, 3.0, 2.5]):
        given = {"norm_type": power, "kernel_size": 3, "stride": 2}
        x = torch.rand(1, 4, *[7, 8, 9][:axes], requires_grad=True)
        layer = getattr(nn, f"LPPool{axes}d")(**given)
        yield {"name": f"LPPool{axes}d", "given": given, "inputs": [list(x.shape[1:])], "needs": [0], **saved(layer, [x], lambda layer, x: layer(x), 0)}


def pairs():
    # Rows here are the batch there: one example of four rows.
    for needs in [[0, 1, 2], [0], [1], [1, 2]]:
        for swap, p in itertools.product([False, True], [1, 2, 3]):
            given = {"swap": swap, "p": p, "reduction": "sum"}
            xs = [torch.rand(4, WIDTH, requires_grad=at in needs) for at in range(3)]
            yield {"name": "TripletMarginLoss", "given": given, "inputs": [[4, WIDTH]] * 3, "needs": needs, **saved(nn.TripletMarginLoss(**given), xs, lambda layer, *xs: layer(*xs), 0)}
    for needs in [[0, 1], [0], [1]]:
        xs = [torch.rand(4, WIDTH, requires_grad=at in needs) for at in range(2)] + [torch.tensor([1.0, -1.0, 1.0, 1.0])]
        yield {"name": "CosineEmbeddingLoss", "given": {"reduction": "sum"}, "inputs": [[4, WIDTH], [4, WIDTH], [4]], "needs": needs, **saved(nn.CosineEmbeddingLoss(reduction="sum"), xs, lambda layer, *xs: layer(*xs), 0)}


def main():
    cases = [*recurrent(), *attention(), *pools(), *pairs()]
    for each in cases:
        each["given"].pop("batch_first", None)
    (HERE.parent / "kept.json").write_text("[\n" + ",\n".join(json.dumps(each) for each in cases) + "\n]\n")


if __name__ == "__main__":
    main()
