"""Joining tensors, and cutting them into lists."""

import torch

from record import Input, function


def cases():
    for shapes, dims in (
        ([(3,)], (0, -1)), ([(3,), (2,)], (0,)), ([(2, 3), (4, 3)], (0, 1)), ([(2, 3), (2, 1), (2, 2)], (1, -1, 0)), ([(2, 3, 4), (2, 5, 4)], (1, -2, 2)),
        ([(2, 3), (3,)], (0,)), ([(), ()], (0,)), ([(2,), (3,)], (1,)),
    ):
        for dim in dims:
            yield function("concat", {"dim": dim}, list(shapes), lambda *x: torch.concat(x, dim))
    yield function("concat", {}, [(1, 2), (2, 2)], lambda *x: torch.concat(x))
    yield function("concat", {}, [Input((2,), 0, 9, True), Input((3,), 0, 9, True)], lambda *x: torch.concat(x))
    for shapes in ([(3,), (3,)], [(), (), ()], [(2, 3), (2, 3)], [(2, 3), (2, 4)], [(2,), (2, 1)]):
        for dim in (0, 1, -1, -2, 3):
            yield function("stack_dims", {"dim": dim}, list(shapes), lambda *x: torch.stack(x, dim))
    for shape in ((6,), (5,), (4, 7), (2, 3, 4)):
        for dim in (0, -1, 1, 3):
            for chunks in (1, 2, 3, 4, 9):
                for name in ("chunk", "Chunk"):
                    yield function(name, {"chunks": chunks, "dim": dim}, [shape], lambda x: torch.chunk(x, chunks, dim))
            for sizes in (1, 2, 3, 9, [2, 3], [1, 5], [2, 2], [4]):
                for name in ("split", "Split"):
                    yield function(name, {"split_size_or_sections": sizes, "dim": dim}, [shape], lambda x: torch.split(x, sizes, dim))
    yield function("chunk", {"chunks": 0}, [(4,)], lambda x: torch.chunk(x, 0))
    yield function("chunk", {"chunks": 1}, [()], lambda x: torch.chunk(x, 1))
    for shape in ((), (3,), (2, 3), (2, 1, 3)):
        for given in ({"repeats": 2}, {"repeats": 1}, {"repeats": 3, "dim": 0}, {"repeats": 2, "dim": -1}, {"repeats": 2, "dim": 1}):
            if shape == () and "dim" in given:
                continue
            yield function("repeat_interleave", given, [shape], lambda x: torch.repeat_interleave(x, **given))
