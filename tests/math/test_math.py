#!/usr/bin/python3
"""tests/math/test_math.py experiments|catalogue|crooked|trace|plots

experiments  `nnrun gradcheck` finds every gradient of every shipped experiment right
catalogue    the same for every activation and every cost, with dropout and penalties
crooked      a derivative that is wrong by a thousandth is found, and where
trace        `nnrun trace` against NumPy
plots        every kind of picture is drawn, in every format
"""

import glob
import json
import os
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


def plots():
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        print("matplotlib is not installed: pictures were not drawn")
        return
    with tempfile.TemporaryDirectory() as folder:
        nnrun("run", os.path.join(SOURCE, "experiments", "sample.yaml"), "training.epochs=2", "expect=[]",
              "--quiet", "--out", folder)
        for kind, ending in (("curves", "png"), ("gradients", "svg"), ("weights", "png"), ("confusion", "pdf")):
            picture = os.path.join(folder, f"{kind}.{ending}")
            command = [os.path.join(SOURCE, "scripts", "plot"), kind, "sample", "--results", folder, "-o", picture]
            subprocess.run(command, check=True)
            with open(picture, "rb") as file:
                start = file.read(5)
            require(start in (b"\x89PNG\r", b"<?xml", b"%PDF-"), f"{kind}: starts with {start}")
        command = [os.path.join(SOURCE, "scripts", "plot"), "curves", "nobody", "-o", picture]
        require(subprocess.run(command, capture_output=True).returncode == 2, "a run that is not there")
    print("four pictures drawn")


if __name__ == "__main__":
    {"experiments": experiments, "catalogue": catalogue, "crooked": crooked, "trace": trace,
     "plots": plots}[sys.argv[1]]()
