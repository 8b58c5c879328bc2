"""Linear and bilinear maps, embeddings."""

import torch
from torch import nn

from record import Input, function, layer, product


def bag(given, shape, high=7):
    def make():
        return nn.EmbeddingBag(high, 3, **given)
    flat = len(shape) == 1
    # PyTorch's bags are two-dimensional: one row of indices for each bag.
    run = (lambda module, x: module(x)) if flat else (lambda module, x: module(x.reshape(-1, shape[-1])).reshape(*x.shape[:-1], 3))
    case = layer("EmbeddingBag", {"num_embeddings": high, "embedding_dim": 3, **given}, [Input(shape, 0, high, True)], make)
    case.run = run
    return case


def cases():
    for shape in ((4,), (3, 4), (2, 3, 4), (1,)):
        for each in product(out_features=[1, 5], bias=[True, False]):
            yield layer("Linear", each, [shape], lambda: nn.Linear(shape[-1], **each))
    yield layer("Linear", {"out_features": 0}, [()], lambda: nn.Linear(1, 2))
    for shapes in (((4,), (3,)), ((2, 4), (2, 3)), ((5, 2, 1), (5, 2, 3))):
        for each in product(out_features=[1, 3], bias=[True, False]):
            yield layer("Bilinear", each, list(shapes), lambda: nn.Bilinear(shapes[0][-1], shapes[1][-1], **each))
    yield layer("Bilinear", {"out_features": 2}, [(2, 4), (3, 4)], lambda: nn.Bilinear(4, 4, 2))
    for shape in ((), (4,), (2, 3)):
        for given in ({}, {"padding_idx": 2}, {"padding_idx": -1}):
            yield layer("Embedding", {"num_embeddings": 5, "embedding_dim": 3, **given}, [Input(shape, 0, 5, True)], lambda: nn.Embedding(5, 3, **given))
    yield layer("Embedding", {"num_embeddings": 5, "embedding_dim": 3}, [(4,)], lambda: nn.Embedding(5, 3))
    yield layer("Embedding", {"num_embeddings": 5, "embedding_dim": 3, "padding_idx": 5}, [Input((4,), 0, 5, True)], lambda: nn.Embedding(5, 3, padding_idx=5))
    for mode in ("sum", "mean", "max"):
        for shape in ((4,), (1,)):
            yield bag({"mode": mode}, shape)
        yield bag({"mode": mode, "padding_idx": 3}, (5,))
    yield bag({"mode": "min"}, (4,))
