# SPDX-License-Identifier: MIT
"""tpe: the next point by the tree-structured Parzen estimator of Optuna (Debian: python3-optuna).

    Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", section 4

Nothing of Optuna is kept: its study is made anew from the folder for every point, seeded by the method's
seed and the point's number, so that a sweep goes on after a kill and several sweepers may choose.
"""

import zlib

from . import plan as planning
from .trouble import Trouble

AGAIN_MOST = 30  # draws of a point that is new


def load():
    try:
        import optuna
    except ImportError as error:
        raise Trouble(f"method tpe needs Optuna: {error}\n  apt-get install python3-optuna") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


class Tpe:
    def __init__(self, board, propose):
        self.board, self.sweep, self.propose = board, board.sweep, propose
        self.optuna = load()
        self.sets = [None if group[0].is_range() else planning.choices(group) for group in self.sweep.groups]
        self.names = [group[0].key for group in self.sweep.groups]
        self.exhausted = False

    def jobs(self):
        for point in self.board.points:
            for trial in point.trials:
                if not self.board.is_final(trial.hash):
                    yield trial, 0
        while len(self.board.points) < self.sweep.method.trials and not self.exhausted:
            point = self.next_point()
            if point is None:
                return
            yield from ((trial, 0) for trial in point.trials)

    def distributions(self):
        kinds = self.optuna.distributions
        made = {}
        for name, group, sets in zip(self.names, self.sweep.groups, self.sets):
            if sets is not None:
                made[name] = kinds.CategoricalDistribution(list(range(len(sets))))
            elif group[0].values.whole:
                low, high = group[0].values.ends()
                made[name] = kinds.IntDistribution(int(low), int(high), log=group[0].values.log)
            else:
                made[name] = kinds.FloatDistribution(*group[0].values.ends(), log=group[0].values.log)
        return made

    def parameters(self, values):
        """A point as Optuna sees it."""
        told = {}
        for name, group, sets in zip(self.names, self.sweep.groups, self.sets):
            if sets is not None:
                told[name] = next(i for i, one in enumerate(sets) if all(values[key] == one[key] for key in one))
            else:
                low, high = group[0].values.ends()
                value = min(max(float(values[name]), low), high)
                told[name] = int(value) if group[0].values.whole else value
        return told

    def values(self, parameters):
        """A point as we write it."""
        parts = []
        for name, group, sets in zip(self.names, self.sweep.groups, self.sets):
            number = parameters[name]
            parts.append(sets[number] if sets is not None else {name: str(number) if group[0].values.whole else f"{number:.6g}"})
        return planning.merged(parts)

    def study(self, salt):
        """All points so far, those under way too: a sampler that knows of them does not choose beside them."""
        optuna, distributions = self.optuna, self.distributions()
        seed = zlib.crc32(f"{self.sweep.method.seed} {len(self.board.points)} {salt}".encode())
        study = optuna.create_study(direction="maximize" if self.sweep.goal == "max" else "minimize",
                                    sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True))
        states = optuna.trial.TrialState
        for point in self.board.points:
            over = all(self.board.is_final(trial.hash) for trial in point.trials)
            value = self.board.value(point) if over else None
            state = states.COMPLETE if value is not None else states.FAIL if over else states.RUNNING
            study.add_trial(optuna.trial.create_trial(state=state, value=value, params=self.parameters(point.values),
                                                      distributions=distributions))
        return study

    def next_point(self):
        """A point that is new and not left out, added to the sweep; None where somebody was faster."""
        taken = [point.values for point in self.board.points]
        for salt in range(AGAIN_MOST):
            chosen = self.values(self.study(salt).ask(self.distributions()).params)
            if chosen not in taken and not planning.is_excluded(self.sweep, chosen):
                return self.propose(chosen)
        self.exhausted = True  # lists of values, all tried
        return None

    def total(self):
        trials = len(self.board.trials)
        if self.exhausted or not self.board.points:
            return trials or self.sweep.method.trials * len(planning.repeats(self.sweep))
        return trials + (self.sweep.method.trials - len(self.board.points)) * len(planning.repeats(self.sweep))
