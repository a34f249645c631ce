# SPDX-License-Identifier: MIT
"""From axes to points, and from points to trials.

A point is one choice of values; with its repeats (seeds) it makes as many trials.  The points of a grid
are the product of the groups of axes, the first axis slowest; those of the other methods are drawn, and
the k-th draw depends on the method's seed and k alone.
"""

import itertools
import math
import random
from dataclasses import dataclass, field

from . import values
from .trouble import Trouble

GRID_MOST = 1000000
TRIES = 1000  # to draw a point that is new and not left out
CORNERS_MOST = 10000


@dataclass
class Trial:
    """One run of nnrun: a point and one choice of its repeats."""

    point: int
    repeat: dict
    overrides: list
    hash: str = ""


@dataclass
class Point:
    index: int
    values: dict
    trials: list = field(default_factory=list)


def is_excluded(sweep, chosen):
    return any(all(any(values.same(chosen[key], text) for text in texts) for key, texts in entry.items())
               for entry in sweep.exclude)


def choices(group):
    """The value sets of a group of axes that go together."""
    keys = [axis.key for axis in group]
    return [dict(zip(keys, row)) for row in zip(*(axis.texts() for axis in group))]


def merged(parts):
    return {key: text for part in parts for key, text in part.items()}


def grid(sweep):
    """All points of the grid that are not left out."""
    sets = [choices(group) for group in sweep.groups]
    size = math.prod(len(one) for one in sets)
    if size > GRID_MOST:
        raise Trouble(f"{sweep.path}: error: axes: a grid of {size} points; more than {GRID_MOST} are not planned; "
                      "take fewer values, or method random")
    return [chosen for chosen in map(merged, itertools.product(*sets)) if not is_excluded(sweep, chosen)]


def draw(sweep, generator):
    """One point at random, left-out ones too."""
    parts = []
    for group in sweep.groups:
        if group[0].is_range():
            parts.append({group[0].key: group[0].values.at(generator.random())})
        else:
            parts.append(generator.choice(choices(group)))
    return merged(parts)


def draws(sweep, count):
    """`count` points drawn; fewer where lists of values have no more that differ."""
    drawn, seen = [], set()
    for k in range(count):
        generator = random.Random(f"nnrun-sweep {sweep.method.seed} {k}")
        for _ in range(TRIES):
            chosen = draw(sweep, generator)
            if tuple(chosen.values()) not in seen and not is_excluded(sweep, chosen):
                seen.add(tuple(chosen.values()))
                drawn.append(chosen)
                break
    return drawn


def corners(sweep):
    """Points that try all values of lists and both ends of ranges: each with each where these are not too
    many, else one at a time."""
    sets = [[{group[0].key: end} for end in (group[0].values.low, group[0].values.high)]
            if group[0].is_range() else choices(group) for group in sweep.groups]
    if math.prod(len(one) for one in sets) <= CORNERS_MOST:
        made = map(merged, itertools.product(*sets))
    else:
        made = (merged([*(one[0] for one in sets), part]) for one in sets for part in one)
    return [chosen for chosen in made if not is_excluded(sweep, chosen)]


def repeats(sweep):
    """All choices of the repeats; one empty choice where there are none."""
    return [merged(parts) for parts in itertools.product(*([{axis.key: text} for text in axis.values]
                                                           for axis in sweep.repeats))]


def standing(sweep):
    """What every trial is told beside its values: nothing is expected of it, and its best epoch is that of
    the objective, so that the weights tested are those the choice was made by."""
    fixed = ["expect=[]", f"checkpoint.best={sweep.metric}"]
    if sweep.method.max_epochs:
        fixed.append(f"training.epochs={sweep.method.max_epochs}")
    return fixed


def point(sweep, index, chosen):
    """The point with its trials, whose hashes are not known yet."""
    made = Point(index, chosen)
    for repeat in repeats(sweep):
        pairs = itertools.chain(chosen.items(), repeat.items())
        made.trials.append(Trial(index, repeat, standing(sweep) + [f"{key}={text}" for key, text in pairs]))
    return made


def planned(sweep):
    """The points that are known before the first trial runs; none for tpe and ask."""
    from . import brackets

    method = sweep.method
    if method.use in ("tpe", "ask"):
        chosen = []
    elif method.use == "random" or (method.use == "asha" and method.trials):
        chosen = draws(sweep, method.trials)
    elif method.use == "hyperband":
        chosen = draws(sweep, brackets.points_needed(method))
    else:
        chosen = grid(sweep)
    if not chosen and method.use not in ("tpe", "ask"):
        raise Trouble(f"{sweep.path}: error: exclude leaves no point")
    return [point(sweep, i, one) for i, one in enumerate(chosen)]
