#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each header of core/ compiles alone, without a warning.  (tests/abi does the same for the public ones.)

    headers.py ROOT CC
"""
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused-function", "-Wno-unused-const-variable"]


def compile_alone(root, header, compiler):
    """What the compiler says of a source that includes the header, twice, and nothing else; "" where all is well."""
    source = f'#include "{header}"\n#include "{header}"\nextern int used;\nint used;\n'
    command = [compiler, "-x", "c", "-std=c11", "-fsyntax-only", *WARNINGS, "-D_GNU_SOURCE", "-DNN_REAL_BITS=32",
               "-DNN_ISA=any", "-I", root / "include", "-I", root / "core", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, timeout=120)
    return f"{header}: {done.stderr}" if done.returncode != 0 else ""


def main(arguments):
    if len(arguments) != 2:
        print("usage: headers.py ROOT CC", file=sys.stderr)
        return 2
    root, compiler = Path(arguments[0]).resolve(), arguments[1]
    headers = [str(path.relative_to(root / "core")) for path in sorted((root / "core").rglob("*.h"))]
    with ThreadPoolExecutor(2) as workers:
        complaints = list(filter(None, workers.map(lambda header: compile_alone(root, header, compiler), headers)))
    for complaint in complaints:
        print(complaint)
    print(f"{len(headers)} headers, {len(complaints)} do not compile alone")
    return 1 if complaints or not headers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
