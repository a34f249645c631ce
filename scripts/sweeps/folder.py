# SPDX-License-Identifier: MIT
"""The folder of a sweep, the only thing that sweepers share.

    sweep.yaml            the sweep file as it was given
    sweep.json            where it came from, and the base
    plan.jsonl            a line a trial: hash, point, values, repeat
    points/000012.json    the same of a point that was chosen on the way (tpe, ask)
    trials/HASH/          one trial: claim/ while somebody runs it, log, attempts.jsonl,
                          outcome.json once it has come to something, and its run folder

Files are written aside and renamed, so a reader and a kill at any moment find whole ones.
"""

import json
import os
import re
import shutil

from .trouble import Trouble

OURS = re.compile(r"(sweep\.yaml|sweep\.json|plan\.jsonl)(\.tmp-.*)?$|trials$|points$")
RUN = re.compile(r"[0-9]{8}T[0-9]{6}Z-s")


def write(path, text, new=False):
    """Puts a whole file in its place; with `new` only where none is there, and says whether it did."""
    aside = f"{path}.tmp-{os.uname().nodename}-{os.getpid()}"
    with open(aside, "w", encoding="utf-8") as file:
        file.write(text)
    if not new:
        os.replace(aside, path)
        return True
    try:
        os.link(aside, path)
        return True
    except FileExistsError:
        return False
    finally:
        os.unlink(aside)


def read_json(path):
    """What a JSON file holds, or None where there is none or it can't be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def line_of(point, trial):
    return {"trial": trial.hash, "point": point.index, "values": point.values, "repeat": trial.repeat}


class Folder:
    def __init__(self, path):
        self.path = os.path.abspath(path)

    def file(self, *names):
        return os.path.join(self.path, *names)

    def trial(self, hash_, *names):
        return os.path.join(self.path, "trials", hash_, *names)

    def found(self, origin, text):
        """Makes the folder, or renews what it says of the sweep.  Gives whether it was there already."""
        there = os.path.exists(self.file("sweep.json"))
        if not there and os.path.isdir(self.path) and any(not OURS.match(name) for name in os.listdir(self.path)):
            raise Trouble(f"{self.path}: holds something that is no sweep; name another folder with --out DIR")
        try:
            os.makedirs(self.file("trials"), exist_ok=True)
            os.makedirs(self.file("points"), exist_ok=True)
            write(self.file("sweep.yaml"), text)
            write(self.file("sweep.json"), json.dumps(origin, indent=1) + "\n")
        except OSError as error:
            raise Trouble(f"{self.path}: can't be written: {error.strerror}", 1) from error
        return there

    def origin(self):
        origin = read_json(self.file("sweep.json"))
        if not isinstance(origin, dict) or "file" not in origin:
            raise Trouble(f"{self.path}: no sweep lies here; start one with scripts/sweep run FILE")
        return origin

    def put_plan(self, points):
        lines = [json.dumps(line_of(point, trial), ensure_ascii=False) for point in points for trial in point.trials]
        write(self.file("plan.jsonl"), "".join(line + "\n" for line in lines))

    def plan(self):
        """The lines of plan.jsonl and of the points chosen on the way, in order of points."""
        try:
            with open(self.file("plan.jsonl"), encoding="utf-8") as file:
                lines = [json.loads(line) for line in file]
        except FileNotFoundError:
            lines = []
        except ValueError as error:
            raise Trouble(f"{self.file('plan.jsonl')}: damaged: {error}; scripts/sweep run FILE writes it anew", 1) from error
        names = sorted(os.listdir(self.file("points"))) if os.path.isdir(self.file("points")) else []
        for name in names:
            lines += (read_json(self.file("points", name)) or []) if name.endswith(".json") else []
        return lines

    def add_point(self, point):
        """Adds a chosen point; False where another sweeper has just added one of this number."""
        lines = [line_of(point, trial) for trial in point.trials]
        return write(self.file("points", f"{point.index:06}.json"), json.dumps(lines, ensure_ascii=False) + "\n", new=True)

    def outcome(self, hash_):
        return read_json(self.trial(hash_, "outcome.json"))

    def put_outcome(self, hash_, outcome):
        write(self.trial(hash_, "outcome.json"), json.dumps(outcome) + "\n")

    def forget(self, hash_):
        """A failed trial may be tried again: its outcome is put aside, its log stays."""
        path = self.trial(hash_, "outcome.json")
        if os.path.exists(path):
            os.replace(path, self.trial(hash_, "outcome.failed.json"))

    def note_attempt(self, hash_, attempt):
        with open(self.trial(hash_, "attempts.jsonl"), "a", encoding="utf-8") as file:
            file.write(json.dumps(attempt) + "\n")

    def run_of(self, hash_):
        """The newest run folder of a trial that has said what it is, or None."""
        folder = self.trial(hash_)
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        runs = [os.path.join(folder, name) for name in names if RUN.match(name)]
        runs = [run for run in runs if os.path.isfile(os.path.join(run, "spec.resolved.yaml"))]
        return runs[-1] if runs else None

    def put_aside(self, run):
        """Keeps a run that can't be gone on with under a name that no run has."""
        head, tail = os.path.split(run)
        target = os.path.join(head, f"damaged-{tail}")
        shutil.rmtree(target, ignore_errors=True)
        os.rename(run, target)
