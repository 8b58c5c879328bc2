"""Attention and the layers of a Transformer, without dropout."""

import torch
from torch import nn

from record import Case, product, tensors


def causal(rows, columns):
    return torch.triu(torch.full((rows, columns), -torch.inf), 1)


def multihead(given, shapes, forward=None):
    """The inputs are query, key, value, key_padding_mask and attn_mask, as far as there are shapes."""
    forward = forward or {}
    heads = given["num_heads"]
    query = shapes[0]
    key = shapes[1] if len(shapes) > 1 else query
    value = shapes[2] if len(shapes) > 2 else key

    def run(module, *x):
        q, k, v = x[0], x[1] if len(x) > 1 else x[0], x[2] if len(x) > 2 else x[1] if len(x) > 1 else x[0]
        mask = x[4].repeat_interleave(heads, 0) if len(x) > 4 else None
        if forward.get("is_causal"):
            blocked = causal(query[0], key[0])
            mask = blocked if mask is None else mask + blocked
        output, weights = module(
            q, k, v, key_padding_mask=x[3] if len(x) > 3 else None, attn_mask=mask, average_attn_weights=forward.get("average_attn_weights", True),
        )
        return [output] if forward.get("need_weights") is False else [output, weights]

    return Case(
        "MultiheadAttention", given, tensors(*shapes), run,
        lambda: nn.MultiheadAttention(query[-1], heads, kdim=key[-1], vdim=value[-1], batch_first=True, **{k: v for k, v in given.items() if k != "num_heads"}), forward=forward,
    )


def encoder(given, shapes, forward=None):
    def run(module, x, *masks):
        mask = masks[0].repeat_interleave(given["nhead"], 0) if masks else None
        if forward and forward.get("is_causal"):
            blocked = causal(shapes[0][0], shapes[0][0])
            mask = blocked if mask is None else mask + blocked
        return module(x, mask, masks[1] if len(masks) > 1 else None)
    make = lambda: nn.TransformerEncoderLayer(shapes[0][-1], batch_first=True, **given)
    return Case("TransformerEncoderLayer", given, tensors(*shapes), run, make, forward=forward or {})


def decoder(given, shapes, forward=None):
    forward = forward or {}

    def run(module, x, memory, *masks):
        masks = [*masks, None, None, None, None][:4]
        masks = [mask.repeat_interleave(given["nhead"], 0) if mask is not None and index < 2 else mask for index, mask in enumerate(masks)]
        for index, name in enumerate(("tgt_is_causal", "memory_is_causal")):
            if forward.get(name):
                blocked = causal(shapes[0][0], shapes[index][0])
                masks[index] = blocked if masks[index] is None else masks[index] + blocked
        return module(x, memory, *masks)
    make = lambda: nn.TransformerDecoderLayer(shapes[0][-1], batch_first=True, **given)
    return Case("TransformerDecoderLayer", given, tensors(*shapes), run, make, forward=forward)


def cases():
    for each in product(num_heads=[1, 2, 4], bias=[True, False]):
        for shapes in ([(3, 4)], [(3, 4), (5, 4)], [(3, 4), (5, 4), (5, 4)], [(3, 4), (5, 2), (5, 3)], [(1, 8)]):
            yield multihead(each, shapes)
        yield multihead(each, [(3, 4)], {"is_causal": True})
        yield multihead(each, [(3, 4), (5, 4)], {"is_causal": True, "average_attn_weights": False})
        yield multihead(each, [(3, 4), (5, 4)], {"need_weights": False})
        yield multihead(each, [(3, 4), (5, 4), (5, 4), (5,)])
        yield multihead(each, [(3, 4), (5, 4), (5, 4), (5,), (3, 5)])
        yield multihead(each, [(3, 4), (5, 4), (5, 4), (5,), (3, 5)], {"is_causal": True})
    for each in product(num_heads=[2], bias=[True, False], add_bias_kv=[True, False], add_zero_attn=[True, False]):
        yield multihead(each, [(3, 4), (5, 4)])
        yield multihead(each, [(3, 4), (5, 2), (5, 3), (5,), (3, 5)], {"average_attn_weights": False})
        yield multihead(each, [(4, 4)], {"is_causal": True})
    for given, shapes in (
        ({"num_heads": 3}, [(3, 4)]), ({"num_heads": 2}, [(3, 4), (5, 4), (4, 4)]), ({"num_heads": 2}, [(3, 4), (5, 4), (5, 4), (4,)]),
        ({"num_heads": 2}, [(3, 4), (5, 4), (5, 4), (5,), (5, 3)]), ({"num_heads": 0}, [(3, 4)]), ({"num_heads": 2}, [(2, 3, 4)]),
    ):
        yield multihead(given, shapes)
    for each in product(nhead=[1, 2], activation=["relu", "gelu"], norm_first=[False, True], bias=[True, False]):
        given = {"dim_feedforward": 5, "dropout": 0.0, **each}
        yield encoder(given, [(3, 4)])
        yield encoder(given, [(3, 4), (3, 3)])
        yield encoder(given, [(3, 4), (3, 3), (3,)])
        yield encoder(given, [(3, 4)], {"is_causal": True})
        yield decoder(given, [(3, 4), (5, 4)])
        yield decoder(given, [(3, 4), (5, 4), (3, 3), (3, 5)])
        yield decoder(given, [(3, 4), (5, 4), (3, 3), (3, 5), (3,), (5,)])
        yield decoder(given, [(3, 4), (5, 4)], {"tgt_is_causal": True})
        yield decoder(given, [(3, 4), (5, 4)], {"tgt_is_causal": True, "memory_is_causal": True})
    small = {"nhead": 2, "dim_feedforward": 3, "dropout": 0.0}
    yield encoder({**small, "layer_norm_eps": 0.1}, [(2, 4)])
    yield decoder({**small, "layer_norm_eps": 0.1}, [(2, 4), (3, 4)])
    yield encoder({"nhead": 2, "dropout": 0.0}, [(2, 4)])
    for shapes in ([(3, 5)], [(3, 4), (2, 2)], [(3, 4), (3, 3), (2,)], [(2, 3, 4)]):
        yield encoder(small, shapes)
    for shapes in ([(3, 5), (3, 5)], [(3, 4), (3, 6)], [(3, 4), (5, 4), (3, 5)], [(3, 4), (5, 4), (3, 3), (3, 3)]):
        yield decoder(small, shapes)
    for given in ({**small, "activation": "tanh"}, {**small, "dropout": -0.1}, {**small, "nhead": 0}):
        yield encoder(given, [(3, 4)])
        yield decoder(given, [(3, 4), (5, 4)])
