# SPDX-License-Identifier: MIT
"""The loop of one sweeper: asks the method what comes next, claims it, runs it, writes what came of it."""

import selectors
import signal
import socket
import time

from . import claim as claims
from . import outcome as outcomes
from . import worker as workers
from .trouble import DONE, FAILED, INTERRUPTED

LOOK_EVERY_S = 0.5
BREAKS_MOST = 3  # times a trial may be interrupted from outside without getting on


class Sweeper:
    def __init__(self, board, method, progress, nnrun, cwd, jobs, threads, wait):
        self.board, self.method, self.progress = board, method, progress
        self.sweep, self.folder = board.sweep, board.folder
        self.nnrun, self.cwd, self.jobs, self.threads, self.wait_for_others = nnrun, cwd, jobs, threads, wait
        self.claims = claims.Claims(self.folder)
        self.workers = []
        self.tries, self.breaks = {}, {}
        self.loaded = False  # whether the data have been read once: till then one trial runs alone, the rest find its cache
        self.halted = False
        self.interrupts, self.interrupted_s = 0, 0.0
        self.touched_s = time.monotonic()
        self.selector = selectors.DefaultSelector()

    # ---- signals

    def listen(self):
        self.wake, other = socket.socketpair()
        self.wake.setblocking(False)
        other.setblocking(False)
        signal.set_wakeup_fd(other.fileno())
        self.other = other
        self.selector.register(self.wake, selectors.EVENT_READ)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.interrupt)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def interrupt(self, *_):
        self.interrupts += 1
        self.interrupted_s = self.interrupted_s or time.monotonic()

    def pause(self):
        """Till a trial ends, a signal comes, or a while has passed."""
        if self.selector.select(LOOK_EVERY_S):
            try:
                self.wake.recv(4096)
            except BlockingIOError:
                pass

    # ---- one trial

    def settled(self, trial, until):
        """The outcome that a trial's run folder has already, where a sweeper died before writing it."""
        run = self.folder.run_of(trial.hash)
        if not run or outcomes.status_of(run)[0] not in ("done", "interrupted"):
            return None
        made = outcomes.succeeded(run, self.sweep.metric, self.sweep.goal, self.folder.path)
        whole = made and (made["state"] == "done" or (until and made["epochs"] >= until))
        return made if whole else None

    def try_to_start(self, trial, until):
        """Claims a trial and starts it; False where it is somebody else's or needs nothing."""
        if not self.claims.take(trial.hash):
            return False
        told = self.board.look(trial.hash)
        if told and (told["state"] != "paused" or (until and told["epochs"] >= until)):
            self.claims.give(trial.hash)
            return False
        made = self.settled(trial, until)
        if made:
            self.board.put(trial.hash, made)
            self.progress.ended(trial, made, made["seconds"])
            self.claims.give(trial.hash)
            return False
        run = self.folder.run_of(trial.hash)
        if run and workers.is_locked(run):  # by the nnrun of a sweeper that died; it is about to stop
            self.claims.give(trial.hash)
            return False
        self.workers.append(workers.Worker(self.sweep, self.folder, self.nnrun, trial, until, self.cwd, self.threads))
        return True

    def fill(self):
        """Starts trials while there is room; gives whether any job is left open, here or elsewhere.  A method is
        asked only when there is room: tpe chooses better the more it knows."""
        jobs, is_open = self.method.jobs(), False
        while self.has_room():
            job = next(jobs, None)
            if job is None:
                return is_open
            is_open = True
            self.try_to_start(*job)
        return True

    def has_room(self):
        if not self.loaded and self.workers:
            self.loaded = any(self.folder.run_of(worker.trial.hash) for worker in self.workers)
        return not self.halted and not self.interrupts and len(self.workers) < (self.jobs if self.loaded else 1)

    def reap(self):
        for worker in list(self.workers):
            if worker.poll() is not None:
                self.workers.remove(worker)
                self.loaded = True
                self.ended(worker)
                self.claims.give(worker.trial.hash)

    def ended(self, worker):
        """Writes what came of a trial, or leaves it open."""
        outcome, trial = worker.outcome(), worker.trial
        attempt = {"exit": worker.process.returncode, "seconds": round(worker.seconds(), 3), "host": socket.gethostname(),
                   "until": worker.until, "state": outcome["state"] if outcome else "interrupted"}
        self.folder.note_attempt(trial.hash, attempt)
        if outcome is None:
            self.breaks[trial.hash] = self.breaks.get(trial.hash, 0) + (0 if self.interrupts else 1)
            if self.breaks[trial.hash] <= BREAKS_MOST:
                return
            outcome = {"state": "failed", "exit": workers.INTERRUPTED, "reason": "interrupted again and again", "run": None,
                       "epochs": 0, "values": [], "best": None, "best_epoch": 0, "test": None, "seconds": worker.seconds()}
        failed = outcome["state"] in outcomes.FAILURES
        if failed and self.interrupts > 1:
            return  # aborted, not failed
        if failed and self.may_retry(worker):
            self.progress.say(f"{trial.hash[:8]} failed, is tried again: {outcome['reason'].splitlines()[0][:200]}")
            return
        self.board.put(trial.hash, outcome)
        self.progress.ended(trial, outcome, worker.seconds())
        if failed and self.sweep.settings.stop_on_failure:
            self.halted = True

    def may_retry(self, worker):
        """Counts a failure; a run whose checkpoint is damaged begins anew, that is not counted once."""
        run = self.folder.run_of(worker.trial.hash)
        if worker.process.returncode == workers.DAMAGED and run and worker.run:
            self.folder.put_aside(run)
            return True
        tries = self.tries[worker.trial.hash] = self.tries.get(worker.trial.hash, 0) + 1
        return worker.is_retried() and tries <= self.sweep.settings.retries

    # ---- all

    def touch(self):
        if time.monotonic() - self.touched_s > claims.TOUCH_EVERY_S:
            self.claims.touch()
            self.touched_s = time.monotonic()

    def finish(self):
        """Stops what runs, each after a checkpoint."""
        while self.workers:
            if self.interrupts or self.halted:
                for worker in self.workers:
                    worker.stop(self.interrupts > 1, time.monotonic() - self.interrupted_s)
            self.pause()
            self.reap()
            self.touch()

    def go(self):
        """Till nothing is left to do; gives the exit code."""
        self.listen()
        self.board.refresh(always=True)
        while not self.interrupts and not self.halted:
            is_open = self.fill()
            if not self.workers and not self.is_worth_waiting(is_open):
                break
            self.progress.draw(len(self.workers))
            self.pause()
            self.reap()
            self.touch()
            self.board.refresh()
        self.finish()
        self.progress.clear()
        if self.interrupts:
            return INTERRUPTED
        return FAILED if self.board.count(*outcomes.FAILURES) or self.halted else DONE

    def is_worth_waiting(self, is_open):
        """With nothing to run here: whether others may leave us something."""
        self.board.refresh(always=True)
        others = [hash_ for hash_ in self.board.claimed() if hash_ not in self.claims.held]
        if not others:
            return any(True for _ in self.method.jobs())
        return self.wait_for_others
