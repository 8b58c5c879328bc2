"""Records the arguments of torch.nn's layers and of torch.nn.functional's functions: names, order and defaults.

python signatures.py; it writes ../layer-signatures.json, which the tests read.
"""

import inspect
import json
import pathlib

import torch
from torch import nn
from torch.nn import functional as F


def written(callable_, skip=1):
    parameters = list(inspect.signature(callable_).parameters.values())[skip:]
    if any(each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in parameters):
        return None
    return [[each.name, "required" if each.default is each.empty else plain(each.default)] for each in parameters]


def plain(value):
    if inspect.isfunction(value):
        return value.__name__
    return list(value) if isinstance(value, tuple) else value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def main():
    layers = {}
    modules = sorted(name for name, value in vars(nn).items() if inspect.isclass(value) and issubclass(value, nn.Module))
    for name, value in vars(nn).items():
        if inspect.isclass(value) and issubclass(value, nn.Module):
            base = value.__mro__[1].__init__ if name in ("LSTM", "GRU", "RNN") else value.__init__
            found = written(base, 2 if name in ("LSTM", "GRU", "RNN") else 1)
            if found is not None:
                layers[name] = found
    functions = {}
    for name, value in vars(F).items():
        if inspect.isfunction(value) and not name.startswith("_"):
            found = written(value, 0)
            if found is not None:
                functions[name] = found
    path = pathlib.Path(__file__).parent.parent / "layer-signatures.json"
    path.write_text(json.dumps({"torch": torch.__version__, "modules": modules, "layers": layers, "functions": functions}, separators=(",", ":")).replace("]],", "]],\n") + "\n")


if __name__ == "__main__":
    main()
