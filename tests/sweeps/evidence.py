#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/sweeps/evidence.py kills|plan|jobs|asha ...

What docs/SWEEPS.md says of sweeps, measured.  Ends with 1 where it does not hold.

kills  a sweep of 100 trials, killed 20 times at random, has the table of an unbroken one
plan   10,000 planned trials are checked and listed within a minute
jobs   two jobs do at least 1.8 times the trials an hour of one, on two cores that nobody else uses
asha   on MNIST asha finds the best of the grid within one standard deviation, for at most 40 % of its epochs
"""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
os.environ.setdefault("NNRUN_TEST_SOURCE", str(ROOT))
os.environ.setdefault("NNRUN_TEST_BINARY", str(ROOT / "build/release/nnrun"))
sys.path.insert(0, str(Path(__file__).parent))
from sweeps_case import BASE, BINARY  # noqa: E402

HUNDRED = """nnrun-sweep: 1
base: base.yaml
axes:
  training.optimizer.rate: [0.003, 0.01, 0.03, 0.1, 0.3]
  network.layers.0.units: [3, 4, 6, 9, 12]
repeats: {seed: [1, 2, 3, 4]}
run: {jobs: 2}
"""
MANY = """nnrun-sweep: 1
base: base.yaml
axes:
  training.optimizer.rate: {log: [1e-4, 1], n: 25}
  network.layers.0.units: {linear: [2, 21], whole: true, n: 20}
  training.l2: [0, 1e-4, 1e-3, 1e-2]
repeats: {seed: [1, 2, 3, 4, 5]}
"""
# Trials of some seconds each, so that what is measured is training.
DIGITS = """nnrun-sweep: 1
base: {root}/experiments/sample.yaml
axes:
  network.layers.0.units: [300]
  training.epochs: [400]
  training.optimizer.rate: [0.1, 0.2, 0.5, 1]
repeats: {{seed: [1, 2]}}
run: {{jobs: {jobs}, threads: 1}}
"""


def sweep(*words, cwd, **options):
    calls = ["--nnrun", BINARY] if words[0] == "run" else []
    return subprocess.run([str(ROOT / "scripts/sweep"), *map(str, words), *calls], cwd=cwd, capture_output=True, text=True,
                          check=options.pop("check", True), **options)


def table(folder, cwd):
    return {**json.loads(sweep("table", folder, "--json", cwd=cwd).stdout), "sweep": ""}


def outcomes(folder):
    return sum(1 for _ in folder.glob("out/trials/*/outcome.json"))


def kills(folder):
    (folder / "s.yaml").write_text(HUNDRED)
    sweep("run", "s.yaml", "--quiet", "--out", "whole", cwd=folder)
    generator, killed = random.Random(20), 0
    while killed < 20:
        process = subprocess.Popen([str(ROOT / "scripts/sweep"), "run", "s.yaml", "--quiet", "--out", "out", "--nnrun", BINARY],
                                   cwd=folder, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # By what it has done, not by a clock, so that a fast machine is killed as often as a slow one.
        enough = outcomes(folder) + generator.randint(0, 3)
        while process.poll() is None and outcomes(folder) < enough:
            time.sleep(0.002)
        time.sleep(generator.uniform(0, 0.05))
        if process.poll() is not None:
            break  # done, or failed, before it could be killed often enough
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += 1
    before = json.loads(sweep("status", "out", "--json", cwd=folder).stdout)["done"]
    sweep("run", "s.yaml", "--quiet", "--out", "out", cwd=folder)
    same = table("whole", folder) == table("out", folder)
    print(f"kills: {killed} kills, {before} of 100 trials done before the last start; the tables are {'equal' if same else 'NOT equal'}")
    return same and killed == 20


def plan(folder):
    (folder / "s.yaml").write_text(MANY)
    began = time.monotonic()
    done = sweep("run", "s.yaml", "--dry-run", cwd=folder)
    seconds, count = time.monotonic() - began, len(done.stdout.splitlines())
    print(f"plan: {count} trials checked and listed in {seconds:.1f} s")
    return count == 10000 and seconds < 60


def jobs(folder):
    """One job and two in turn, the faster of two turns each."""
    times = {1: [], 2: []}
    for turn in range(2):
        for count in (1, 2):
            (folder / f"s{count}.yaml").write_text(DIGITS.format(root=ROOT, jobs=count))
            began = time.monotonic()
            sweep("run", f"s{count}.yaml", "--quiet", "--out", f"out{count}-{turn}", cwd=folder)
            times[count].append(time.monotonic() - began)
    one, two = (8 * 3600 / min(times[count]) for count in (1, 2))
    print(f"jobs: {one:.0f} trials an hour with one job, {two:.0f} with two: {two / one:.2f} times as many")
    return two / one >= 1.8


def asha(folder):
    told = {}
    for name in ("mnist-grid", "mnist-asha"):
        sweep("run", ROOT / f"experiments/sweeps/{name}.yaml", "--quiet", "--out", folder / name, cwd=ROOT)
        told[name] = table(folder / name, ROOT), json.loads(sweep("status", folder / name, "--json", cwd=ROOT).stdout)
    (grid, whole), (found, staged) = told["mnist-grid"], told["mnist-asha"]
    best, sd, got = grid["winner"]["mean"], grid["winner"]["sd"], found["winner"]["mean"]
    share = staged["epochs"] / whole["epochs"]
    print(f"asha: {got:.5f}, the grid's best {best:.5f} +- {sd:.5f}, for {staged['epochs']} of {whole['epochs']} epochs, {share:.1%}")
    return got >= best - sd and share <= 0.4


KINDS = {"kills": kills, "plan": plan, "jobs": jobs, "asha": asha}


def main(names):
    if not names or not set(names) <= set(KINDS):
        print(__doc__.strip(), file=sys.stdout if "--help" in names else sys.stderr)
        return 0 if "--help" in names else 2
    holds = True
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "base.yaml").write_text(BASE)
            holds = KINDS[name](Path(folder)) and holds
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
