# SPDX-License-Identifier: MIT
"""How a sweep gets on: a line a trial, and where stderr is a terminal one line below that is drawn anew."""

import os
import shutil
import sys
import time


def span(seconds):
    """A time for people: 4.2 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60):02} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02} min"


def brief(values):
    """The values of a point in few words: the last part of each key."""
    return " ".join(f"{key.rpartition('.')[2]}={text}" for key, text in values.items())


class Progress:
    def __init__(self, board, total, quiet):
        self.board, self.total, self.quiet = board, total, quiet
        self.live = not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.began, self.at_start = time.monotonic(), board.count("done", "failed", "diverged", "timeout")
        self.drawn_s = 0.0
        self.shown = False

    def say(self, text):
        if not self.quiet:
            self.clear()
            print(f"sweep: {text}", file=sys.stderr, flush=True)

    def clear(self):
        if self.live and self.shown:
            sys.stderr.write("\r\033[K")
            self.shown = False

    def counts(self):
        done, failed = self.board.count("done"), self.board.count("failed", "diverged", "timeout")
        return done, failed, self.board.count("paused")

    def ended(self, trial, outcome, seconds):
        """One trial has come to something."""
        done, failed, _ = self.counts()
        what = outcome["state"]
        if outcome["best"] is not None:
            what += f"  {self.board.sweep.metric} {outcome['best']:.6g} in epoch {outcome['best_epoch']} of {outcome['epochs']}"
        point = next(point for point in self.board.points if point.index == trial.point)
        chosen = brief({**point.values, **trial.repeat})
        self.say(f"{done + failed}/{self.total()}  {trial.hash[:8]}  {what}, {span(seconds)}  {chosen}")
        if outcome["reason"]:
            for line in outcome["reason"].splitlines():
                self.say(f"    {line}")

    def left(self):
        """Seconds that remain, by those that have ended since the start; None before the first."""
        done, failed, _ = self.counts()
        ended = done + failed - self.at_start
        if ended <= 0:
            return None
        return (time.monotonic() - self.began) / ended * max(0, self.total() - done - failed)

    def line(self, running):
        done, failed, paused = self.counts()
        parts = [f"{done + failed}/{self.total()} ended", f"{running} running"]
        if failed:
            parts.append(f"{failed} failed")
        if paused:
            parts.append(f"{paused} stopped early, {self.board.epochs()} epochs")
        leader = self.board.leader()
        if leader:
            parts.append(f"best {leader[0]:.6g}")
        left = self.left()
        if left is not None and not paused:
            parts.append(f"about {span(left)} left")
        return ", ".join(parts)

    def draw(self, running):
        """The line at the bottom, a few times a second."""
        now = time.monotonic()
        if self.live and now - self.drawn_s > 0.2:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r\033[K" + self.line(running)[:width])
            sys.stderr.flush()
            self.drawn_s, self.shown = now, True
