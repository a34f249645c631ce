# SPDX-License-Identifier: MIT
"""What comes next.  A method gives jobs - (trial, epoch to stop after, 0 for none) - in the order it would
have them run; the sweeper takes the first that nobody has claimed.  It decides from the board alone, so
that sweepers who share a folder need not talk to each other.
"""

from . import brackets
from .tpe import Tpe


class Listed:
    """grid, random and what came from outside: every trial to its end, the first repeat of all points first."""

    def __init__(self, board):
        self.board = board
        self.open, self.ordered = [], 0

    def order(self):
        most = max((len(point.trials) for point in self.board.points), default=0)
        return [point.trials[k] for k in range(most) for point in self.board.points if k < len(point.trials)]

    def jobs(self):
        if self.ordered != len(self.board.points):
            self.open, self.ordered = self.order(), len(self.board.points)
        self.open = [trial for trial in self.open if not self.board.is_final(trial.hash)]
        return ((trial, 0) for trial in self.open)

    def total(self):
        return len(self.board.trials)


class Staged:
    """asha and hyperband: the bracket's points climb its rungs, each in the best 1/eta of the one below."""

    def __init__(self, board):
        self.board = board
        self.brackets = brackets.of(board.sweep.method, len(board.points))

    def jobs(self):
        """Promotions first, the highest above all, then points not begun; a bracket waits for the one before."""
        for bracket in self.brackets:
            steps = self.ladder(bracket)
            waiting = [[point for point in members if not self.board.is_judged(point, rung)] for rung, members in steps]
            for (rung, _), points in reversed(list(zip(steps, waiting))):
                for point in points:
                    yield from ((trial, rung) for trial in point.trials if not self.board.has_reached(trial.hash, rung))
            if any(waiting):
                return

    def ladder(self, bracket):
        """[(rung, points that belong on it)]: those that have gone on stay, though later ones outdo them."""
        members, closed, steps = self.board.points[bracket.first:bracket.first + bracket.count], True, []
        for rung in bracket.rungs:
            steps.append((rung, members))
            judged = [point for point in members if self.board.is_judged(point, rung)]
            closed = closed and len(judged) == len(members)
            ranked = [(self.board.value(point, rung), point) for point in judged]
            ranked = [(value, point) for value, point in ranked if value is not None]
            ranked.sort(key=lambda pair: pair[0], reverse=self.board.sweep.goal == "max")
            most = max(len(judged) // self.board.sweep.method.eta, 1 if closed else 0)
            members = [point for i, (_, point) in enumerate(ranked) if i < most or self.has_gone_on(point, rung)]
        return steps

    def has_gone_on(self, point, rung):
        return any(self.board.outcomes[trial.hash]["epochs"] > rung for trial in point.trials)

    def total(self):
        return len(self.board.trials)


def of(board, propose):
    """The method of a sweep.  `propose`: adds a point with given values to the sweep, for tpe."""
    use = board.sweep.method.use
    if use == "tpe":
        return Tpe(board, propose)
    return Staged(board) if use in ("asha", "hyperband") else Listed(board)
