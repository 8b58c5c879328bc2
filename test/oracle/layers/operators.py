"""Operators and other functions of several tensors."""

import torch

from record import Input, function

FLOATS = {
    "add": torch.add, "subtract": torch.subtract, "multiply": torch.multiply, "divide": torch.divide, "floor_divide": lambda x, y: torch.div(x, y, rounding_mode="floor"),
    "remainder": torch.remainder, "maximum": torch.maximum, "minimum": torch.minimum,
}
COMPARISONS = {
    "eq": torch.eq, "ne": torch.ne, "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge,
    "logical_and": torch.logical_and, "logical_or": torch.logical_or,
}
SHAPES = [
    ((), ()), ((4,), (4,)), ((3, 4), (4,)), ((4,), (3, 4)), ((3, 1), (1, 4)), ((2, 3, 4), (3, 1)), ((2, 3, 4), ()), ((1,), (5,)), ((2, 1, 4), (3, 1)),
    ((3, 4), (3,)), ((2, 3), (3, 2)),
]


def cases():
    for a, b in SHAPES:
        for name, apply in FLOATS.items():
            yield function(name, {}, [Input(a, -2, 2), Input(b, 0.3, 2)], apply)
            yield function(name, {}, [Input(a, -9, 9, True), Input(b, 1, 5, True)], apply)
        yield function("power", {}, [Input(a, 0.1, 2), Input(b, -2, 2)], torch.pow)
        for name, apply in COMPARISONS.items():
            yield function(name, {}, [Input(a, -2, 2), Input(b, -2, 2)], lambda x, y: apply(x, y).double())
            yield function(name, {}, [Input(a, 0, 3, True), Input(b, 0, 3, True)], lambda x, y: apply(x, y).double())
        yield function("where", {}, [Input(a, 0, 2, True), Input(b, -1, 1), Input((), -1, 1)], lambda c, x, y: torch.where(c != 0, x, y))
        yield function("where", {}, [Input((), 0, 2, True), a, b], lambda c, x, y: torch.where(c != 0, x, y))
    for shape in ((), (4,), (2, 3)):
        yield function("negative", {}, [shape], torch.negative)
        yield function("negative", {}, [Input(shape, -4, 4, True)], torch.negative)
        yield function("logical_not", {}, [Input(shape, 0, 2, True)], lambda x: torch.logical_not(x).double())
        for given in ({"min": -0.5, "max": 0.5}, {"min": 0.1}, {"max": 0.1}, {"min": 0.5, "max": -0.5}, {"min": None, "max": None}):
            yield function("clamp", given, [shape], lambda x: torch.clamp(x, **given))
        yield function("clamp", {"min": -1, "max": 2}, [Input(shape, -4, 4, True)], lambda x: torch.clamp(x, -1, 2))
