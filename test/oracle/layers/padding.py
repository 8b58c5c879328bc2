"""Padding, by layers and by functions."""

import torch
from torch import nn
from torch.nn import functional as F

from record import function, layer

SIZES = {1: (4,), 2: (3, 4), 3: (3, 2, 4)}
PADDINGS = {1: [0, 1, [1, 2], [2, 0], 3, 4, 5, [-1, 2], [1, 1, 1]], 2: [0, 1, [1, 2, 2, 0], [3, 1, 0, 2], 3, [1, 2], [0, -1, 1, -1]], 3: [0, 1, [1, 2, 0, 1, 2, 0], [0, 0, 0, 0, 2, 2], [1, 2, 3]]}


def cases():
    for kind in ("ZeroPad", "ConstantPad", "ReflectionPad", "ReplicationPad", "CircularPad"):
        for axes, paddings in PADDINGS.items():
            name = f"{kind}{axes}d"
            for padding in paddings:
                # Only a constant can also cut; what others do with negative numbers differs between versions.
                if kind not in ("ZeroPad", "ConstantPad") and isinstance(padding, list) and min(padding) < 0:
                    continue
                given = {"padding": padding, **({"value": 0.7} if kind == "ConstantPad" else {})}
                torch_padding = padding if isinstance(padding, int) else tuple(padding)
                if isinstance(padding, list) and len(padding) != 2 * axes:
                    yield layer(name, given, [(2, *SIZES[axes])], lambda: reject(f"{len(padding)} numbers for {axes} axes"))
                else:
                    yield layer(name, given, [(2, *SIZES[axes])], lambda: getattr(nn, name)(torch_padding, *list(given.values())[1:]))
    for shape in ((4,), (2, 4), (2, 3, 4), (2, 3, 2, 4)):
        for amounts in ([1, 2], [1, 0, 0, 2], [1, 1, 2, 0, 0, 1], [-1, 1], [0, 0], [-4, 0], [1], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]):
            for mode in ("constant", "reflect", "replicate", "circular"):
                # With more numbers than written axes, PyTorch pads the batch.
                if mode != "constant" and min(amounts) < 0 or len(amounts) == 2 * len(shape) + 2:
                    continue
                given = {"pad": amounts, "mode": mode}
                case = layer("pad", given, [shape], lambda: None)
                case.run, case.make = (lambda _, x: filled(F.pad(x, amounts, mode))), None
                yield case
        yield function("pad", {"pad": [1, 2], "value": -1.5}, [shape], lambda x: F.pad(x, [1, 2], value=-1.5))
    for shape in ((5,), (2, 3), (2, 3, 4)):
        for shifts, dims in ((1, 0), (-1, 0), (7, -1), ([1, 2], [0, 1]), (2, None), (-1, None), (0, 0), ([1, 2], [0]), ([1, 1], [0, 0]), (1, 3)):
            yield function("roll", {"shifts": shifts, "dims": dims}, [shape], lambda x: torch.roll(x, shifts, dims))


def reject(message):
    raise ValueError(message)


def filled(tensor):
    if tensor.numel() == 0:
        raise ValueError("nothing is left")
    return tensor
