"""Weight norm and spectral norm around other layers."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from record import Case, Input, product, tensors


def started(module):
    """The vectors of a spectral norm begin where ours do, with the iterations of its construction."""
    for each in module.parametrizations.values():
        power = each[0]
        if not hasattr(power, "_v"):
            continue
        size = len(power._v)
        power._v.copy_(torch.nn.functional.normalize(torch.cos(torch.arange(size).double()), dim=0, eps=power.eps))
        power._power_method(power._reshape_weight_to_matrix(each.original), 15)


LAYERS = [
    ("Linear", {"out_features": 3}, [(4,)], lambda: nn.Linear(4, 3)),
    ("Linear", {"out_features": 3, "bias": False}, [(2, 4)], lambda: nn.Linear(4, 3, bias=False)),
    ("Conv1d", {"out_channels": 4, "kernel_size": 3, "padding": 1}, [(2, 5)], lambda: nn.Conv1d(2, 4, 3, padding=1)),
    ("Conv2d", {"out_channels": 4, "kernel_size": [2, 3], "groups": 2}, [(2, 4, 5)], lambda: nn.Conv2d(2, 4, (2, 3), groups=2)),
    ("Conv3d", {"out_channels": 2, "kernel_size": 2}, [(1, 3, 3, 3)], lambda: nn.Conv3d(1, 2, 2)),
    ("ConvTranspose2d", {"out_channels": 3, "kernel_size": 2, "stride": 2}, [(2, 3, 2)], lambda: nn.ConvTranspose2d(2, 3, 2, 2)),
    ("Embedding", {"num_embeddings": 5, "embedding_dim": 3}, [Input((4,), 0, 5, True)], lambda: nn.Embedding(5, 3)),
    ("LayerNorm", {}, [(2, 5)], lambda: nn.LayerNorm(5)),
    ("PReLU", {"num_parameters": 3}, [(3, 2)], lambda: nn.PReLU(3)),
]


def wrapped(name, apply, layer, given):
    inner, arguments, shapes, make = layer
    return Case(name, {"module": [inner, arguments], **given}, tensors(*shapes), lambda module, *x: module(*x), lambda: apply(make(), **given), prepare=started)


def cases():
    for layer in LAYERS:
        for given in ({}, {"dim": 0}, {"dim": 1}, {"dim": None}, {"dim": -1}, {"dim": 7}):
            yield wrapped("WeightNorm", weight_norm, layer, given)
        for given in ({}, {"n_power_iterations": 3}, {"dim": 1}, {"dim": -1}, {"eps": 0.5}, {"n_power_iterations": 0}, {"dim": 5}):
            yield wrapped("SpectralNorm", spectral_norm, layer, given)
    for apply, name in ((weight_norm, "WeightNorm"), (spectral_norm, "SpectralNorm")):
        yield wrapped(name, apply, ("ReLU", {}, [(3,)], nn.ReLU), {})
        yield wrapped(name, apply, LAYERS[0], {"name": "bias"})
        yield wrapped(name, apply, LAYERS[0], {"name": "kernel"})
