# SPDX-License-Identifier: MIT
"""ask and tell: another program chooses the points, this one checks, runs and remembers them.

ask takes points as JSON, {"training.optimizer.rate": 0.1, ...}, and gives for each the number it is known
by; `scripts/sweep resume` runs what was asked for; tell gives what came of it, JSON a line a point.
"""

import json

from . import outcome as outcomes
from . import values
from .trouble import Trouble, suggestion

TRIES = 100  # to add a point beside others who add points


def text_of(value):
    """A JSON value as the text that a spec would have: "relu" is relu, {"use": "sgd"} is {use: sgd}."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {text_of(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(text_of, value)) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return str(value)  # numbers were left as they were written


def read_points(text):
    """The points of a text: JSON objects, one after the other or in lists."""
    decoder = json.JSONDecoder(parse_float=str, parse_int=str)
    points, rest = [], text.strip()
    while rest:
        try:
            one, end = decoder.raw_decode(rest)
        except ValueError as error:
            raise Trouble(f"ask: not JSON: {error}") from error
        points += one if isinstance(one, list) else [one]
        rest = rest[end:].lstrip()
    for one in points:
        if not isinstance(one, dict):
            raise Trouble(f'ask: a point is an object such as {{"training.optimizer.rate": 0.1}}, not {json.dumps(one)}')
    return points


def take(axis, text):
    """The value of an axis that a text means, as the sweep file writes it."""
    if axis.is_range():
        number = values.number(text)
        low, high = axis.values.ends()
        if number is None or not low <= number <= high or (axis.values.whole and number != int(number)):
            raise Trouble(f"ask: {axis.key}: {text} is not {'a whole number ' if axis.values.whole else ''}"
                          f"from {axis.values.low} to {axis.values.high}")
        return str(int(number)) if axis.values.whole else text
    found = next((own for own in axis.values if values.same(own, text)), None)
    if found is None:
        raise Trouble(f"ask: {axis.key}: {text} is not among its values\n  {suggestion(text, axis.values)}"
                      f"they are: {', '.join(axis.values)}")
    return found


def chosen(sweep, point):
    """The values of a point as the sweep has them; an axis with one value need not be named."""
    by_key = {axis.key: axis for axis in sweep.axes()}
    for key in point:
        if key not in by_key:
            raise Trouble(f'ask: "{key}" is no axis of this sweep\n  {suggestion(key, by_key)}axes are: {", ".join(by_key)}')
    made = {}
    for key, axis in by_key.items():
        if key in point:
            made[key] = take(axis, text_of(point[key]))
        elif not axis.is_range() and len(axis.values) == 1:
            made[key] = axis.values[0]
        else:
            raise Trouble(f"ask: the point says nothing of {key}")
    for group in sweep.groups:
        rows = zip(*(axis.values for axis in group)) if len(group) > 1 else []
        if len(group) > 1 and tuple(made[axis.key] for axis in group) not in set(rows):
            raise Trouble(f"ask: {', '.join(axis.key for axis in group)} go together, and not like this")
    return made


def ask(session, text):
    """Adds the points of a text; yields what to call each by."""
    for point in [chosen(session.sweep, one) for one in read_points(text)]:
        for _ in range(TRIES):
            added = session.propose(point)
            if added:
                yield {"point": added.index, "values": added.values, "trials": [trial.hash for trial in added.trials]}
                break
        else:
            raise Trouble(f"ask: {session.folder.path}: others add points faster than this one", 1)


def told(board, point):
    """What has come of a point so far: state is open, done, or failed (one of its repeats is)."""
    all_ = [board.outcomes.get(trial.hash) for trial in point.trials]
    failed = [one for one in all_ if one and one["state"] in outcomes.FAILURES]
    state = "failed" if failed else "done" if all(one and one["state"] == "done" for one in all_) else "open"
    return {"point": point.index, "values": point.values, "state": state, "value": board.value(point) if state == "done" else None,
            "repeats": [one["best"] if one else None for one in all_],
            "reason": failed[0]["reason"] if failed else ""}


def tell(session, numbers):
    """What has come of some points, or of all."""
    by_number = {str(point.index): point for point in session.board.points}
    for number in numbers:
        if number not in by_number:
            raise Trouble(f"tell: there is no point {number}; ask gives the numbers, so far {len(by_number)}")
    for number in numbers or by_number:
        yield told(session.board, by_number[number])
