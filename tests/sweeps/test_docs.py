# SPDX-License-Identifier: MIT
"""Every command of docs/SWEEPS.md as printed, in the order of the page, in a copy of the tree.  Those marked mnist run where
the digits are; those marked slurm are the business of test_slurm.py.  Slow: whole sweeps."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE, BUILD = Path(os.environ["NNRUN_TEST_SOURCE"]), Path(os.environ["NNRUN_TEST_BUILD"])
NEEDED = ("jq", "parallel", "xargs")


def blocks():
    return re.findall(r"^```sh ?(\w*)\n(.*?)^```$", (SOURCE / "docs/SWEEPS.md").read_text(), re.MULTILINE | re.DOTALL)


def main(root):
    for name in ("scripts", "experiments", "docs", "tests/data"):
        shutil.copytree(SOURCE / name, root / name)
    (root / "build").mkdir()
    (root / "build/release").symlink_to(BUILD)
    is_there = (SOURCE / "data/mnist-jpg").exists()
    if is_there:
        (root / "data").symlink_to(SOURCE / "data")
    count = 0
    for mark, commands in blocks():
        if mark == "slurm" or (mark == "mnist" and not (is_there and "--mnist" in sys.argv)):
            continue
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"docs/SWEEPS.md: this ended with {done.returncode}:\n{commands}\n{done.stdout}{done.stderr}")
        count += 1
    for name in ("quick.png", "parallel.svg", "rate.png", "curves.png", "quick.csv", "runs.csv"):
        assert (root / name).stat().st_size > 200, name
    print(f"{count} listings run as printed")


if __name__ == "__main__":
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        print(f"skipped: not installed: {', '.join(missing)}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
