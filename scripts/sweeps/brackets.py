# SPDX-License-Identifier: MIT
"""How many epochs a trial gets before it is judged, for asha and hyperband.

    asha       Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", algorithm 2
    hyperband  Li et al. 2018, "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization",
               algorithm 1; its brackets run one after the other, each as in asha

A rung is a number of epochs.  Of the points judged at a rung the best 1/eta go on to the next.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Bracket:
    first: int  # its points are first .. first + count - 1
    count: int
    rungs: tuple  # epochs, rising; the last is all


def rungs(least, most, eta):
    """min_epochs, times eta again and again, and max_epochs."""
    made = []
    while least < most:
        made.append(least)
        least *= eta
    return tuple(made + [most])


def hyperband(method):
    """Brackets from the most daring, which judges after min_epochs, to one that runs all points whole."""
    steps = rungs(method.min_epochs, method.max_epochs, method.eta)
    s_most, made, first = len(steps) - 1, [], 0
    for s in range(s_most, -1, -1):
        count = math.ceil((s_most + 1) / (s + 1) * method.eta**s)
        made.append(Bracket(first, count, steps[s_most - s:]))
        first += count
    return made


def points_needed(method):
    return sum(bracket.count for bracket in hyperband(method))


def of(method, count):
    """The brackets that `count` points run in."""
    if method.use == "hyperband":
        return [Bracket(b.first, min(b.count, count - b.first), b.rungs) for b in hyperband(method) if b.first < count]
    return [Bracket(0, count, rungs(method.min_epochs, method.max_epochs, method.eta))]
