# SPDX-License-Identifier: MIT
"""`nnrun schema` as an editor uses it: every experiment validates, what `nnrun check` refuses does not."""
import copy
import json
import os
import re
import subprocess
import unittest
from pathlib import Path

import jsonschema
from ruamel.yaml import YAML

SOURCE = Path(os.environ["NNRUN_TEST_SOURCE"])
BINARY = os.environ["NNRUN_TEST_BINARY"]
EVERY_KEY = SOURCE / "tests/spec/specs/every-key.yaml"
EXPERIMENTS = [*(SOURCE / "experiments").glob("*.yaml"), *(SOURCE / "experiments/long").glob("*.yaml")]


def load(path):
    """A YAML 1.2 reader: 1e-3 is a number."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def schema():
    return json.loads(subprocess.run([BINARY, "schema"], check=True, capture_output=True, text=True).stdout)


# What is done to the spec that has every key: a path and the value put there (DROP: the key goes).
DROP = object()
WRONG = [
    (("nnrun",), DROP), (("nnrun",), 2), (("training",), DROP), (("network", "cost"), DROP), (("sede",), 1),
    (("seed",), -1), (("seed",), 1.5), (("seed",), "one"), (("precision",), "float16"), (("threads",), "all"),
    (("threads",), 0), (("plugins",), "a.so"), (("name",), "a/b"), (("data", "normalize"), "off"),
    (("data", "train"), DROP), (("data", "train", "use"), DROP), (("data", "train", "use"), "nothing"),
    (("data", "train", "limit"), 0), (("data", "train", "size"), "28x28"), (("data", "train", "paht"), "x"),
    (("data", "test", "limit"), 5), (("data", "validation"), {}), (("data", "validation"), {"fraction": 1}),
    (("data", "validation"), {"count": 1, "fraction": 0.5}), (("data", "transforms"), {"use": "affine"}),
    (("network", "layers"), []), (("network", "layers", 0, "units"), 0), (("network", "layers", 0, "units"), "many"),
    (("network", "layers", 1, "activation"), DROP), (("network", "layers", 1, "activation"), {"alpha": 1}),
    (("network", "layers", 1, "activation"), "sigmod"), (("network", "dropout"), 1),
    (("training", "epochs"), DROP), (("training", "epochs"), "30"), (("training", "optimizer"), {"rate": 0.5}),
    (("training", "optimizer", "rate"), 0), (("training", "optimizer", "rat"), 0.5), (("training", "l2"), -1),
    (("training", "early_stopping"), {"metric": "validation.acuracy", "patience": 1}),
    (("checkpoint", "keep"), 0), (("checkpoint", "best"), "test.cost"), (("expect",), {"metric": "train.cost"}),
    (("expect", 0, "at"), "first"), (("expect", 0, "metric"), DROP),
]
RIGHT = [
    (("x-mine",), {"any": ["thing"]}), (("threads",), "auto"), (("data", "validation"), "none"),
    (("data", "validation"), {"count": 5}), (("training", "early_stopping"), "none"), (("training", "epochs"), 1e3),
    (("data", "transforms"), ["affine", {"use": "elastic", "alpha": 34}]), (("training", "optimizer"), "sgd"),
    (("data", "validation"), {"use": "jpeg_folder", "path": "x"}), (("checkpoint",), DROP), (("seed",), DROP),
]


def changed(spec, path, value):
    spec = copy.deepcopy(spec)
    place = spec
    for step in path[:-1]:
        place = place[step]
    if value is DROP:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return spec


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = schema()
        cls.validator = jsonschema.Draft202012Validator(cls.schema)

    def test_it_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)
        self.assertEqual(self.schema["$schema"], "https://json-schema.org/draft/2020-12/schema")

    def test_every_experiment_validates(self):
        self.assertGreater(len(EXPERIMENTS), 5)
        for path in (EVERY_KEY, *EXPERIMENTS):
            with self.subTest(spec=path.name):
                self.assertEqual([e.message for e in self.validator.iter_errors(load(path))], [])

    def test_every_experiment_tells_editors_where_its_schema_is(self):
        for path in EXPERIMENTS:
            with self.subTest(spec=path.name):
                told = re.findall(r"(?m)^# yaml-language-server: \$schema=(\S+)$", path.read_text(encoding="utf-8"))
                schemas = [(path.parent / one).resolve() for one in told]
                self.assertEqual(schemas, [SOURCE.resolve() / "build/release/spec.schema.json"])

    def test_what_is_wrong_does_not_validate(self):
        spec = load(EVERY_KEY)
        for path, value in WRONG:
            with self.subTest(path=path, value=value):
                self.assertFalse(self.validator.is_valid(changed(spec, path, value)))

    def test_what_is_right_does(self):
        spec = load(EVERY_KEY)
        for path, value in RIGHT:
            with self.subTest(path=path, value=value):
                self.assertEqual([e.message for e in self.validator.iter_errors(changed(spec, path, value))], [])

    def test_where_a_spec_extends_parts_are_enough(self):
        for spec in ({"extends": "a.yaml"}, {"extends": "a.yaml", "training": {"optimizer": {"rate": 1}}},
                     {"extends": "a.yaml", "data": {"train": {"limit": 5}}}):
            self.assertTrue(self.validator.is_valid(spec), spec)
        for spec in ({"extends": "a.yaml", "trainin": {}}, {"extends": "a.yaml", "training": {"epochs": 0}},
                     {"extends": "a.yaml", "network": {"layers": [{"units": 3}]}}):
            self.assertFalse(self.validator.is_valid(spec), spec)

    def test_components_tell_types_ranges_and_docs(self):
        sgd = next(one for one in self.schema["$defs"]["optimizer"]["anyOf"] if one.get("title") == "sgd")
        rate = sgd["properties"]["rate"]
        self.assertEqual(rate["type"], "number")
        self.assertEqual(rate["exclusiveMinimum"], 0)
        self.assertTrue(rate["description"])


if __name__ == "__main__":
    unittest.main()
