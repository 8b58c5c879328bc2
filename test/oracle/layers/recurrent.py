"""Recurrent layers and cells, with and without initial states."""

from torch import nn

from record import Case, product, tensors

MODULES = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
CELLS = {"RNNCell": nn.RNNCell, "LSTMCell": nn.LSTMCell, "GRUCell": nn.GRUCell}


def first(state):
    """PyTorch's states have the batch second."""
    return state.transpose(0, 1)


def recurrent(name, given, shape, states=()):
    def run(module, x, *initial):
        initial = [first(state).contiguous() for state in initial]
        state = None if not initial else tuple(initial) if name == "LSTM" else initial[0]
        output, last = module(x, state)
        return [output, *(first(each) for each in (last if name == "LSTM" else [last]))]
    return Case(name, given, tensors(shape, *states), run, lambda: MODULES[name](shape[-1], batch_first=True, **given))


def cell(name, given, shape, states=()):
    def run(module, x, *initial):
        state = None if not initial else tuple(initial) if name == "LSTMCell" else initial[0]
        result = module(x, state)
        return list(result) if name == "LSTMCell" else result
    return Case(name, given, tensors(shape, *states), run, lambda: CELLS[name](shape[-1], **given))


def cases():
    for name in MODULES:
        for each in product(hidden_size=[1, 3], num_layers=[1, 2, 3], bias=[True, False], bidirectional=[False, True]):
            rows = each["num_layers"] * (2 if each["bidirectional"] else 1)
            states = [(rows, each["hidden_size"])] * (2 if name == "LSTM" else 1)
            for shape in ((4, 2), (1, 3)):
                yield recurrent(name, each, shape)
            yield recurrent(name, each, (3, 2), states)
        yield recurrent(name, {"hidden_size": 3}, (4, 2), [(1, 2)] * (2 if name == "LSTM" else 1))
        yield recurrent(name, {"hidden_size": 3, "num_layers": 2}, (4, 2), [(1, 3)] * (2 if name == "LSTM" else 1))
        yield recurrent(name, {"hidden_size": 3, "num_layers": 0}, (4, 2))
        yield recurrent(name, {"hidden_size": 3, "dropout": 1.5}, (4, 2))
        yield recurrent(name, {"hidden_size": 3}, (2, 4, 2))
    for each in product(nonlinearity=["tanh", "relu"], num_layers=[1, 2], bidirectional=[False, True]):
        yield recurrent("RNN", {"hidden_size": 3, **each}, (4, 2))
    yield recurrent("RNN", {"hidden_size": 3, "nonlinearity": "gelu"}, (4, 2))
    for each in product(proj_size=[1, 2], num_layers=[1, 2], bidirectional=[False, True], bias=[True, False]):
        rows = each["num_layers"] * (2 if each["bidirectional"] else 1)
        yield recurrent("LSTM", {"hidden_size": 3, **each}, (4, 2))
        yield recurrent("LSTM", {"hidden_size": 3, **each}, (4, 2), [(rows, each["proj_size"]), (rows, 3)])
    yield recurrent("LSTM", {"hidden_size": 3, "proj_size": 3}, (4, 2))
    for name in CELLS:
        for each in product(hidden_size=[1, 3], bias=[True, False]):
            yield cell(name, each, (2,))
            yield cell(name, each, (4,), [(each["hidden_size"],)] * (2 if name == "LSTMCell" else 1))
        yield cell(name, {"hidden_size": 3}, (4,), [(2,)] * (2 if name == "LSTMCell" else 1))
        yield cell(name, {"hidden_size": 3}, (4, 2, 2))
    for nonlinearity in ("relu", "tanh", "sin"):
        yield cell("RNNCell", {"hidden_size": 3, "nonlinearity": nonlinearity}, (2,), [(3,)])
