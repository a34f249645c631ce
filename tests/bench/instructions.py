#!/usr/bin/env python3
"""tests/bench/instructions.py STEPS PLUGINS ACCEPTED [--accept]

Holds the instructions of a fixed amount of training (tests/bench/steps.c, counted by callgrind inside
nn_engine_train()) against the accepted ones, within 3 %: a slower engine is noticed without a clock.
Counts belong to a compiler: with another, or in a build without optimisation, the test is skipped
(77).  --accept writes what is counted now."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ALLOWED = 0.03
SKIPPED = 77


def count(steps, plugins, work):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=nn_engine_train",
             "--callgrind-out-file=" + os.path.join(folder, "out"), steps, work, plugins],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"LC_ALL": "C", "PATH": os.environ["PATH"]})
    if run.returncode != 0:
        sys.exit("%s failed:\n%s" % (work, run.stderr))
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def main():
    steps, plugins, accepted = sys.argv[1:4]
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed")
        return SKIPPED
    if "avx2" not in open("/proc/cpuinfo").read():
        print("skipped: this processor has no AVX2")
        return SKIPPED
    compiler, optimised = os.environ["NNRUN_TEST_COMPILER"], os.environ["NNRUN_TEST_BUILD_TYPE"]
    if optimised != "Release":
        print("skipped: a %s build; Release is counted" % optimised)
        return SKIPPED
    known = json.load(open(accepted)) if os.path.exists(accepted) else {}
    if "--accept" in sys.argv:
        known[compiler] = {work: count(steps, plugins, work) for work in ("W1", "W3")}
        with open(accepted, "w") as out:
            json.dump(known, out, indent=2, sort_keys=True)
            out.write("\n")
        return 0
    if compiler not in known:
        print("skipped: no counts are accepted for %s" % compiler)
        return SKIPPED
    failed = False
    for work, wanted in known[compiler].items():
        found = count(steps, plugins, work)
        change = found / wanted - 1
        print("%s: %d instructions, %+.2f %% of the accepted %d" % (work, found, 100 * change, wanted))
        if change > ALLOWED:
            failed = True
            print("  more than %.0f %% above: make it faster, or accept it with --accept and say why"
                  % (100 * ALLOWED))
        elif change < -ALLOWED:
            failed = True
            print("  faster: accept it with --accept, so that it stays so")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
