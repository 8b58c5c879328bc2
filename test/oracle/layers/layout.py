"""Other shapes and other orders of the axes."""

import torch
from torch import nn

from record import Input, function, layer


def split_heads(x, heads):
    if x.shape[-1] % heads:
        raise ValueError("the heads do not divide the width")
    return x.unflatten(-1, (heads, -1)).transpose(-2, -3)


def cases():
    for shape in ((), (4,), (3, 4), (2, 3, 4), (2, 3, 2, 2)):
        for start, end in ((0, -1), (1, -1), (0, 1), (0, 0), (-1, -1), (1, 0), (-2, -1), (4, -1), (0, 4)):
            given = {"start_dim": start, "end_dim": end}
            for name in ("Flatten", "flatten"):
                yield function(name, given, [shape], lambda x: torch.flatten(x, start, end))
        if shape:
            yield layer("Flatten", {}, [shape], nn.Flatten)
    for shape, dim, sizes in (
        ((6,), 0, [2, 3]), ((6,), -1, [3, -1]), ((4, 6), 1, [2, 3]), ((4, 6), 0, [2, 2]), ((4, 6), 0, [-1]), ((4, 6), 1, [2, 2]), ((4, 6), 1, [4, -1]), ((4, 6), 2, [2, 3]),
        ((4, 6), 0, [1, 4, 1]),
    ):
        given = {"dim": dim, "unflattened_size": sizes}
        yield layer("Unflatten", given, [shape], lambda: nn.Unflatten(dim if dim < 0 else dim + 1, sizes))
        yield function("unflatten", given, [shape], lambda x: torch.unflatten(x, dim, sizes))
    for shape, sizes in (
        ((6,), [2, 3]), ((2, 3), [6]), ((2, 3), [3, 2]), ((2, 3, 4), [2, 12]), ((2, 3, 4), [6, -1]), ((2, 3, 4), [-1]), ((2, 3, 4), [4, 3, 2]), ((), [1]), ((1,), []),
        ((2, 3), [5]), ((2, 3), [4, -1]), ((2, 3), [-1, -1]), ((2, 3), [1, 6, 1]), ((2, 3), [0, -1]),
    ):
        for name in ("Reshape", "reshape"):
            yield function(name, {"shape": sizes}, [shape], lambda x: torch.reshape(x, sizes))
    for shape, dims in (((4,), [0]), ((3, 4), [1, 0]), ((3, 4), [0, 1]), ((2, 3, 4), [2, 0, 1]), ((2, 3, 4), [-1, 0, -2]), ((2, 3), [0, 0]), ((2, 3), [0]), ((2, 3), [0, 2]), ((), [])):
        for name in ("Permute", "permute"):
            yield function(name, {"dims": dims}, [shape], lambda x: torch.permute(x, dims))
    for shape in ((3, 4), (2, 3, 4)):
        yield function("transpose", {}, [shape], lambda x: x.mT)
        for first, second in ((0, 1), (-1, 0), (1, 1), (0, -2), (0, 3)):
            yield function("transpose", {"dim0": first, "dim1": second}, [shape], lambda x: torch.transpose(x, first, second))
    yield function("transpose", {}, [(4,)], lambda x: torch.transpose(x, -2, -1))
    for shape in ((3, 4), (2, 3, 4)):
        for dims in ([0], [1], [0, 1], [-1], [0, 0], [3]):
            yield function("flip", {"dims": dims}, [shape], lambda x: torch.flip(x, dims))
    yield function("transpose", {}, [Input((3, 4), 0, 9, True)], lambda x: x.mT)
    for shape in ((3, 4), (2, 3, 8), (1, 4)):
        for heads in (1, 2, 4, 3):
            yield function("SplitHeads", {"heads": heads}, [shape], lambda x: split_heads(x, heads))
    for shape in ((2, 3, 4), (1, 3, 2), (5, 2, 3, 4)):
        yield function("MergeHeads", {}, [shape], lambda x: x.transpose(-2, -3).flatten(-2))
    yield function("Identity", {}, [(3, 4)], lambda x: x)
    yield layer("Identity", {}, [()], nn.Identity)
    yield layer("Identity", {}, [Input((3,), 0, 9, True)], nn.Identity)
