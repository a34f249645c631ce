# SPDX-License-Identifier: MIT
"""Every public header, room and component compiles against musl without a warning: what they need of the C library is POSIX
or stated.  Headers of third parties and of the kernel are the machine's own.

    musl.py ROOT        (skipped, exit 77, without musl-gcc)
"""
import os
import platform
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SKIP = 77
FLAGS = ["-std=c11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-DNN_REAL_BITS=32",
         '-DNNRUN_RELATIVE_PLUGIN_DIR=""']


def after():
    """Where to look once musl's own headers do not have it."""
    folders = ["/usr/include/hdf5/serial", "/usr/include", f"/usr/include/{platform.machine()}-linux-gnu"]
    return [word for folder in folders if os.path.isdir(folder) for word in ("-idirafter", folder)]


def compile_one(root, path):
    command = ["musl-gcc", *FLAGS, "-I", root / "include", "-I", root / "core", *after(), "-x", "c", path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return f"{path.relative_to(root)}: {done.stderr}" if done.returncode != 0 else ""


def main(root):
    if shutil.which("musl-gcc") is None:
        print("musl: skipped, musl-gcc is missing")
        return SKIP
    paths = [*root.glob("include/nnrun/*.h"), *root.glob("core/**/*.c"), *root.glob("plugins/*/*.c")]
    with ThreadPoolExecutor(2) as workers:
        complaints = [said for said in workers.map(lambda path: compile_one(root, path), sorted(paths)) if said]
    print("".join(complaints) + f"{len(paths)} files, {len(complaints)} do not compile with musl")
    return 1 if complaints or len(paths) < 100 else 0


sys.exit(main(Path(sys.argv[1]).resolve()))
