# SPDX-License-Identifier: MIT
"""Asks nnrun about every trial before the first is run, by `nnrun check --each`: whether it is right, and
what its identity is.  A mistake is told at the place in the sweep file that it was written at."""

import json
import re
from collections import Counter

from . import plan as planning
from . import program
from .trouble import Trouble

ARGUMENT = re.compile(r"argument (\d+):(\d+): (error|warning): (.*)")
PROBES = 20
TOLD_MOST = 20


class Checker:
    """nnrun, and the sweep whose trials it is asked about."""

    def __init__(self, sweep, nnrun, folder):
        self.sweep, self.nnrun, self.folder = sweep, nnrun, folder
        self.by_key = {axis.key: axis for axis in sweep.axes() + sweep.repeats}
        self.warnings = Counter()

    def answers(self, sets):
        """What nnrun says of each list of overrides: [{hash, errors, warnings, text}]."""
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in sets)
        code, out, err = program.ask(self.nnrun, self.folder, ["check", self.sweep.base, "--each", "-", "--json", "--quiet"], text)
        try:
            told = [json.loads(line) for line in out.splitlines()]
        except ValueError:
            told = []
        if len(told) != len(sets):
            raise Trouble(err.rstrip() or f"{self.nnrun} check --each answered {len(told)} of {len(sets)} sets, exit {code}",
                          code or 1)
        return told

    def place(self, trial, argument, column):
        """(node, what to add) of an argument of a trial: the place it was written at, and the argument itself
        where it does not stand there."""
        override = trial.overrides[argument - 1]
        key, _, text = override.partition("=")
        axis, nodes = self.by_key.get(key), self.sweep.nodes
        if axis is not None:
            at_key = column <= len(key)
            return axis.node if at_key else axis.place(text), "" if at_key or not axis.is_range() else f" (by {override})"
        if key == "checkpoint.best":
            return nodes["objective.metric"] or nodes["root"], ""
        return nodes["method" if key == "training.epochs" else "base"], f" (by {override})"

    def translate(self, trial, text):
        """The messages of one trial: (severity, message as of the sweep file)."""
        blocks = re.split(r"\n(?=\S)", text.rstrip("\n"))
        for block in blocks:
            found = ARGUMENT.match(block)
            if not found or int(found[1]) > len(trial.overrides):
                yield ("error" if ": error: " in block or not block else "warning"), block
                continue
            lines = block.splitlines()
            hint = re.sub(r"^ *\| *\^~* ?", "", lines[2]) if len(lines) > 2 else ""
            node, more = self.place(trial, int(found[1]), int(found[2]))
            yield found[3], self.sweep.source.at(node, found[4] + more, hint).replace(": error: ", f": {found[3]}: ", 1)

    def check(self, points):
        """Gives every trial its hash, or raises the mistakes, each once."""
        trials = [trial for point in points for trial in point.trials]
        told = self.answers([trial.overrides for trial in trials])
        errors, firsts = Counter(), {}
        for trial, answer in zip(trials, told):
            trial.hash = answer["hash"] or ""
            for severity, message in self.translate(trial, answer["text"]) if answer["text"] else ():
                (errors if severity == "error" else self.warnings)[message] += 1
                firsts.setdefault(message, points[trial.point - points[0].index].values)
        if errors:
            raise Trouble("\n".join(self.refusals(errors, firsts, len(trials))))

    def refusals(self, errors, firsts, count):
        for message, times in list(errors.items())[:TOLD_MOST]:
            yield message
            if times < count and len(firsts[message]) > 1:
                chosen = ", ".join(f"{key}={text}" for key, text in firsts[message].items())
                yield f"      in {times} of {count} trials, first with {chosen}"
        if len(errors) > TOLD_MOST:
            yield f"and {len(errors) - TOLD_MOST} more mistakes"

    def used(self, points):
        """Raises where an axis changes nothing: whatever it is, the trial stays the same."""
        probes, asked = [], []
        for axis in self.sweep.axes() + self.sweep.repeats:
            texts = [axis.values.low, axis.values.high] if axis.is_range() else axis.texts()
            for point in points[:PROBES] if len(texts) > 1 else []:
                now = point.values.get(axis.key, texts[0])
                other = next((text for text in reversed(texts) if text != now), None)
                for chosen in (now, other):
                    asked.append(self.varied(point, axis.key, chosen))
                probes.append(axis)
        answers = self.answers(asked) if asked else []
        differ = {}
        for i, axis in enumerate(probes):
            one, two = answers[2 * i]["hash"], answers[2 * i + 1]["hash"]
            differ[axis.key] = differ.get(axis.key, False) or one is None or one != two
        for axis in self.by_key.values():
            if not differ.get(axis.key, True):
                self.sweep.source.wrong(axis.node, f"{axis.key} changes nothing: no component uses it",
                                        "every value gives the same trial; leave this axis out")
        self.sweep.source.settle()

    def varied(self, point, key, text):
        """The overrides of a point's first trial with one axis changed."""
        return [f"{key}={text}" if override.partition("=")[0] == key else override
                for override in point.trials[0].overrides]


def distinct(points):
    """Drops trials that another point has already; gives how many."""
    seen, dropped = set(), 0
    for point in points:
        kept = [trial for trial in point.trials if trial.hash not in seen]
        dropped += len(point.trials) - len(kept)
        seen.update(trial.hash for trial in kept)
        point.trials = kept
    points[:] = [point for point in points if point.trials]
    return dropped


def checked_plan(sweep, nnrun, folder):
    """(points, checker, dropped): the plan with its hashes.  Where values are drawn from ranges, the corners of
    what may be drawn are checked too."""
    checker = Checker(sweep, nnrun, folder)
    points = planning.planned(sweep)
    tried = list(points)
    if not points or any(axis.is_range() for axis in sweep.axes()):
        tried += [planning.point(sweep, len(points) + i, one) for i, one in enumerate(planning.corners(sweep))]
    checker.check(tried)
    checker.used(tried)
    return points, checker, distinct(points)
