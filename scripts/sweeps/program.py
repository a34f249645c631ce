# SPDX-License-Identifier: MIT
"""nnrun itself: where it is, and what it says of a spec before it trains."""

import json
import os
import shutil
import subprocess

from .trouble import Trouble

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def find(given=None):
    """--nnrun, else build/release/nnrun of this tree, else the nnrun in PATH."""
    candidates = [given] if given else [os.path.join(ROOT, "build/release/nnrun"), shutil.which("nnrun") or ""]
    for candidate in candidates:
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return os.path.abspath(candidate)
    raise Trouble(f"{candidates[0]}: there is no such program\n  build it with scripts/setup, or name it with --nnrun FILE")


def ask(nnrun, folder, words, text=None):
    """Runs nnrun in a folder and gives (exit code, stdout, stderr)."""
    try:
        done = subprocess.run([nnrun, *words], cwd=folder, input=text, stdin=subprocess.DEVNULL if text is None else None,
                              capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise Trouble(f"{nnrun}: can't be run: {error.strerror}") from error
    return done.returncode, done.stdout, done.stderr


def last_json(text):
    """The last line of a text that is a JSON object, or None."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            try:
                return json.loads(line)
            except ValueError:
                return None
    return None


def describe(nnrun, folder, base, overrides):
    """What `nnrun run --dry-run` says of a trial."""
    code, out, err = ask(nnrun, folder, ["run", base, *overrides, "--dry-run", "--json", "--quiet"])
    plan = last_json(out)
    if code != 0 or plan is None:
        raise Trouble(err.rstrip() or f"{nnrun} run --dry-run ended with {code}", code or 1)
    return plan


def measure(nnrun, folder, base, overrides, threads):
    """Seconds a trial should take by what `nnrun bench` measures in a moment, or None."""
    plan = describe(nnrun, folder, base, overrides)
    code, out, _ = ask(nnrun, folder, ["bench", base, *overrides, "--json", "--quiet", "--seconds", "0.1",
                                       "--threads", str(threads)])
    speed = last_json(out)
    if code != 0 or speed is None:
        return None
    try:
        epoch = plan["train"] / speed["samples_per_s"] + plan["validation"] / speed["evaluation_per_s"]
    except (KeyError, TypeError, ZeroDivisionError):
        return None
    return epoch * plan["epochs"]
