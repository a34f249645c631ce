# SPDX-License-Identifier: MIT
"""Reads the sample run of test_results.c with h5py, knowing only docs/FORMAT.md."""
import os
import sys

import h5py
import numpy as np

folder = sys.argv[1]
with h5py.File(os.path.join(folder, "run.h5"), "r") as f:
    assert f.attrs["format"] == "nnrun" and f.attrs["format_version"] == 1
    assert f.attrs["NX_class"] == "NXroot" and f.attrs["default"] == "metrics"
    metrics = f[f.attrs["default"]]
    assert metrics.attrs["NX_class"] == "NXdata"
    signal, axis = metrics[metrics.attrs["signal"]], metrics[metrics.attrs["axes"]]
    assert metrics.attrs["signal"] == "validation_accuracy" and signal.shape == axis.shape == (3,)
    assert list(axis) == [1, 2, 3] and list(metrics["step"]) == [100, 200, 300]
    assert np.array_equal(signal[()], np.arange(3) / (np.arange(3) + 2))
    assert metrics["seconds"].attrs["units"] == "s" and metrics["train_cost"].attrs["doc"]
    assert metrics["gradient_norm"].shape == (3, 2) and "saturation" not in metrics
    assert f["spec/resolved"].asstr()[()] == "nnrun: 1\nseed: 1\n"
    assert f["provenance/libraries/hdf5"].asstr()[()] == "1.10.8"
    assert f["provenance/plugins"][1]["name"] == b"quadratic"
    assert list(f["data/class_names"].asstr()) == ["cat", "dög"]
    assert list(f["data/split/train"]) == [4, 0, 2] and f["data/counts/test"][()] == 4
    assert f["data/fingerprint/train"].asstr()[()] == "%016x%016x" % (2, 1)
    assert f["test"].attrs["epoch"] == 2 and f["test/accuracy"][()] == 0.75
    assert f["test/confusion"][()].tolist() == [[1, 1], [0, 2]]
    weight = f["model/layers/00/weight"]
    assert weight.shape == (3, 5) and weight.dtype == np.float32
    assert f["model/layers/01"].attrs["activation"] == "sigmoid"

with h5py.File(os.path.join(folder, "checkpoints", "epoch-000003.h5"), "r") as f:
    assert f["state/epoch"][()] == 3 and f["state/best_epoch"][()] == 2
    assert f["optimizer/velocity/00/weight"].shape == (3, 5)
    assert f["optimizer"].attrs["name"] == "momentum"
    assert f["optimizer"].attrs["scalar_beta_product"] == 4.1
