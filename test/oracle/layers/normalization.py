"""Normalizations, in training mode."""

import torch
from torch import nn

from record import layer, product

BATCH = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
INSTANCE = {1: nn.InstanceNorm1d, 2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}
SPATIAL = {1: (5,), 2: (3, 4), 3: (2, 3, 2)}


def cases():
    for axes in (1, 2, 3):
        for each in product(affine=[True, False], track_running_stats=[True, False], eps=[1e-5, 0.1], bias=[True, False]):
            yield layer(f"BatchNorm{axes}d", each, [(3, *SPATIAL[axes])], lambda: BATCH[axes](3, **each), batch=3)
            yield layer(f"InstanceNorm{axes}d", each, [(3, *SPATIAL[axes])], lambda: INSTANCE[axes](3, **each), batch=3)
        yield layer(f"BatchNorm{axes}d", {"momentum": 0.3}, [(2, *SPATIAL[axes])], lambda: BATCH[axes](2, momentum=0.3))
        yield layer(f"BatchNorm{axes}d", {"momentum": None}, [(2, *SPATIAL[axes])], lambda: BATCH[axes](2, momentum=None))
        yield layer(f"BatchNorm{axes}d", {}, [(2, 1, 1, 1, 1)], lambda: BATCH[axes](2))
        yield layer(f"InstanceNorm{axes}d", {}, [(3, *SPATIAL[axes])], lambda: INSTANCE[axes](3))
        yield layer(f"InstanceNorm{axes}d", {}, [(3, *(1 for _ in range(axes)))], lambda: INSTANCE[axes](3))
    for each in product(affine=[True, False]):
        yield layer("BatchNorm1d", each, [(4,)], lambda: nn.BatchNorm1d(4, **each), batch=3)
    for shape, dims in (((4,), 1), ((3, 4), 1), ((3, 4), 2), ((2, 3, 4), 2), ((2, 3, 4), 3)):
        for each in product(eps=[1e-5, 0.1], elementwise_affine=[True, False], bias=[True, False]):
            yield layer("LayerNorm", {"dims": dims, **each}, [shape], lambda: nn.LayerNorm(shape[-dims:], **each))
        for each in product(eps=[None, 0.1], elementwise_affine=[True, False]):
            yield layer("RMSNorm", {"dims": dims, **each}, [shape], lambda: nn.RMSNorm(shape[-dims:], **each))
    for shape in ((4,), (4, 3), (4, 2, 3), (6, 2, 1, 2)):
        for each in product(num_groups=[1, 2, 4, 3], affine=[True, False], eps=[1e-5, 0.1], bias=[True, False]):
            yield layer("GroupNorm", each, [shape], lambda: nn.GroupNorm(each["num_groups"], shape[0], each["eps"], each["affine"], bias=each["bias"]))
    for shape in ((5, 4), (6, 2, 3), (3, 2, 2, 2)):
        for each in product(size=[1, 2, 3, 5], alpha=[1e-4, 0.5], beta=[0.75, 0.4], k=[1.0, 2.0]):
            yield layer("LocalResponseNorm", each, [shape], lambda: nn.LocalResponseNorm(**each))
    yield layer("LocalResponseNorm", {"size": 2}, [()], lambda: nn.LocalResponseNorm(2))
