"""Activations, as layers and as functions."""

import torch
from torch import nn
from torch.nn import functional as F

from record import Input, function, layer

WIDE = Input((3, 4, 5), -4, 4)

#: Layer, function, and several choices of arguments.
BOTH = [
    ("ReLU", "relu", [{}]), ("LeakyReLU", "leaky_relu", [{}, {"negative_slope": 0.3}, {"negative_slope": -0.1}]), ("ReLU6", "relu6", [{}]),
    ("ELU", "elu", [{}, {"alpha": 0.5}, {"alpha": 2.0}]), ("SELU", "selu", [{}]), ("GELU", "gelu", [{}, {"approximate": "tanh"}, {"approximate": "none"}, {"approximate": "erf"}]),
    ("SiLU", "silu", [{}]), ("Mish", "mish", [{}]), ("Sigmoid", "sigmoid", [{}]), ("Tanh", "tanh", [{}]),
    ("Softplus", "softplus", [{}, {"beta": 2.0}, {"beta": 3.0, "threshold": 1.0}]), ("Hardswish", "hardswish", [{}]),
    ("LogSigmoid", "logsigmoid", [{}]), ("CELU", "celu", [{}, {"alpha": 0.5}, {"alpha": 0.0}]), ("Softsign", "softsign", [{}]), ("Tanhshrink", "tanhshrink", [{}]),
    ("Hardshrink", "hardshrink", [{}, {"lambd": 1.5}]), ("Softshrink", "softshrink", [{}, {"lambd": 1.5}, {"lambd": -1.0}]),
    ("Threshold", "threshold", [{"threshold": 0.5, "value": -2.0}, {"threshold": -1.0, "value": 3.0}]),
    ("Hardtanh", "hardtanh", [{}, {"min_val": -2.0, "max_val": 0.5}, {"min_val": 2.0, "max_val": 1.0}]),
]

MATHEMATICAL = {
    "abs": torch.abs, "exp": torch.exp, "sin": torch.sin, "cos": torch.cos, "erf": torch.erf, "floor": torch.floor, "ceil": torch.ceil,
    "round": torch.round, "sign": torch.sign, "expm1": torch.expm1, "square": torch.square, "detach": lambda x: x.detach(),
    "step": lambda x: (x > 0) * 1.0 + 0 * x, "int": lambda x: torch.trunc(x), "float": lambda x: x,
}
POSITIVE = {"log": torch.log, "sqrt": torch.sqrt, "log1p": torch.log1p, "rsqrt": torch.rsqrt, "reciprocal": torch.reciprocal}


def cases():
    for module, name, choices in BOTH:
        for given in choices:
            for shape in (WIDE, Input((), -4, 4)):
                yield layer(module, given, [shape], lambda: getattr(nn, module)(**given))
            yield function(name, given, [WIDE], lambda x: getattr(F, name)(x, **given))
    # The derivative of PyTorch's own hardsigmoid has a sixth in single precision.
    for name in ("Hardsigmoid", "hardsigmoid"):
        yield function(name, {}, [WIDE], lambda x: F.relu6(x + 3) / 6)
    for given in ({}, {"lower": 0.1, "upper": 0.2}, {"lower": 0.4, "upper": 0.2}):
        yield layer("RReLU", given, [WIDE], lambda: nn.RReLU(**given).eval())
        yield function("rrelu", given, [WIDE], lambda x: F.rrelu(x, **given) if given.get("lower", 0) > given.get("upper", 1) else F.rrelu(x, training=False, **given))
    for name, apply in MATHEMATICAL.items():
        for shape in (WIDE, Input((), -4, 4)):
            yield function(name, {}, [shape], apply)
        yield function(name, {}, [Input((7,), -4, 4, True)], apply)
    for name, apply in POSITIVE.items():
        for shape in (Input((3, 4), 0.1, 5), Input((), 0.1, 5)):
            yield function(name, {}, [shape], apply)
        yield function(name, {}, [Input((7,), 1, 4, True)], apply)
    yield function("Sign", {}, [WIDE], torch.sign)
    yield function("Step", {}, [WIDE], MATHEMATICAL["step"])
    for shape in ((), (3,), (3, 4), (3, 4, 2)):
        for given in ({}, {"num_parameters": 3}, {"num_parameters": 3, "init": 0.5}, {"num_parameters": 4}):
            yield layer("PReLU", given, [shape], lambda: nn.PReLU(**given))
    for shape, dims in (((4,), (-1, 0, 1)), ((2, 4), (-1, 0, 1, -2)), ((3, 4), (0, 1)), ((2, 3, 4), (0, -1, 1, 2))):
        for dim in dims:
            yield layer("GLU", {"dim": dim}, [shape], lambda: nn.GLU(dim if dim < 0 else dim + 1))
            yield function("glu", {"dim": dim}, [shape], lambda x: F.glu(x, dim))
    yield layer("GLU", {}, [(4,)], lambda: nn.GLU())

