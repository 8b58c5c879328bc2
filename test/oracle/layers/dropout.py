"""Dropout with the masks that PyTorch drew, which are recorded."""

import torch
from torch import nn

from record import layer

KINDS = {
    "Dropout": [(3, 4), ()], "Dropout1d": [(3, 4)], "Dropout2d": [(3, 2, 4)], "Dropout3d": [(3, 2, 1, 4)], "AlphaDropout": [(5, 4)], "FeatureAlphaDropout": [(4, 2, 3)],
}


class DropPath(nn.Module):
    """torchvision.ops.stochastic_depth with mode "row"."""

    def __init__(self, p):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError("p is no probability")
        self.p = p

    def forward(self, x):
        noise = torch.empty([x.shape[0]] + [1] * (x.dim() - 1)).bernoulli_(1 - self.p)
        return x * (noise.div_(1 - self.p) if self.p < 1 else noise)


def mask_of(name):
    def mask(x, y):
        if "Alpha" in name:
            # What was dropped has the most frequent value.
            kept = y != y.flatten().mode().values
        else:
            kept = y != 0
        if name == "DropPath":
            return kept.flatten(1).any(1)
        return kept if name in ("Dropout", "AlphaDropout") else kept.flatten(2).any(2)
    return mask


def cases():
    for name, shapes in KINDS.items():
        for shape in shapes:
            for p in (0.0, 0.2, 0.5, 1.0, -0.1, 1.5):
                yield layer(name, {"p": p}, [shape], lambda: getattr(nn, name)(p), batch=4, mask=mask_of(name) if 0 < p < 1 else None)
            yield layer(name, {}, [shape], lambda: getattr(nn, name)(), batch=4, mask=mask_of(name))
    for p in (0.0, 0.3, 0.6, 1.0, 2.0):
        yield layer("DropPath", {"p": p}, [(2, 3)], lambda: DropPath(p), batch=5, mask=mask_of("DropPath") if 0 < p < 1 else None)
