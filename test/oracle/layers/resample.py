"""Upsampling, pixel shuffles and channel shuffles."""

from torch import nn

from record import layer, product

SHAPES = {1: (2, 5), 2: (2, 3, 4), 3: (1, 2, 3, 2)}
MODES = ["nearest", "linear", "bilinear", "bicubic", "trilinear", "nearest-exact"]


def cases():
    for axes, shape in SHAPES.items():
        for mode in MODES:
            for align_corners in (None, False, True):
                for sizes in ({"scale_factor": 2}, {"scale_factor": 1.5}, {"scale_factor": 0.5}, {"scale_factor": [2, 3, 1][:axes]}, {"size": 7}, {"size": [4, 5, 3][:axes]}, {"size": 1}):
                    given = {**sizes, "mode": mode, "align_corners": align_corners}
                    torch_given = {key: tuple(map(float if key == "scale_factor" else int, value)) if isinstance(value, list) else value for key, value in given.items()}
                    yield layer("Upsample", given, [shape], lambda: nn.Upsample(**torch_given))
    for given in ({}, {"size": 4, "scale_factor": 2}, {"scale_factor": [2, 2, 2]}, {"scale_factor": 0.1}):
        yield layer("Upsample", given, [(2, 3, 4)], lambda: nn.Upsample(**given))
    for name in ("UpsamplingNearest2d", "UpsamplingBilinear2d"):
        for given in ({"scale_factor": 2}, {"scale_factor": 1.7}, {"size": 5}, {"size": [6, 3]}, {}):
            yield layer(name, given, [(2, 3, 4)], lambda: getattr(nn, name)(**given))
    yield layer("UpsamplingBilinear2d", {"scale_factor": 2}, [(2, 3, 4, 4)], lambda: nn.UpsamplingBilinear2d(scale_factor=2))
    for channels, r in ((4, 2), (8, 2), (9, 3), (3, 1), (6, 2), (18, 3)):
        yield layer("PixelShuffle", {"upscale_factor": r}, [(channels, 2, 3)], lambda: nn.PixelShuffle(r))
    yield layer("PixelShuffle", {"upscale_factor": 2}, [(2, 4, 2, 3)], lambda: nn.PixelShuffle(2))
    for size, r in (((4, 6), 2), ((3, 9), 3), ((4, 5), 2), ((3, 4), 2), ((2, 3), 1)):
        yield layer("PixelUnshuffle", {"downscale_factor": r}, [(2, *size)], lambda: nn.PixelUnshuffle(r))
    for channels, groups in ((4, 2), (6, 3), (6, 2), (6, 1), (6, 4)):
        yield layer("ChannelShuffle", {"groups": groups}, [(channels, 2, 3)], lambda: nn.ChannelShuffle(groups))
