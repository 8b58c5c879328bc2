"""Records what PyTorch computes for every entry of the layer catalog: python record.py [family …]

Inputs, weights and cotangents come from a formula that the tests repeat, so that only results are recorded: shapes,
a few entries, and two projections of every output and gradient on vectors of the same formula. Each family is a
module beside this one with a function cases() that yields Case objects; each is written to a JSON file of its name.
"""

import importlib
import itertools
import json
import math
import pathlib
import sys
import warnings
from dataclasses import dataclass, field
from typing import Any, Callable

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

warnings.simplefilter("ignore")
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

FAMILIES = [
    "convolution", "transposed", "pool", "average_pool", "adaptive_pool", "further_pool", "unpool", "linear", "normalization", "parametrization", "activation",
    "operators", "reduction", "softmax", "products", "layout", "join", "padding", "indexing", "resample", "dropout",
    "loss", "class_loss", "margin_loss", "loss_layer", "source", "fold", "recurrent", "attention",
]


def uniform(seed: int, count: int) -> torch.Tensor:
    """Numbers in [-1, 1): MurmurHash3's finalizer of a counter, as in test/layers/formula.ts."""
    mask = 0xFFFFFFFF
    h = (torch.arange(count, dtype=torch.int64) + 1) * 0x9E3779B1 + seed * 0x85EBCA77 & mask
    h = (h ^ h >> 16) * 0x85EBCA6B & mask
    h = (h ^ h >> 13) * 0xC2B2AE35 & mask
    h = h ^ h >> 16
    return h.to(torch.float64) / 2**31 - 1


@dataclass
class Input:
    """One tensor, without its batch: floats in [low, high), or ints."""

    shape: tuple
    low: float = -1
    high: float = 1
    ints: bool = False
    #: Ints below this number that differ within each of the last `plane` axes' planes.
    distinct: int | None = None
    plane: int = 1

    def draw(self, seed: int, batch: int | None) -> torch.Tensor:
        shape = tuple(self.shape) if batch is None else (batch, *self.shape)
        if self.distinct is not None:
            rows, count = math.prod(shape[:-self.plane]), math.prod(shape[-self.plane:])
            order = uniform(seed, rows * self.distinct).reshape(rows, self.distinct).argsort(1)
            return order[:, :count].reshape(shape)
        u = (uniform(seed, math.prod(shape)) + 1) / 2
        values = self.low + u * (self.high - self.low)
        return (torch.floor(values).to(torch.int64) if self.ints else values).reshape(shape)

    def written(self) -> Any:
        if self.distinct is not None:
            return {"shape": list(self.shape), "distinct": self.distinct, "plane": self.plane}
        if not self.ints and (self.low, self.high) == (-1, 1):
            return list(self.shape)
        return {"shape": list(self.shape), "low": self.low, "high": self.high, "ints": self.ints}


@dataclass
class Case:
    """One application. `run` gets the batched inputs, and the module that `make` made, if any."""

    name: str
    given: dict
    inputs: list
    run: Callable
    make: Callable | None = None
    batch: int = 2
    #: What is given to forward, beside tensors.
    forward: dict = field(default_factory=dict)
    #: Gives the random mask that PyTorch drew, from its inputs and outputs.
    mask: Callable | None = None
    #: Changes the module once its parameters are set.
    prepare: Callable | None = None


def tensors(*shapes) -> list:
    return [shape if isinstance(shape, Input) else Input(tuple(shape)) for shape in shapes]


def layer(name: str, given: dict, shapes: list, make: Callable, **rest) -> Case:
    """A module of torch.nn, applied to whole batches."""
    return Case(name, given, tensors(*shapes), lambda module, *x: module(*x), make, **rest)


def function(name: str, given: dict, shapes: list, run: Callable, **rest) -> Case:
    """A function, applied to one example after the other."""
    def each(_, *x):
        results = [run(*(tensor[i] for tensor in x)) for i in range(len(x[0]))]
        if isinstance(results[0], (tuple, list)):
            return [torch.stack(list(part)) for part in zip(*results)]
        return torch.stack(list(results))
    return Case(name, given, tensors(*shapes), each, **rest)


def product(**lists) -> list:
    """All combinations, as dicts."""
    return [dict(zip(lists, values)) for values in itertools.product(*lists.values())]


def projections(tensor: torch.Tensor) -> list:
    flat = tensor.detach().to(torch.float64).reshape(-1)
    return [float(flat @ uniform(seed, flat.numel())) for seed in (301, 302)]


def samples(tensor: torch.Tensor) -> list:
    flat = tensor.detach().to(torch.float64).reshape(-1)
    count = flat.numel()
    return [] if count == 0 else [float(flat[i]) for i in sorted({0, count // 2, count - 1})]


def as_list(result) -> list:
    if isinstance(result, torch.Tensor):
        return [result]
    return [tensor for part in result for tensor in as_list(part)]


def measure(case: Case) -> dict:
    module = case.make() if case.make else None
    values = [each.draw(index + 1, case.batch) for index, each in enumerate(case.inputs)]
    leaves = [value.requires_grad_() for value in values if value.is_floating_point()]
    names = []
    if module is not None:
        for index, (name, parameter) in enumerate(module.named_parameters()):
            with torch.no_grad():
                parameter.copy_(uniform(101 + index, parameter.numel()).reshape(parameter.shape) / 2)
            names.append([name, *parameter.shape])
            leaves.append(parameter)
    if case.prepare:
        case.prepare(module)
    torch.manual_seed(7)
    # The fused attention has no count.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        outputs = as_list(case.run(module, *values))
    found = {"shapes": [list(output.shape[1:]) for output in outputs]}
    if counter.get_total_flops() > 0:
        found["macs"] = counter.get_total_flops() // (2 * case.batch)
    if names:
        found["parameters"] = names
    buffers = [] if module is None else [[name, *buffer.shape] for name, buffer in module.named_buffers() if buffer.dim() > 0]
    if buffers:
        found["buffers"] = buffers
    if case.mask:
        found["mask"] = "".join(str(int(bit)) for bit in case.mask(values[0], outputs[0]).reshape(-1))
    found["values"] = [[*projections(output), *samples(output)] for output in outputs]
    total = sum((output * uniform(201 + index, output.numel()).reshape(output.shape)).sum() for index, output in enumerate(outputs))
    if isinstance(total, torch.Tensor) and total.requires_grad and leaves:
        gradients = torch.autograd.grad(total, leaves, allow_unused=True)
        found["gradients"] = [projections(torch.zeros_like(leaf) if g is None else g) for leaf, g in zip(leaves, gradients)]
    else:
        found["gradients"] = [[0.0, 0.0] for _ in leaves]
    return found


def record(case: Case) -> dict:
    line: dict = {"name": case.name, "given": case.given, "inputs": [each.written() for each in case.inputs]}
    if case.batch != 2:
        line["batch"] = case.batch
    if case.forward:
        line["forward"] = case.forward
    try:
        line.update(measure(case))
    except (RuntimeError, ValueError, IndexError, TypeError, AssertionError, ArithmeticError, NotImplementedError) as error:
        line["rejected"] = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
    return line


def plain(value: Any) -> Any:
    """JSON has no infinities."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def main() -> None:
    here = pathlib.Path(__file__).parent
    for family in sys.argv[1:] or FAMILIES:
        lines = [record(case) for case in importlib.import_module(family).cases()]
        written = ",\n".join(json.dumps(plain(line), separators=(",", ":")) for line in lines)
        path = here / f"{family}.json"
        path.write_text(f'{{"torch":"{torch.__version__}","cases":[\n{written}\n]}}\n')
        rejected = [line for line in lines if "rejected" in line]
        print(f"{family}: {len(lines)} cases, {len(rejected)} rejected, {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
