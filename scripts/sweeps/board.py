# SPDX-License-Identifier: MIT
"""How the trials of a sweep stand: what this process knows, renewed from the folder now and then."""

import os
import statistics
import time

from . import outcome as outcomes


class Board:
    def __init__(self, sweep, folder, points):
        self.sweep, self.folder = sweep, folder
        self.points = []
        self.trials = {}  # hash: Trial
        self.outcomes = {}  # hash: outcome
        self.looked_s = 0.0
        self.look_took_s = 0.0
        for point in points:
            self.add(point)

    def add(self, point):
        self.points.append(point)
        for trial in point.trials:
            self.trials.setdefault(trial.hash, trial)

    def refresh(self, always=False):
        """Reads the outcomes that others have written; more seldom where there is much to look at."""
        now = time.monotonic()
        if not always and now - self.looked_s < max(1.0, 20 * self.look_took_s):
            return
        for hash_ in self.trials:
            known = self.outcomes.get(hash_)
            if known is None or known["state"] == "paused":
                self.look(hash_)
        self.looked_s = time.monotonic()
        self.look_took_s = self.looked_s - now

    def look(self, hash_):
        """The outcome of one trial as the folder has it now."""
        told = self.folder.outcome(hash_)
        if told is not None:
            self.outcomes[hash_] = told
        return told

    def put(self, hash_, outcome):
        self.folder.put_outcome(hash_, outcome)
        self.outcomes[hash_] = outcome

    def is_final(self, hash_):
        outcome = self.outcomes.get(hash_)
        return outcome is not None and outcome["state"] != "paused"

    def is_judged(self, point, epoch):
        """Whether all trials of a point have got to an epoch, or never will."""
        return all(self.has_reached(trial.hash, epoch) for trial in point.trials)

    def has_reached(self, hash_, epoch):
        outcome = self.outcomes.get(hash_)
        return outcome is not None and (outcome["state"] != "paused" or outcome["epochs"] >= epoch)

    def value(self, point, epoch=None):
        """Mean objective of a point's trials in their first epochs; None where one has failed or is not there."""
        at = [outcomes.value_at(self.outcomes.get(trial.hash), epoch or 10**9, self.sweep.goal)
              if epoch else self.best(trial.hash) for trial in point.trials]
        return None if not at or None in at else statistics.fmean(at)

    def best(self, hash_):
        outcome = self.outcomes.get(hash_)
        return outcome["best"] if outcome else None

    def count(self, *states):
        return sum(1 for hash_ in self.trials if hash_ in self.outcomes and self.outcomes[hash_]["state"] in states)

    def epochs(self):
        """Epochs trained so far, by all trials."""
        return sum(self.outcomes[hash_]["epochs"] for hash_ in self.trials if hash_ in self.outcomes)

    def leader(self):
        """(value, trial) of the best trial so far, or None."""
        told = [(self.best(hash_), hash_) for hash_ in self.trials if self.best(hash_) is not None]
        if not told:
            return None
        value = (max if self.sweep.goal == "max" else min)(value for value, _ in told)
        return value, self.trials[next(hash_ for one, hash_ in told if one == value)]

    def claimed(self):
        """Trials that somebody has claimed and that are not final."""
        return [hash_ for hash_ in self.trials
                if not self.is_final(hash_) and os.path.isdir(self.folder.trial(hash_, "claim"))]
