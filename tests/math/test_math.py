#!/usr/bin/python3
"""tests/math/test_math.py experiments|bounds|catalogue|kinks|crooked|trace|show|stale|recipes|plots

experiments  `nnrun gradcheck` finds every gradient of every shipped experiment right
catalogue    the same for every activation and every cost, with dropout and penalties
kinks        points that cross a kink are left out and counted
crooked      a derivative that is wrong by a thousandth is found, and where
bounds       no `expect` of a recipe is further from its published figure than chance allows
trace        `nnrun trace` against NumPy
show         `nnrun show` draws what the probe measured
stale        a change to any block of docs/BACKPROPAGATION.md would be seen
recipes      `scripts/recipes` writes what its runs hold
plots        every kind of picture is drawn, in every format, of one run and of two
"""

import glob
import importlib.machinery
import importlib.util
import json
import math
import os
import re
import subprocess
import sys
import tempfile

os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"

import h5py
import numpy as np

NNRUN = os.environ["NNRUN_TEST_BINARY"]
SOURCE = os.environ["NNRUN_TEST_SOURCE"]
BUILD = os.environ["NNRUN_TEST_BUILD"]
DIGITS = {"data.train": f"{{use: jpeg_folder, path: {SOURCE}/tests/data/mnist-sample/train}}",
          "data.test": "none", "data.validation": "none", "data.transforms": "[]", "expect": "[]",
          "checkpoint": "{}"}
XOR = os.path.join(SOURCE, "experiments", "xor.yaml")


def nnrun(*arguments, code=0):
    done = subprocess.run([NNRUN, *arguments], capture_output=True, text=True, cwd=SOURCE)
    if done.returncode != code:
        sys.exit(f"nnrun {' '.join(arguments)}: exit code {done.returncode}, not {code}\n"
                 f"{done.stdout}{done.stderr}")
    return done.stdout


def gradcheck(spec, overrides, *options, code=0):
    arguments = [f"{key}={value}" for key, value in overrides.items()]
    return json.loads(nnrun("gradcheck", spec, *arguments, "--json", *options, code=code))


def require(condition, text):
    if not condition:
        sys.exit(f"FAILED: {text}")


def checked(result):
    return sum(array["checked"] for array in result["arrays"])


def experiments():
    paths = sorted(glob.glob(os.path.join(SOURCE, "experiments", "*.yaml"))
                   + glob.glob(os.path.join(SOURCE, "experiments", "long", "*.yaml")))
    require(len(paths) > 10, f"only {len(paths)} experiments found")
    for path in paths:
        with open(path, encoding="utf-8") as file:
            drawn = "synthetic" in file.read()
        wide = os.path.basename(os.path.dirname(path)) == "long"
        result = gradcheck(path, {} if drawn else DIGITS, "--points", "2" if wide else "8",
                           "--samples", "4")
        worst = max(array["error"] for array in result["arrays"])
        print(f"{os.path.relpath(path, SOURCE)}: {checked(result)} points, largest error {worst:.1e}")
        require(result["right"] and checked(result) > 0, path)


def bounds():
    """experiments/README.md: two standard errors of the difference of two shares of 10,000 digits."""
    found = 0
    for path in sorted(glob.glob(os.path.join(SOURCE, "experiments", "**", "*.yaml"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        name = os.path.basename(path)[:-5]
        expect = re.search(r"min: ([\d.]+).*?source: \"[^\"]*?([\d.]+) %", text, re.S)
        if expect is None or name in ("baseline", "kaggle", "fashion"):
            continue
        least, published = float(expect[1]), float(expect[2]) / 100
        allowed = published - 2 * math.sqrt(2 * published * (1 - published) / 10000)
        print(f"{name}: at least {least:.4f}, published {published:.4f}, allowed from {allowed:.4f}")
        require(allowed - 5e-5 <= least <= published, f"the bound of {name}")
        found += 1
    require(found >= 13, f"only {found} recipes have a published figure")


def names(kind):
    return sorted(os.path.basename(path)[:-3] for path in glob.glob(f"{BUILD}/plugins/{kind}/*.so"))


def catalogue():
    penalties = {"training.l1": 0.001, "training.l2": 0.01, "network.dropout": 0.1,
                 "network.layers.0.dropout": 0.3, "network.layers.0.units": 6}
    for activation in names("activation"):
        result = gradcheck(XOR, {**penalties, "network.layers.0.activation": activation}, "--all")
        print(f"{activation}: {checked(result)} points")
        require(result["right"] and checked(result) > 20, activation)
    outputs = {"categorical_cross_entropy": "softmax", "negative_log_likelihood": "log_softmax",
               "binary_cross_entropy": "sigmoid", "hinge": "identity"}
    for cost in names("cost"):
        result = gradcheck(XOR, {**penalties, "network.cost": cost,
                                 "network.layers.1.activation": outputs.get(cost, "tanh")}, "--all")
        print(f"{cost}: {checked(result)} points")
        require(result["right"] and checked(result) > 20, cost)


def kinks():
    """Steps so long that some cross relu's kink: those points are left out and counted, the others right."""
    relu = {"network.layers.0.activation": "relu"}
    for step, crossed in (("1e-4", 0), ("0.05", 3)):
        result = gradcheck(XOR, relu, "--all", "--step", step)
        left_out = sum(array["kinks"] for array in result["arrays"])
        require(result["right"] and left_out == crossed and checked(result) == 17 - crossed,
                f"step {step}: {checked(result)} points checked, {left_out} left out")
    text = nnrun("gradcheck", XOR, "network.layers.0.activation=relu", "--all", "--step", "0.05")
    require(re.search(r"\n +1 +weight +3 x 2 +4 +2 ", text), f"no count of kinks in\n{text}")
    print("kinks are left out and counted")


def crooked():
    overrides = {"plugins": f"[{BUILD}/math_plugins/crooked.so]",
                 "network.layers.0.activation": "crooked"}
    result = gradcheck(XOR, overrides, "--all", code=1)
    wrong = {(array["layer"], array["array"]) for array in result["arrays"]
             if array["error"] > result["allowed"]}
    require(not result["right"] and wrong == {(1, "weight"), (1, "bias")}, f"found wrong: {wrong}")
    print("found wrong:", sorted(wrong))


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def follow(trace):
    """The four equations for tanh layers and a softmax output with cross-entropy."""
    layers = [{name: layer[name][:] for name in layer} for layer in trace["layers"].values()]
    x, y = trace["x"][:], trace["y"][:]
    a, inputs = x, []
    for l, layer in enumerate(layers):
        inputs.append(a)
        z = layer["weight"] @ a + layer["bias"]
        a = softmax(z) if l + 1 == len(layers) else np.tanh(z)
        require(np.allclose(layer["z"], z, atol=1e-14), f"z of layer {l + 1}")
        require(np.allclose(layer["a"], a, atol=1e-14), f"a of layer {l + 1}")
    require(abs(trace["cost"][()] + np.log(a[y.argmax()])) < 1e-14, "the cost")
    dz = a - y
    for l in reversed(range(len(layers))):
        layer = layers[l]
        if l + 1 < len(layers):
            dz = (layers[l + 1]["weight"].T @ dz) * (1 - layer["a"] ** 2)
        require(np.allclose(layer["dz"], dz, atol=1e-14), f"dz of layer {l + 1}")
        require(np.allclose(layer["dw"], np.outer(dz, inputs[l]), atol=1e-14), f"dw of layer {l + 1}")


def trace():
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "trace.h5")
        deep = "network.layers=[{units: 5, activation: tanh}, {units: 4, activation: tanh}, " \
               "{units: classes, activation: softmax}]"
        text = nnrun("trace", XOR, deep, "--sample", "7", "--set", "train", "--out", file)
        for equation in ("BP1  dz3", "BP2  dz2 = da2 * f'(z2)", "BP3  dC/db1 = dz1", "BP4  dC/dw2 = dz2' a1"):
            require(equation in text, f"no {equation} in\n{text}")
        with h5py.File(file) as opened:
            follow(opened)
        # A trained run, through its folder; and the weights it was tested with are those traced.
        nnrun("run", XOR, "--quiet", "--out", folder)
        [run] = glob.glob(os.path.join(folder, "xor", "*"))
        nnrun("trace", run, "--sample", "3", "--out", file, "--quiet")
        with h5py.File(file) as opened, h5py.File(os.path.join(run, "run.h5")) as kept:
            follow(opened)
            weight = kept["model/layers/00/weight"][:]
            require(np.array_equal(opened["layers/00/weight"][:], weight), "the run's weights")
            require(opened.attrs["set"] == "test", "the test set is the default")
        nnrun("trace", XOR, "--sample", "200", "--set", "train", code=2)
        nnrun("trace", XOR, "--set", "other", code=2)
    image = [f"{key}={value}" for key, value in DIGITS.items()]
    text = nnrun("trace", os.path.join(SOURCE, "experiments", "sample.yaml"), *image)
    require("@@" in text, "the image is drawn")
    print("trace agrees with NumPy")


def show():
    with tempfile.TemporaryDirectory() as folder:
        deep = "network.layers=[{units: 5, activation: sigmoid}, {units: 4, activation: tanh}, " \
               "{units: classes, activation: softmax}]"
        nnrun("run", XOR, deep, "training.epochs=100", "expect=[]", "--quiet", "--out", folder)
        [run] = glob.glob(os.path.join(folder, "xor", "*"))
        text, layers = nnrun("show", run), 0
        with h5py.File(os.path.join(run, "run.h5")) as file:
            for metric in ("gradient_norm", "weight_norm", "update_ratio", "saturation"):
                values = file[f"metrics/{metric}"][:]
                require(values.shape == (100, 3) and np.isfinite(values).all(), f"{metric} of each layer")
                rows = text.partition(f"\n{metric}\n")[2].splitlines()[:3]
                drawn = [re.fullmatch(r"layer (\d) +(\S+)( %)? \|(.{48})\| (\S+)( %)?", row) for row in rows]
                require(all(drawn), f"{metric} is not drawn: {rows}")
                for l, row in enumerate(drawn):
                    ends = values[[0, -1], l] * (100 if row[3] else 1)
                    say = "{:.1f}".format if row[3] else "{:.3g}".format
                    wanted = (str(l + 1), *(f"{float(say(v)):g}" for v in ends))
                    got = (row[1], f"{float(row[2]):g}", f"{float(row[5]):g}")
                    require(got == wanted, f"{metric}: {got}, not {wanted}")
                    layers += 1
                # Means of the epochs that fall into a column; the largest of them is @, wherever it is.
                means = [[part.mean() for part in np.split(values[:, l], [c * 100 // 48 for c in range(1, 48)])]
                         for l in range(3)]
                l, c = np.unravel_index(np.argmax(means), (3, 48))
                require(drawn[l][4][c] == "@", f"{metric}: layer {l + 1} is largest in column {c}")
            first = file["metrics/gradient_norm"][:]
        curves = nnrun("show", run, "--metric", "gradient_norm")
        require(all(mark in curves.partition("logarithm")[2] for mark in "123"), "a curve of each layer")
        require(first.min() > 0 and "saturation" not in curves, "one metric alone")
        nnrun("show", run, "--metric", "gradient", code=2)
    require(layers == 12, "four metrics of three layers")
    print("show draws what run.h5 holds")


def script(name):
    """A Python script as a module."""
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(SOURCE, "scripts", name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def stale():
    """docs/BACKPROPAGATION.md, with one thing changed in each of its blocks."""
    page = script("backpropagation")
    with open(page.PAGE, encoding="utf-8") as file:
        blocks = page.BLOCK.findall(file.read())
    kinds = {kind: 0 for kind in ("run", "code", "numbers")}
    for _, kind, argument, text, _ in blocks:
        require(page.same(kind, text, text), f"{argument}: the same")
        body = text.partition("\n")[2] if kind == "run" else text
        number = re.search(r"\d\.\d{3,}", body)
        if number is not None:
            other = f"{float(number[0]) + 0.01:.{len(number[0]) - 2}f}"
            require(not page.same(kind, text, text.replace(number[0], other, 1)), f"{argument}: {number[0]}")
        word = re.search(r"[a-z]{4,}", body)[0]
        require(not page.same(kind, text, text.replace(word, "other", 1)), f"{argument}: {word}")
        kinds[kind] += 1
    require(min(kinds.values()) >= 3, f"blocks of each kind: {kinds}")
    for argument in ("core/net/real/backward.c nothing", "core/net/real/penalty.c penalise nowhere }"):
        try:
            page.code_block(argument)
        except page.Trouble:
            continue
        require(False, f"{argument}: is not there and is not missed")
    print(f"a change is seen in each block: {kinds}")


def recipes():
    """The smallest recipes over two seeds, the table written of them, and nothing run twice."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "RECIPES.md")
        command = [os.path.join(SOURCE, "scripts", "recipes"), "--seeds", "1,2", "--results", folder, "--out", out,
                   "--nnrun", NNRUN]
        for names in (["xor", "blobs"], ["xor", "blobs"], ["nobody"]):
            done = subprocess.run([*command, *names], capture_output=True, text=True, cwd=SOURCE)
            require((done.returncode == 0) == (names != ["nobody"]), f"{names}: {done.stderr}")
            runs = {name: sorted(glob.glob(os.path.join(folder, name, "*", "run.h5"))) for name in ("xor", "blobs")}
            require([len(paths) for paths in runs.values()] == [2, 2], f"two runs of each: {runs}")
        with open(out, encoding="utf-8") as file:
            page = file.read()
        for name, paths in runs.items():
            shares = []
            for path in paths:
                with h5py.File(path) as file:
                    shares.append(100 * float(file["test/accuracy"][()]))
            [row] = [line for line in page.splitlines() if f"[{name}]" in line]
            wanted = f"test.accuracy {np.mean(shares):.2f} % ± {np.std(shares, ddof=1):.2f}"
            require(wanted in row and f"| {max(shares):.2f} % | 2 of 2 |" in row, f"{wanted} is not in {row}")
        require("| not run |" in page, "what has not been run says so")
        # The published figure is the first per cent of the source; the difference is that of the means.
        module = script("recipes")
        require(module.difference("A 2003: 98.4 % (1.6 % error)", "test.accuracy", [0.985, 0.986]) == "+0.15"
                and module.difference("A 2003: 98.4 %", "test.accuracy", [0.98]) == "−0.40"
                and module.difference("solved", "test.accuracy", [1]) == "", "less published")
    print("recipes writes what the runs hold")


def plots():
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        print("matplotlib is not installed: pictures were not drawn")
        return
    plot = script("plot")
    magic = {"png": b"\x89PNG\r", "svg": b"<?xml", "pdf": b"%PDF-"}
    with tempfile.TemporaryDirectory() as folder:
        for seed in ("1", "2"):
            nnrun("run", os.path.join(SOURCE, "experiments", "sample.yaml"), "training.epochs=2", "expect=[]",
                  f"seed={seed}", "--quiet", "--out", folder)
        runs = sorted(glob.glob(os.path.join(folder, "sample", "*")))
        require(len(runs) == 2, f"two runs: {runs}")
        jobs = [[kind] for kind in ("curves", "gradients", "confusion")] + [["weights", "--count", "9"]]
        jobs += [["gradients", "--metric", metric] for metric in ("weight_norm", "update_ratio", "saturation")]
        for words in jobs:
            sizes = {}
            endings = ("svg", "png", "pdf") if len(words) == 1 or words[0] == "weights" else ("svg",)
            for ending, given in [("svg", runs[:1])] + [(ending, runs) for ending in endings]:
                picture = os.path.join(folder, f"picture.{ending}")
                require(plot.main([words[0], *given, *words[1:], "-o", picture]) == 0, picture)
                with open(picture, "rb") as file:
                    drawn = file.read()
                require(drawn.startswith(magic[ending]), f"{words}: starts with {drawn[:5]}")
                sizes[ending, len(given)] = len(drawn)
            require(sizes["svg", 2] > sizes["svg", 1], f"{words}: two runs show more than one")
            print(*words, *sizes)
        # An experiment's name is its newest run, and a program's exit code says what failed.
        command = [os.path.join(SOURCE, "scripts", "plot"), "curves", "sample", "--results", folder, "-o"]
        subprocess.run([*command, os.path.join(folder, "by-name.png")], check=True)
        require(subprocess.run([*command, "x.gif"], capture_output=True).returncode == 2, "a format that is not there")
        command[2] = "nobody"
        require(subprocess.run([*command, "x.png"], capture_output=True).returncode == 2, "a run that is not there")

if __name__ == "__main__":
    {"experiments": experiments, "bounds": bounds, "catalogue": catalogue, "kinks": kinks, "crooked": crooked, "trace": trace,
     "show": show, "stale": stale, "recipes": recipes,
     "plots": plots}[sys.argv[1]]()
