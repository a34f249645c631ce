# SPDX-License-Identifier: MIT
"""What a trial has come to, as its run folder tells.

    {state, exit, reason, run, epochs, values, best, best_epoch, test, seconds, host}

state is done (whole), paused (stopped after a rung, may go on), failed, diverged or timeout; values has
the objective after each epoch; test is {epoch, cost, accuracy, ...} of the best epoch's weights.
"""

import os

os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")  # readers take no locks: NFS, and runs under way

FAILURES = ("failed", "diverged", "timeout")


def status_of(run):
    """(word, line) of a run's STATUS."""
    try:
        with open(os.path.join(run, "STATUS"), encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    return (lines + ["", ""])[0], (lines + ["", ""])[1]


def read_run(run, metric):
    """{epochs, values, test, seconds} of a run.h5; raises OSError or KeyError where it lacks something."""
    import h5py

    with h5py.File(os.path.join(run, "run.h5"), "r") as file:
        values = file[f"metrics/{metric.replace('.', '_', 1)}"][:]
        test = {}
        if "test" in file:
            test = {name: float(file[f"test/{name}"][()]) for name in ("cost", "accuracy") if name in file["test"]}
            test["epoch"] = int(file["test"].attrs["epoch"])
        return {"epochs": len(values), "values": [float(value) for value in values], "test": test or None,
                "seconds": float(file["metrics/seconds"][-1]) if len(values) else 0.0}


def best_of(values, goal):
    """(epoch from 1, value) of the best of some values, the first of equals; (0, None) of none."""
    if not values:
        return 0, None
    value = max(values) if goal == "max" else min(values)
    return values.index(value) + 1, value


def succeeded(run, metric, goal, root):
    """The outcome of a run that nnrun ended well, or None where STATUS or run.h5 say otherwise."""
    word, _ = status_of(run)
    try:
        told = read_run(run, metric)
    except (OSError, KeyError, ValueError):
        return None
    epoch, value = best_of(told["values"], goal)
    if value is None or word not in ("done", "interrupted"):
        return None
    return {"state": "done" if word == "done" else "paused", "exit": 0, "reason": "", "run": os.path.relpath(run, root),
            "best": value, "best_epoch": epoch, **told}


def value_at(outcome, epoch, goal):
    """The objective at its best in the first `epoch` epochs, or None where the trial has not got there."""
    if not outcome or outcome["state"] in FAILURES:
        return None
    if outcome["state"] == "paused" and outcome["epochs"] < epoch:
        return None
    return best_of(outcome["values"][:epoch], goal)[1]
