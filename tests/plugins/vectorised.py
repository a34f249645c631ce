#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the built objects of activations, costs and optimizers, and of one loop over each function
of real.h, and fails where the compiler has left a loop over elements without packed instructions or
calls the C library for an element's mathematics.

usage: vectorised.py BUILD      (skipped, exit 77, where the build is not optimised or not x86-64)
"""
import re
import subprocess
import sys
from pathlib import Path

SKIP = 77
# Functions whose work is a loop over elements.
LOOPS = {
    "activation": ["forward", "backward"],
    "cost": ["value", "gradient", "link_gradient", "sum_of_logs"],
    "optimizer": ["update"],
    "real.h": [f"all_{name}" for name in
               ("exp", "expm1", "log", "log1p", "tanh", "sigmoid", "erf", "erfc", "sqrt", "sum")],
}
OBJECTS = {"real.h": "tests/plugins/CMakeFiles/nnrun_test_real_*_v[234].dir/**/real_table.c.o"}
# Nothing to vectorise: one number a row, or a copy.
EXCEPT = {
    ("activation", "identity"): {"forward", "backward"},
    ("cost", "negative_log_likelihood"): {"value", "gradient"},
    ("cost", "categorical_cross_entropy"): {"value"},
}
PACKED = re.compile(
    r"\tv?(?:add|sub|mul|div|sqrt|max|min|and|andn|cmp\w*|blendv?|fn?m(?:add|sub)\d*)p[sd]\b")
ELEMENT_CALL = re.compile(
    r"\b(?:exp|expm1|log|log1p|tanh|erf|erfc|sqrt|fma|fabs|fmax|fmin|sin|cos)[fl]?\b")


def functions(path):
    """{name: [packed instructions, calls to the C library's mathematics]} of one object."""
    text = subprocess.run(["objdump", "-dr", "--no-show-raw-insn", str(path)], check=True,
                          capture_output=True, text=True).stdout
    found, name, called = {}, None, False
    for line in text.splitlines():
        header = re.match(r"^[0-9a-f]+ <([^>]+)>:", line)
        if header:
            # gcc puts a loop's cold or specialised copies beside it: forward.cold, update.part.0
            name = header.group(1).split(".")[0]
            found.setdefault(name, [0, []])
        elif name:
            found[name][0] += bool(PACKED.search(line))
            if called and "R_X86_64" in line:
                symbol = re.search(r"\t(\w+)", line.split("R_X86_64", 1)[1])
                if symbol and ELEMENT_CALL.fullmatch(symbol.group(1)):
                    found[name][1].append(symbol.group(1))
            called = bool(re.search(r"\t(?:call|jmp)", line)) if "R_X86_64" not in line else called
    return found


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if len(sys.argv) == 2 else 2
    build = Path(sys.argv[1])
    cache = (build / "CMakeCache.txt").read_text()
    plain = re.search(r"^CMAKE_BUILD_TYPE:\w+=Debug$", cache, re.M)
    if plain or "-fsanitize" in cache or "--coverage" in cache:
        print("vectorised: skipped, this build is not an optimised one")
        return SKIP
    checked, wrong = 0, []
    for kind, names in LOOPS.items():
        objects = OBJECTS.get(kind, f"plugins/{kind}/CMakeFiles/*_v[234].dir/**/*.o")
        for path in sorted(build.glob(objects)):
            plugin = path.name.split(".")[0]
            variant = path.as_posix().split(".dir/")[0].rsplit("_", 2)[1:]
            where = f"{kind}/{plugin} {'_'.join(variant)}"
            found = functions(path)
            for name in names:
                if name not in found or name in EXCEPT.get((kind, plugin), ()):
                    continue
                packed, calls = found[name]
                checked += 1
                if packed == 0:
                    wrong.append(f"{where}: {name}() has no packed instruction")
            for name, (_, calls) in found.items():
                # pow() and sqrt() of a step's own numbers are no element's mathematics.
                if calls and name in names and kind != "optimizer":
                    wrong.append(f"{where}: {name}() calls {', '.join(sorted(set(calls)))}")
    if checked == 0:
        print("vectorised: skipped, no x86-64 objects found")
        return SKIP
    print(f"vectorised: {checked} functions, {len(wrong)} wrong")
    for line in wrong:
        print(" ", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
