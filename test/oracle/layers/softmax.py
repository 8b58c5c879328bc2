"""Functions along one axis that keep its size."""

import torch
from torch import nn
from torch.nn import functional as F

from record import Input, function, layer

MODULES = {"Softmax": nn.Softmax, "LogSoftmax": nn.LogSoftmax, "Softmin": nn.Softmin}
FUNCTIONS = {"softmax": torch.softmax, "log_softmax": torch.log_softmax, "softmin": F.softmin, "cumsum": torch.cumsum}


def cases():
    for shape in ((4,), (3, 4), (2, 3, 4)):
        for dim in (0, -1, 1, -2, 3):
            # PyTorch's axis counts the batch.
            axis = dim if dim < 0 else dim + 1
            if dim >= -len(shape):
                for name, module in MODULES.items():
                    yield layer(name, {"dim": dim}, [Input(shape, -3, 3)], lambda: module(axis))
            for name, apply in FUNCTIONS.items():
                yield function(name, {"dim": dim}, [Input(shape, -3, 3)], lambda x: apply(x, dim))
        for name, module in MODULES.items():
            yield layer(name, {}, [shape], lambda: module(-1))
    yield function("cumsum", {"dim": 0}, [Input((5,), -3, 4, True)], lambda x: torch.cumsum(x, 0))
    yield function("softmax", {"dim": 0}, [Input((4,), -700, 700)], lambda x: torch.softmax(x, 0))
    yield layer("Softmax2d", {}, [(3, 2, 4)], nn.Softmax2d)
    yield layer("Softmax2d", {}, [(3, 2, 4, 2)], nn.Softmax2d)
