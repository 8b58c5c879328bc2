"""Tensors from nothing, and the causal mask."""

import torch

from record import Case, function


def made(name, given, make):
    return Case(name, given, [], lambda _: torch.stack([make(), make()]))


def cases():
    for given in (
        {"start": 5}, {"start": 1, "end": 6}, {"start": 0, "end": 7, "step": 3}, {"start": 5, "end": 0, "step": -2}, {"start": 0.5, "end": 3}, {"start": 0, "end": 1, "step": 0.3}, {"start": -3, "end": 3},
        {"start": 5, "end": 1}, {"start": 0, "end": 5, "step": 0}, {"start": 0},
    ):
        yield made("arange", given, lambda: filled(torch.arange(*([given["start"]] if "end" not in given else given.values()), dtype=torch.float64)))
    for size in ([], [3], [2, 3]):
        yield made("zeros", {"size": size}, lambda: torch.zeros(size))
        yield made("ones", {"size": size}, lambda: torch.ones(size))
    for data in (3, 1.5, [1, 2, 3], [[1, 2.5], [3, 4]], [[[1]]], [[1, 2], [3]], ["a"]):
        yield made("tensor", {"data": data}, lambda: torch.tensor(data))
    for shape in ((3, 3), (2, 4), (4, 2), (2, 3, 3), (1, 1)):
        # Zeros in the masked places, since infinities cannot be projected: the mask is seen through a softmax.
        yield function("causal_mask", {}, [shape], lambda x: x.masked_fill(~torch.ones(shape[-2:], dtype=torch.bool).tril(), -torch.inf))
    yield function("causal_mask", {}, [(3,)], lambda x: x.masked_fill(~torch.ones((3, 3), dtype=torch.bool).tril(), -torch.inf).reshape(-1)[:0].reshape(0, 9, 9)[0])


def filled(tensor):
    if tensor.numel() == 0:
        raise ValueError("nothing is left")
    return tensor
