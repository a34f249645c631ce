#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each header compiles alone, without a warning: those of include/nnrun as C11, C17 and C++17 and for both
precisions, those of core/ as C11.

    headers.py ROOT CC
"""
import itertools
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused-function", "-Wno-unused-const-variable"]


def compile_alone(root, header, compiler, language, standard, *more):
    """What the compiler says of a source that includes the header, twice, and nothing else; "" where all is well."""
    source = f'#include "{header}"\n#include "{header}"\nextern int used;\nint used;\n'
    command = [compiler, "-x", language, f"-std={standard}", "-fsyntax-only", *WARNINGS, *more,
               "-I", root / "include", "-I", root / "core", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, timeout=120)
    return f"{header} as {standard}: {done.stderr}" if done.returncode != 0 else ""


def main(arguments):
    if len(arguments) != 2:
        print("usage: headers.py ROOT CC", file=sys.stderr)
        return 2
    root, cc = Path(arguments[0]).resolve(), arguments[1]
    cxx = next(filter(None, map(shutil.which, ("g++", "clang++"))), None)
    public = [f"nnrun/{path.name}" for path in sorted((root / "include/nnrun").glob("*.h"))]
    inside = [str(path.relative_to(root / "core")) for path in sorted((root / "core").rglob("*.h"))]
    ways = [("c", "c11", cc), ("c", "c17", cc)] + ([("c++", "c++17", cxx)] if cxx else [])
    jobs = [(root, header, compiler, language, standard, f"-DNN_REAL_BITS={bits}")
            for header, (language, standard, compiler), bits in itertools.product(public, ways, (32, 64))]
    jobs += [(root, header, cc, "c", "c11", "-D_GNU_SOURCE", "-DNN_REAL_BITS=32", "-DNN_ISA=any") for header in inside]
    with ThreadPoolExecutor(2) as workers:
        complaints = list(filter(None, workers.map(lambda job: compile_alone(*job), jobs)))
    for complaint in complaints:
        print(complaint)
    print(f"{len(public)} public and {len(inside)} inside headers, {len(jobs)} compilations, {len(complaints)} failed"
          + ("" if cxx else "; no C++ compiler here, C++17 not tried"))
    return 1 if complaints or not public else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
