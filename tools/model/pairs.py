"""Which inputs of a product are neighbours.

Kernels for AVX2 and AVX-512 without VNNI add the products of an even input and the next one in 16 bits, where 255 × 129 does
not fit: two weights of one sign may have 128 steps together, no more. Neurons, and the channels of a head, can stand in any
order, so they are paired so that few pairs are beyond that.
"""

import numpy as np

MOST = 128  # steps of a pair that pull the same way: 255 × 128 fits into 16 bits
AIMED = 122.0  # rounding needs some room
SWEEPS = 40


def paired(matrix, importance):
    """An order of the inputs of `matrix` [inputs, outputs]; `importance` of an input weighs what a clipped weight costs."""
    costs = _costs(matrix / (np.abs(matrix).max(0) / 127), importance)
    return _matched(costs).reshape(-1)


def _costs(steps, importance):
    """Of each two inputs: the squares of what is beyond, over all outputs."""
    count = len(steps)
    costs = np.zeros((count, count))
    for signed in (steps, -steps):
        positive = np.maximum(signed, 0).astype(np.float32)
        for column in positive.T:
            at = np.flatnonzero(column)
            beyond = np.maximum(column[at, None] + column[None, at] - np.float32(AIMED), 0)
            costs[np.ix_(at, at)] += beyond * beyond
    return costs * np.minimum.outer(importance, importance)


def _matched(costs):
    """Pairs [count / 2, 2] of little cost: the most expensive inputs choose first, then pairs exchange partners."""
    np.fill_diagonal(costs, np.inf)
    expensive = np.argsort(-np.where(np.isinf(costs), 0, costs).mean(1), kind="stable")
    free = np.ones(len(costs), bool)
    pairs = []
    for first in expensive:
        if not free[first]:
            continue
        free[first] = False
        second = int(np.where(free, costs[first], np.inf).argmin())
        free[second] = False
        pairs.append((first, second))
    pairs = np.array(pairs)
    for _ in range(SWEEPS):
        if not any([_exchanged(costs, pairs, at) for at in range(len(pairs))]):
            break
    return pairs


def _exchanged(costs, pairs, at):
    """Exchanges partners with the pair where that saves most; False if it saves nothing."""
    (a, b), c, d = pairs[at], pairs[:, 0], pairs[:, 1]
    now = costs[a, b] + costs[c, d]
    saved = np.stack([now - costs[a, c] - costs[b, d], now - costs[a, d] - costs[b, c]])
    saved[:, at] = 0
    way, other = np.unravel_index(saved.argmax(), saved.shape)
    if saved[way, other] <= 1e-9 * now[other]:
        return False
    partner = pairs[other, way]
    left = pairs[other, 1 - way]
    pairs[at] = a, partner
    pairs[other] = b, left
    return True
