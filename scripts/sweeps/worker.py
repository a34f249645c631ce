# SPDX-License-Identifier: MIT
"""One trial being run: starts nnrun, watches it, and says what came of it."""

import fcntl
import os
import shutil
import signal
import subprocess
import time

from . import outcome as outcomes

DIVERGED, DAMAGED, INTERRUPTED, ABORTED = 5, 6, 75, 130
RETRIED = (1, DAMAGED)  # and signals; the rest would fail again in the same way
KILL_AFTER_S = 30
SLURM_TELLS_S = 5  # Slurm signals all processes of a step; told twice, nnrun would not wait for a checkpoint
REASON_LINES = 3
# glibc hands memory back to the system after each file of a run and takes it again for the next; for trials
# of a second that is most of their time.
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "200000000", "MALLOC_TOP_PAD_": "67108864"}


def is_locked(run):
    """Whether a process still writes this run: the nnrun of a sweeper that was killed."""
    try:
        with open(os.path.join(run, ".lock"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


class Worker:
    """nnrun on one trial, up to an epoch (0: to the end)."""

    def __init__(self, sweep, folder, nnrun, trial, until, cwd, threads):
        self.sweep, self.folder, self.nnrun, self.trial, self.until = sweep, folder, nnrun, trial, until
        self.cwd, self.threads = cwd, threads
        self.run = folder.run_of(trial.hash)
        self.began = time.monotonic()
        self.timed_out = False
        self.terminated = 0.0
        self.process = self.start()

    def words(self):
        until = ["--until", str(self.until)] if self.until else []
        common = ["--threads", str(self.threads), *until]
        if self.run:
            return [self.nnrun, "resume", self.run, *common]
        return [self.nnrun, "run", self.sweep.base, *self.trial.overrides, f"name={self.trial.hash}", "--out",
                self.folder.file("trials"), *common]

    def start(self):
        """In a session of its own, so that an interrupt from the keyboard reaches the sweeper alone; should the
        sweeper die, nnrun is told to stop after a checkpoint."""
        setpriv = shutil.which("setpriv")
        guard = [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
        with open(self.folder.trial(self.trial.hash, "log"), "ab") as log:
            return subprocess.Popen([*guard, *self.words()], cwd=self.cwd, stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=log, start_new_session=True, env={**KEEP_MEMORY, **os.environ})

    def seconds(self):
        return time.monotonic() - self.began

    def stop(self, at_once=False, interrupted_s=0.0):
        """Asks nnrun to stop after a checkpoint; one that does not listen is killed a while later.  `interrupted_s`:
        for how long the sweeper itself has been asked to stop."""
        if not at_once and 0 < interrupted_s < SLURM_TELLS_S and "SLURM_JOB_ID" in os.environ:
            return
        if not self.terminated:
            self.terminated = time.monotonic()
            self.process.send_signal(signal.SIGTERM)
        elif at_once or time.monotonic() - self.terminated > KILL_AFTER_S:
            self.process.kill()

    def poll(self):
        """None while it runs, else its exit code."""
        if self.sweep.settings.timeout_s and self.seconds() > self.sweep.settings.timeout_s:
            self.timed_out = True
        if self.timed_out:
            self.stop()
        return self.process.poll()

    def reason(self):
        """The last errors of the log."""
        try:
            with open(self.folder.trial(self.trial.hash, "log"), "rb") as log:
                log.seek(max(0, os.path.getsize(log.name) - 4096))
                lines = log.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        first = next((i for i in range(len(lines) - 1, -1, -1) if ": error: " in lines[i]), len(lines) - 1)
        return "\n".join(lines[max(0, first):][:REASON_LINES])

    def outcome(self):
        """What came of it: an outcome; or None where it was interrupted and can go on."""
        code = self.process.returncode
        run = self.folder.run_of(self.trial.hash)
        if code == 0 and run:
            made = outcomes.succeeded(run, self.sweep.metric, self.sweep.goal, self.folder.path)
            if made:
                return made
        if self.timed_out:
            state, reason = "timeout", f"stopped after run.timeout, {self.sweep.settings.timeout_s:g} s"
        elif code in (INTERRUPTED, ABORTED):
            return None
        elif code == 0:
            state, reason = "failed", f"nnrun ended well, yet {run or 'no run folder'} has no good results"
        else:
            state, reason = "diverged" if code == DIVERGED else "failed", self.reason()
        if code < 0 and not self.timed_out:
            reason = f"killed by signal {-code}\n{reason}"
        return {"state": state, "exit": code, "reason": reason, "run": os.path.relpath(run, self.folder.path) if run else None,
                "epochs": 0, "values": [], "best": None, "best_epoch": 0, "test": None, "seconds": self.seconds()}

    def is_retried(self):
        """Whether another try may end otherwise."""
        return not self.timed_out and (self.process.returncode < 0 or self.process.returncode in RETRIED)
