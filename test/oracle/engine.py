"""Records what PyTorch computes for each of the engine's functions: values, gradients and gradients of gradients, to 14 digits.

Run with any PyTorch 2: python test/oracle/engine.py; it writes engine.json beside itself, which the tests read.
Each case names a method of the engine's Builder and its arguments after the tensors.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
CASES = []


def tensor(shape, seed, low=-2.0, high=2.0):
    """Multiples of 1/64 that are all different where the range allows: compact, and without accidental ties."""
    count = math.prod(shape)
    grid = int((high - low) * 64)
    generator = torch.Generator().manual_seed(seed)
    if count <= grid:
        picks = torch.randperm(grid, generator=generator)[:count]
    else:
        picks = torch.randint(grid, (count,), generator=generator)
    return (low + (picks.double() + 0.5) / 64).reshape(shape)


def flat(value):
    """The entries; adding zeros gives memory to the symbolic zeros of some derivatives."""
    entries = (value + torch.zeros(value.shape)).reshape(-1).tolist()
    return [int(entry) if entry == int(entry) and abs(entry) < 2**53 else float(f"{entry:.14g}") for entry in entries]


def case(name, method, function, inputs, arguments=(), fixed=(), order=2):
    """Records f, ⟨u, f⟩'s gradient, and the gradient of ⟨v, gradient⟩; inputs whose number is in `fixed` get none."""
    leaves = [x.clone().requires_grad_(i not in fixed) for i, x in enumerate(inputs)]
    free = [x for i, x in enumerate(leaves) if i not in fixed]
    output = function(*leaves)
    record = {
        "name": name,
        "method": method,
        "arguments": list(arguments),
        "inputs": [{"shape": list(x.shape), "values": flat(x.detach())} for x in leaves],
        "fixed": list(fixed),
        "shape": list(output.shape),
        "output": flat(output.detach()),
    }
    if order >= 1:
        u = tensor(output.shape, 101)
        gradients = torch.autograd.grad((output * u).sum(), free, create_graph=True, allow_unused=True)
        gradients = [torch.zeros_like(x) if g is None else g for g, x in zip(gradients, free)]
        record["cotangent"] = flat(u)
        record["gradients"] = [flat(g.detach()) for g in gradients]
        if order >= 2:
            vs = [tensor(x.shape, 202 + i) for i, x in enumerate(free)]
            inner = sum((g * v).sum() for g, v in zip(gradients, vs))
            seconds = torch.autograd.grad(inner, free, allow_unused=True) if inner.requires_grad else [None] * len(free)
            seconds = [torch.zeros_like(x) if g is None else g for g, x in zip(seconds, free)]
            record["directions"] = [flat(v) for v in vs]
            record["seconds"] = [flat(g) for g in seconds]
    CASES.append(record)


x = tensor([2, 5], 1)
positive = tensor([2, 5], 2, 0.25, 3.0)
special = torch.tensor([-6.5, -3.0, -1.1, -0.5, -1e-9, 0.0, 1e-9, 0.3, 0.9, 1.1, 2.0, 3.5, 5.9, 7.0])

UNARY = {
    "negate": lambda t: -t, "abs": torch.abs, "exp": torch.exp, "expm1": torch.expm1, "sin": torch.sin, "cos": torch.cos,
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "erf": torch.erf, "relu": torch.relu, "sign": torch.sign,
    "floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "square": torch.square, "logSigmoid": F.logsigmoid,
    "softplus": lambda t: F.softplus(t, threshold=1e9), "step": lambda t: (t > 0).double() + 0 * t,
    "detach": lambda t: t.detach() + 0 * t,
}
for name, function in UNARY.items():
    case(name, name, function, [x])
    if name not in ("exp", "expm1"):
        case(f"{name} of special values", name, function, [special])
for name, function in {"log": torch.log, "sqrt": torch.sqrt, "reciprocal": torch.reciprocal, "log1p": torch.log1p}.items():
    case(name, name, function, [positive])
case("round of halves", "round", torch.round, [torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5])])
case("exp of special values", "exp", torch.exp, [torch.tensor([-745.0, -20.0, -1e-12, 0.0, 1e-12, 20.0, 700.0])])
case("expm1 near 0", "expm1", torch.expm1, [torch.tensor([-1e-9, -1e-3, 1e-15, 1e-6, 0.5])])
case("log1p near 0", "log1p", torch.log1p, [torch.tensor([-1e-9, -1e-3, 1e-15, 1e-6, 0.5])])

a, b = tensor([3, 4], 3), tensor([3, 4], 4)
BINARY = {"add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "maximum": torch.maximum, "minimum": torch.minimum}
for name, function in BINARY.items():
    case(name, name, function, [a, b])
    case(f"{name} with broadcasting", name, function, [tensor([2, 1, 4], 5), tensor([3, 1], 6)])
case("divide", "divide", torch.div, [a, tensor([3, 4], 7, 0.5, 2.5)])
case("divide with broadcasting", "divide", torch.div, [tensor([3], 8), tensor([2, 3], 9, 0.5, 2.5)])
case("power", "power", torch.pow, [tensor([3, 4], 10, 0.25, 3.0), b])
case("power with a whole exponent", "power", torch.pow, [a, torch.tensor(3.0)], fixed=[1])
case("power with exponent 0 at 0", "power", torch.pow, [torch.tensor([0.0, 2.0]), torch.tensor([0.0, 0.0])], fixed=[1], order=1)
tied = torch.tensor([1.0, -2.0, 0.5])
case("maximum of equals", "maximum", torch.maximum, [tied, torch.tensor([1.0, 3.0, 0.5])])
case("minimum of equals", "minimum", torch.minimum, [tied, torch.tensor([1.0, 3.0, 0.5])])
COMPARISONS = {
    "equal": torch.eq, "notEqual": torch.ne, "less": torch.lt, "lessEqual": torch.le, "greater": torch.gt, "greaterEqual": torch.ge,
}
for name, function in COMPARISONS.items():
    case(name, name, lambda s, t, f=function: f(s, t).double() + 0 * s + 0 * t, [torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 2.0, 2.0])])
case("select", "select", lambda m, s, t: torch.where(m != 0, s, t), [torch.tensor([0.0, 1.0, 0.0, 2.0]), tensor([3, 4], 11), tensor([3, 4], 12)], fixed=[0])
case("clamp", "clamp", lambda t: torch.clamp(t, -0.5, 1.0), [torch.tensor([-1.0, -0.5, 0.25, 1.0, 2.0])], [-0.5, 1.0])

t3 = tensor([2, 3, 4], 13)
for name, function in {"sum": torch.sum, "mean": torch.mean}.items():
    case(f"{name} of all", name, function, [t3])
    case(f"{name} along axes", name, lambda t, f=function: f(t, (0, 2)), [t3], [[0, 2]])
    case(f"{name} along axes, kept", name, lambda t, f=function: f(t, (1,), keepdim=True), [t3], [[1], True])
case("variance", "variance", lambda t: torch.var(t, (0, 2), correction=1, keepdim=True), [t3], [[0, 2], 1, True])
case("variance of the population", "variance", lambda t: torch.var(t, (1,), correction=0), [t3], [[1], 0])
case("max", "max", lambda t: t.max(1).values, [t3], [[1]])
case("max of equals", "max", lambda t: t.max(1).values, [torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, -1.0]])], [[1]])
case("max along two axes", "max", lambda t: t.transpose(0, 1).reshape(3, 8).max(1, keepdim=True).values.reshape(1, 3, 1), [t3], [[0, 2], True])
case("min", "min", lambda t: t.min(2, keepdim=True).values, [t3], [[2], True])
case("prod", "prod", lambda t: t.prod(1), [t3], [[1]])
case("prod with zeros", "prod", lambda t: t.prod(1), [torch.tensor([[2.0, 0.0, 3.0, 1.5, -1.0], [0.0, 0.0, 3.0, 2.0, 1.0], [1.0, 2.0, 0.5, 4.0, -3.0]])], [[1]])
case("logSumExp", "logSumExp", lambda t: torch.logsumexp(t, (0, 2)), [t3], [[0, 2]])
case("logSumExp of great values", "logSumExp", lambda t: torch.logsumexp(t, 0), [torch.tensor([1000.0, 1001.0, 999.5])], [[0]])
for axis in (0, 1, -1):
    case(f"softmax along {axis}", "softmax", lambda t, n=axis: torch.softmax(t, n), [t3], [axis])
    case(f"logSoftmax along {axis}", "logSoftmax", lambda t, n=axis: torch.log_softmax(t, n), [t3], [axis])
case("cumsum", "cumsum", lambda t: torch.cumsum(t, 1), [t3], [1])

case("reshape", "reshape", lambda t: t.reshape(4, 6), [t3], [[4, 6]])
case("broadcastTo", "broadcastTo", lambda t: t.expand(2, 3, 4), [tensor([3, 1], 14)], [[2, 3, 4]])
case("transpose", "transpose", lambda t: t.permute(2, 0, 1), [t3], [[2, 0, 1]])
case("slice", "slice", lambda t: t[0:2, 1:3, 0:4:2], [t3], [[0, 1, 0], [2, 3, 4], [1, 1, 2]])
case("slice backwards", "slice", lambda t: t.flip(1)[:, :, 3:4], [t3], [[0, 2, 3], [2, -1, 4], [1, -1, 1]])
case("pad", "pad", lambda t: F.pad(t, (1, 2, 0, 1), value=0.5), [t3], [[0, 0, 1], [0, 1, 2], 0.5])

case("matmul", "matmul", torch.matmul, [tensor([3, 4], 15), tensor([4, 2], 16)])
case("matmul of many rows", "matmul", torch.matmul, [tensor([2, 3, 4], 17), tensor([4, 2], 18)])
case("matmul with broadcasting", "matmul", torch.matmul, [tensor([2, 1, 3, 4], 19), tensor([3, 4, 2], 20)])
for left in (False, True):
    for right in (False, True):
        case(f"matrix product {left} {right}", "matrixProduct",
             lambda s, t, l=left, r=right: torch.matmul(s.mT if l else s, t.mT if r else t),
             [tensor([2, 5, 3] if left else [2, 3, 5], 21), tensor([2, 4, 5] if right else [2, 5, 4], 22)], [left, right])


def geometry(stride, before, after, dilation, groups):
    return {"stride": stride, "paddingBefore": before, "paddingAfter": after, "dilation": dilation, "groups": groups}


CONVOLUTIONS = [
    # spatial, input, weight, stride, padding, dilation, groups
    (1, [2, 3, 9], [4, 3, 3], [2], [1], [2], 1),
    (1, [1, 4, 7], [4, 2, 2], [1], [0], [1], 2),
    (2, [2, 3, 6, 5], [4, 3, 3, 2], [1, 1], [1, 0], [1, 1], 1),
    (2, [2, 4, 7, 6], [6, 2, 3, 3], [2, 1], [1, 2], [1, 2], 2),
    (2, [1, 3, 5, 5], [3, 1, 3, 3], [1, 1], [1, 1], [1, 1], 3),
    (2, [2, 3, 4, 4], [5, 3, 1, 1], [1, 1], [0, 0], [1, 1], 1),
    (3, [1, 2, 4, 5, 4], [3, 2, 2, 3, 2], [1, 2, 1], [0, 1, 1], [1, 1, 2], 1),
]
CONVOLVE = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
for spatial, xs, ws, stride, padding, dilation, groups in CONVOLUTIONS:
    case(f"convolution {xs} {ws} {stride} {padding} {dilation} {groups}", "convolution",
         lambda s, t, f=CONVOLVE[spatial]: f(s, t, None, stride, padding, dilation, groups),
         [tensor(xs, 23), tensor(ws, 24)], [geometry(stride, padding, padding, dilation, groups)])
case("convolution with uneven padding", "convolution", lambda s, t: F.conv2d(F.pad(s, (2, 1, 0, 1)), t, None, [1, 2]),
     [tensor([1, 2, 4, 6], 25), tensor([3, 2, 2, 3], 26)], [geometry([1, 2], [0, 2], [1, 1], [1, 1], 1)])
for spatial, xs, ws, stride, padding, output_padding, dilation, groups in [
    (1, [2, 3, 5], [3, 2, 3], [2], [1], [1], [1], 1),
    (2, [1, 4, 3, 4], [4, 3, 3, 2], [2, 1], [1, 0], [1, 0], [1, 2], 2),
    (2, [2, 2, 3, 3], [2, 3, 3, 3], [1, 2], [0, 1], [1, 2], [2, 3], 1),
    (3, [1, 2, 2, 3, 2], [2, 2, 2, 2, 3], [1, 2, 2], [0, 1, 1], [0, 0, 1], [1, 1, 1], 1),
]:
    case(f"convolutionTranspose {xs} {ws} {stride} {padding} {output_padding} {dilation} {groups}", "convolutionTranspose",
         lambda s, t, f=TRANSPOSED[spatial]: f(s, t, None, stride, padding, output_padding, groups, dilation),
         [tensor(xs, 27), tensor(ws, 28)], [{**geometry(stride, padding, padding, dilation, groups), "outputPadding": output_padding}])


def pooling(kernel, stride, before, after, **more):
    return {"kernel": kernel, "stride": stride, "paddingBefore": before, "paddingAfter": after, **more}


image = tensor([2, 2, 7, 6], 29)
case("maxPool", "maxPool", lambda t: F.max_pool2d(t, 2), [image], [pooling([2, 2], [2, 2], [0, 0], [0, 0])])
case("maxPool with padding and dilation", "maxPool", lambda t: F.max_pool2d(t, 3, 2, 1, 2), [image],
     [pooling([3, 3], [2, 2], [1, 1], [1, 1], dilation=[2, 2])])
case("maxPool in ceil mode", "maxPool", lambda t: F.max_pool2d(t, 2, 2, ceil_mode=True), [image], [pooling([2, 2], [2, 2], [0, 0], [1, 1])])
case("maxPool of equals", "maxPool", lambda t: F.max_pool1d(t, 2), [torch.tensor([[[1.0, 1.0, 2.0, 3.0, 0.0, 0.0]]])],
     [pooling([2], [2], [0], [0])])
case("maxPool in 3 axes", "maxPool", lambda t: F.max_pool3d(t, 2, 1), [tensor([1, 2, 3, 4, 3], 30)], [pooling([2, 2, 2], [1, 1, 1], [0, 0, 0], [0, 0, 0])])
case("averagePool", "averagePool", lambda t: F.avg_pool2d(t, 3, 2, 1), [image], [pooling([3, 3], [2, 2], [1, 1], [1, 1], divisor="window")])
case("averagePool of what is there", "averagePool", lambda t: F.avg_pool2d(t, 3, 2, 1, count_include_pad=False), [image],
     [pooling([3, 3], [2, 2], [1, 1], [1, 1], divisor="valid")])
case("averagePool by a number", "averagePool", lambda t: F.avg_pool2d(t, 2, 2, divisor_override=3), [image],
     [pooling([2, 2], [2, 2], [0, 0], [0, 0], divisor=3)])
case("averagePool in ceil mode", "averagePool", lambda t: F.avg_pool2d(t, 3, 2, 1, ceil_mode=True), [tensor([1, 2, 6, 8], 31)],
     [pooling([3, 3], [2, 2], [1, 1], [2, 2], divisor="window", countedAfter=[1, 1])])
case("averagePool in 1 axis", "averagePool", lambda t: F.avg_pool1d(t, 3, 1), [tensor([1, 2, 8], 32)], [pooling([3], [1], [0], [0], divisor="window")])
case("adaptiveAveragePool", "adaptiveAveragePool", lambda t: F.adaptive_avg_pool2d(t, (3, 4)), [image], [[3, 4]])
case("adaptiveAveragePool to one", "adaptiveAveragePool", lambda t: F.adaptive_avg_pool2d(t, 1), [image], [[1, 1]])
case("adaptiveMaxPool", "adaptiveMaxPool", lambda t: F.adaptive_max_pool2d(t, (3, 4)), [image], [[3, 4]])

case("gather", "gather", lambda t, i: F.embedding(i.long(), t), [tensor([5, 3], 33), torch.tensor([[4.0, 0.0], [4.0, 2.0]])], fixed=[1])
case("gather with a common axis", "gather", lambda t, i: torch.gather(t, 1, i.long()[..., None].expand(-1, -1, 2)),
     [tensor([2, 4, 2], 34), torch.tensor([[3.0, 0.0, 3.0], [1.0, 1.0, 2.0]])], [1], fixed=[1])
case("scatterAdd", "scatterAdd", lambda v, i: torch.zeros(4, 3).index_add(0, i.long(), v),
     [tensor([3, 3], 35), torch.tensor([1.0, 3.0, 1.0])], [4], fixed=[1])
case("pick", "pick", lambda t, i: torch.gather(t, 1, i.long()[:, None]).squeeze(1), [tensor([2, 4, 3], 36), torch.tensor([[3.0, 0.0, 1.0], [2.0, 2.0, 0.0]])], [1], fixed=[1])

target = pathlib.Path(__file__).with_name("engine.json")
lines = ",\n".join(json.dumps(record, separators=(",", ":")) for record in CASES)
target.write_text(f'{{"torch":"{torch.__version__}","cases":[\n{lines}\n]}}\n')
print(len(CASES), "cases,", target.stat().st_size, "bytes")
