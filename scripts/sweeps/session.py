# SPDX-License-Identifier: MIT
"""A sweep that is open: its file, its folder, its plan, and how it stands."""

import os

from . import board as boards
from . import check
from . import cores
from . import folder as folders
from . import methods
from . import plan as planning
from . import program
from . import progress as progresses
from . import spec
from . import sweeper
from .trouble import Trouble

MEASURED = 3  # points that the estimate of the time is made of


def read_sweep(folder):
    """The sweep of a folder; its base need not be there."""
    origin = folder.origin()
    sweep = spec.read(folder.file("sweep.yaml"), os.path.dirname(origin["file"]), must_exist=False)
    sweep.name = origin.get("name", sweep.name)
    return sweep, origin


def points_of(sweep, lines):
    """The points of plan lines, with the hashes they were given."""
    points = {}
    for line in lines:
        point = points.get(line["point"])
        if point is None:
            point = points[line["point"]] = planning.Point(line["point"], line["values"])
        pairs = [*line["values"].items(), *line["repeat"].items()]
        overrides = planning.standing(sweep) + [f"{key}={text}" for key, text in pairs]
        point.trials.append(planning.Trial(point.index, line["repeat"], overrides, line["trial"]))
    return [points[index] for index in sorted(points)]


class Session:
    """What status, table and plot need: everything that can be read without nnrun."""

    def __init__(self, folder):
        self.folder = folder
        self.sweep, self.origin = read_sweep(folder)
        self.cwd = os.path.dirname(self.origin["file"])
        self.board = boards.Board(self.sweep, folder, points_of(self.sweep, folder.plan()))
        self.board.refresh(always=True)
        self.settle_epochs()

    def settle_epochs(self):
        """asha and hyperband know how many epochs are all from the plan, where the file leaves it to the base."""
        if self.sweep.method.use in spec.STAGED and not self.sweep.method.max_epochs:
            self.sweep.method.max_epochs = self.origin.get("max_epochs", 0)

    def method(self):
        return methods.of(self.board, self.propose)

    def checker(self):
        return check.Checker(self.sweep, self.nnrun(), self.cwd)

    def nnrun(self):
        return program.find(self.origin.get("nnrun") if os.path.isfile(self.origin.get("nnrun", "")) else None)

    def propose(self, values):
        """Adds a point with these values; None where nnrun refuses it, or another sweeper was faster."""
        self.renew()
        index = max((point.index for point in self.board.points), default=-1) + 1
        point = planning.point(self.sweep, index, values)
        self.checker().check([point])
        if any(trial.hash in self.board.trials for trial in point.trials):
            return next(one for one in self.board.points if any(t.hash == point.trials[0].hash for t in one.trials))
        if not self.folder.add_point(point):
            self.renew()
            return None
        self.board.add(point)
        return point

    def renew(self):
        """Takes up points that others have added."""
        known = {point.index for point in self.board.points}
        for point in points_of(self.sweep, self.folder.plan()):
            if point.index not in known:
                self.board.add(point)


def all_epochs(sweep, nnrun, cwd):
    """training.epochs of the base, as the first point has them."""
    chosen = (planning.corners(sweep) or [{}])[0]
    return int(program.describe(nnrun, cwd, sweep.base, planning.point(sweep, 0, chosen).trials[0].overrides)["epochs"])


def settle_stages(sweep, nnrun, cwd):
    method = sweep.method
    if method.use not in spec.STAGED or method.max_epochs:
        return
    method.max_epochs = all_epochs(sweep, nnrun, cwd)
    if method.max_epochs <= method.min_epochs:
        raise Trouble(sweep.source.at(sweep.nodes["method"], f"method.min_epochs: {method.min_epochs} is not below the "
                                      f"{method.max_epochs} epochs of {sweep.base}", "there is nothing to stop early"))


class Plan:
    """A sweep file, checked: what would be run."""

    def __init__(self, path, nnrun=None, folder=None):
        self.cwd = folder or os.path.dirname(os.path.abspath(path))
        self.sweep = spec.read(path, self.cwd)
        self.nnrun = program.find(nnrun)
        settle_stages(self.sweep, self.nnrun, self.cwd)
        self.points, self.checker, self.dropped = check.checked_plan(self.sweep, self.nnrun, self.cwd)
        settings = self.sweep.settings
        self.jobs, self.threads, self.notice = cores.share(settings.jobs, settings.threads, cores.available())

    def trials(self):
        return sum(len(point.trials) for point in self.points)

    def place(self, folder):
        """Takes the plan down in the folder; gives whether a sweep was there already."""
        origin = {"file": os.path.abspath(self.sweep.path), "base": os.path.abspath(self.sweep.base), "name": self.sweep.name,
                  "nnrun": self.nnrun, "max_epochs": self.sweep.method.max_epochs}
        there = folder.found(origin, self.sweep.source.text)
        folder.put_plan(self.points)
        return there

    def seconds(self):
        """About how long all trials take one after the other, or None where that can't be told beforehand."""
        every = max(1, len(self.points) // MEASURED)
        sample = [point for point in self.points[::every] if point.trials][:MEASURED]
        times = [program.measure(self.nnrun, self.cwd, self.sweep.base, point.trials[0].overrides, self.threads)
                 for point in sample]
        if not times or None in times:
            return None
        return sum(times) / len(times) * self.trials()

    def summary(self):
        """What is planned, in a few lines."""
        repeats = len(planning.repeats(self.sweep))
        method = self.sweep.method
        if method.use in ("tpe", "ask"):
            count = f"{method.trials} points" if method.use == "tpe" else "points from outside"
            yield f"{self.sweep.name}: {method.use}, {count}" + (f" x {repeats} repeats" if repeats > 1 else "")
        else:
            by = f" ({len(self.points)} points x {repeats} repeats)" if repeats > 1 else ""
            yield f"{self.sweep.name}: {method.use}, {self.trials()} trials{by}, all of them checked"
        if self.dropped:
            yield f"{self.dropped} of the planned trials are the same as another one and are not run again"
        for message, times in list(self.checker.warnings.items())[:5]:
            yield f"{message}" + (f"\n      in {times} trials" if times > 1 else "")
        if self.notice:
            yield self.notice

    def estimate(self):
        seconds = self.seconds() if self.points else None
        if seconds is None:
            return "how long it takes can't be told yet"
        whole = " at most" if self.sweep.method.use in spec.STAGED else ""
        span = progresses.span(seconds / self.jobs)
        return f"about {span}{whole}, {self.jobs} at a time with {self.threads} thread{'s' * (self.threads > 1)} each, by nnrun bench"


def go_on(session, jobs, threads, quiet, wait):
    """Runs what is not done; gives the exit code."""
    method = session.method()
    show = progresses.Progress(session.board, method.total, quiet)
    return sweeper.Sweeper(session.board, method, show, session.nnrun(), session.cwd, jobs, threads, wait).go(), show
