"""Matrix products, dot products and Einstein sums."""

import torch

from record import Input, function

MATMUL = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4)), ((2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 1)),
    ((2, 1, 2, 3), (4, 3, 2)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)), ((1, 1), (1, 1)),
    ((2, 3), (4, 3)), ((3,), (4,)), ((), (3,)), ((3,), ()), ((2, 2, 3), (3, 3, 2)),
]
EINSUM = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("i,i->", (3,), (3,)), ("i,j->ij", (3,), (4,)), ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)),
    ("ij->ji", (2, 3)), ("ij->i", (2, 3)), ("ij->", (2, 3)), ("ii->i", (3, 3)), ("ii->", (3, 3)), ("ii", (3, 3)), ("iij->ij", (2, 2, 3)),
    ("hqd,hkd->hqk", (2, 3, 4), (2, 5, 4)), ("hqk,hkd->qhd", (2, 3, 5), (2, 5, 4)), ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), ("i,i,i->i", (3,), (3,), (3,)),
    ("ij,kl->jl", (2, 3), (4, 5)), ("ij,ij->ij", (2, 3), (2, 3)), ("ij,ij->", (2, 3), (2, 3)), ("bi,oij,bj->bo", (2, 3), (4, 3, 5), (2, 5)),
    ("ba", (2, 3)), ("ij , jk -> ik", (2, 3), (3, 4)), ("ij,jk->ik", (2, 1), (3, 4)), (",i->i", (), (3,)), ("aA->Aa", (2, 3)),
    ("ij,jk->ik", (2, 3), (4, 4)), ("ij,jk->il", (2, 3), (3, 4)), ("ij->ij", (2,)), ("ij,jk->ik", (2, 3)), ("ij->ijj", (2, 3)), ("i1->i", (2, 3)), ("i->i->i", (2,)),
]


def cases():
    for a, b in MATMUL:
        yield function("matmul", {}, [a, b], torch.matmul)
        yield function("matmul", {}, [Input(a, -3, 4, True), Input(b, -3, 4, True)], torch.matmul)
    for a, b in (((4,), (4,)), ((1,), (1,)), ((3,), (4,)), ((2, 2), (2, 2))):
        yield function("dot", {}, [a, b], torch.dot)
    for equation, *shapes in EINSUM:
        yield function("einsum", {"equation": equation}, list(shapes), lambda *x: torch.einsum(equation, *x))
