"""Indices between brackets, and one_hot."""

import torch
from torch.nn import functional as F

from record import Input, function


def parse(item, tensors):
    if item == "ellipsis":
        return ...
    if item == "newaxis":
        return None
    if "integer" in item:
        return item["integer"]
    return slice(*item["slice"]) if "slice" in item else tensors[item["tensor"] - 1]


def indexed(items, shapes):
    def run(x, *tensors):
        result = x[tuple(parse(item, tensors) for item in items)]
        # Empty tensors have no place in a network.
        if result.numel() == 0:
            raise ValueError("nothing is left")
        return result
    return function("index", {"items": items}, shapes, run)


def at(i):
    return {"integer": i}


def sl(*bounds):
    return {"slice": list(bounds)}


ALL = sl(None, None, None)


def cases():
    for start in (None, 0, 1, 3, 5, 7, -1, -2, -7):
        for stop in (None, 0, 2, 5, 9, -1, -3):
            for step in (None, 1, 2, 3):
                yield indexed([sl(start, stop, step)], [(5,)])
    for step in (0, -1):
        yield indexed([sl(None, None, step)], [(5,)])
    for i in (0, 2, 4, -1, -5, 5, -6):
        yield indexed([at(i)], [(5,)])
        yield indexed([ALL, at(i)], [(2, 5, 3)])
    for items in (
        [ALL], ["ellipsis"], ["newaxis"], ["ellipsis", at(0)], [at(1), "ellipsis", at(-1)], ["ellipsis", sl(None, None, 2)], [at(0), at(1), at(2)], ["newaxis", at(0), "newaxis"],
        [ALL, "newaxis", sl(1, None, None)], ["ellipsis", "newaxis"], [sl(0, 1, None), sl(None, -1, None), sl(1, 3, None)], [at(0), at(0), at(0), at(0)],
        ["newaxis", "ellipsis", "newaxis"], [sl(None, None, 2), at(-1), sl(None, None, 3)],
    ):
        yield indexed(items, [(2, 3, 4)])
    ids = Input((5,), 0, 3, True)
    grid = Input((2, 2), 0, 3, True)
    negative = Input((4,), -3, 0, True)
    one = Input((), 0, 3, True)
    tensor = lambda k: {"tensor": k}
    for items, indices in (
        ([tensor(1)], [ids]), ([tensor(1)], [grid]), ([tensor(1)], [negative]), ([tensor(1)], [one]), ([ALL, tensor(1)], [ids]), ([ALL, ALL, tensor(1)], [grid]), ([at(1), tensor(1)], [ids]),
        ([tensor(1), at(1)], [ids]), ([ALL, tensor(1), at(1)], [ids]), ([tensor(1), tensor(2)], [ids, ids]), ([tensor(1), ALL, tensor(2)], [ids, ids]), ([tensor(1), tensor(2)], [grid, one]),
        ([tensor(1), tensor(2)], [grid, Input((2,), 0, 3, True)]), ([tensor(1), tensor(2), tensor(3)], [ids, ids, ids]), (["newaxis", tensor(1)], [ids]), ([tensor(1), "newaxis"], [ids]),
        (["ellipsis", tensor(1)], [ids]), ([sl(1, None, None), tensor(1), sl(None, None, 2)], [grid]), ([tensor(1), tensor(2)], [ids, Input((4,), 0, 3, True)]), ([tensor(1)], [Input((3,), 0, 1)]),
        ([ALL, tensor(1), tensor(2)], [ids, ids]), ([tensor(1), "newaxis", tensor(2)], [ids, ids]),
    ):
        yield indexed(items, [(3, 3, 3), *indices])
    yield indexed([tensor(1)], [Input((3, 2), 0, 9, True), ids])
    for shape in ((), (4,), (2, 3)):
        yield function("one_hot", {"num_classes": 4}, [Input(shape, 0, 4, True)], lambda x: F.one_hot(x, 4).double())
    yield function("one_hot", {"num_classes": 4}, [(4,)], lambda x: F.one_hot(x, 4))
    yield function("one_hot", {"num_classes": 0}, [Input((4,), 0, 4, True)], lambda x: F.one_hot(x, 0))
