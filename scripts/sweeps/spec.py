# SPDX-License-Identifier: MIT
"""A sweep file, read and checked in itself; what its values mean, nnrun says later."""

import os
import re
from dataclasses import dataclass, field

from . import source as src
from . import values
from .trouble import Trouble, suggestion

VERSION = "1"
KEYS = ["nnrun-sweep", "name", "base", "method", "axes", "zip", "exclude", "repeats", "objective", "run"]
METHODS = {
    "grid": [],
    "random": ["trials", "seed"],
    "tpe": ["trials", "seed"],
    "asha": ["eta", "min_epochs", "max_epochs", "trials", "seed"],
    "hyperband": ["eta", "min_epochs", "max_epochs", "seed"],
    "ask": [],
}
DRAWING = ("random", "tpe", "hyperband", "ask")  # take ranges as they are
STAGED = ("asha", "hyperband")  # stop trials early
TRIALS_MOST = 100000


@dataclass
class Axis:
    """One key of the spec and what it takes: a list of texts, or a Range."""

    key: str
    values: object
    node: object  # of the key
    value_nodes: list  # of each value; empty for a range

    def is_range(self):
        return isinstance(self.values, values.Range)

    def texts(self):
        return self.values.points() if self.is_range() else self.values

    def place(self, text):
        """The node of a value, else of the axis."""
        for value, node in zip([] if self.is_range() else self.values, self.value_nodes):
            if value == text:
                return node
        return self.node


@dataclass
class Method:
    use: str = "grid"
    trials: int = 0  # 0: all points of the grid
    seed: int = 1
    eta: int = 3
    min_epochs: int = 1
    max_epochs: int = 0  # 0: as the base says


@dataclass
class Settings:
    jobs: int = 0  # 0: as many as the cores bear
    threads: int = 1
    stop_on_failure: bool = False
    retries: int = 0
    timeout_s: float = None


@dataclass
class Sweep:
    source: object
    path: str
    name: str
    base: str
    method: Method
    groups: list  # lists of Axis that go together; one of `axes` is alone in its group
    exclude: list  # {key: [texts]}
    repeats: list  # of Axis
    metric: str
    goal: str
    nodes: dict = field(default_factory=dict)  # of keys that later checks point at
    settings: Settings = field(default_factory=Settings)

    def axes(self):
        return [axis for group in self.groups for axis in group]

    def better(self, a, b):
        return a > b if self.goal == "max" else a < b


def read_values(source, node, where):
    """(texts, nodes) of a list of values."""
    if not src.is_list(node):
        source.wrong(node, f"{where}: wants a list of values, not {src.kind_of(node)}", "such as [0.1, 0.5]")
        return [], []
    texts = [values.flow(item) for item in node.value]
    if not texts:
        source.wrong(node, f"{where}: a list without values plans no trial")
    for i, text in enumerate(texts):
        first = next((j for j in range(i) if values.same(texts[j], text)), None)
        if first is not None:
            source.wrong(node.value[i], f"{where}: {text} is there twice", f"the first is written {texts[first]}")
    return texts, node.value


def read_axis(source, key, key_node, node, where):
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", key):
        source.wrong(key_node, f'{where}: "{key}" is no key of a spec', "such as training.optimizer.rate")
    if src.is_mapping(node):
        return Axis(key, values.read_range(source, node, f"{where}.{key}"), key_node, [])
    texts, nodes = read_values(source, node, f"{where}.{key}")
    return Axis(key, texts, key_node, nodes)


def read_axes(source, node, where):
    if not src.is_mapping(node):
        source.wrong(node, f"{where}: wants key: [values], not {src.kind_of(node)}")
        return []
    return [read_axis(source, key, key_node, value, where) for key, key_node, value in src.pairs(source, node, where)]


def read_zip(source, node):
    groups = []
    if not src.is_list(node):
        source.wrong(node, f"zip: wants a list of mappings, not {src.kind_of(node)}",
                     "such as [{training.batch_size: [10, 100], training.epochs: [10, 30]}]")
        return groups
    for i, item in enumerate(node.value):
        group = read_axes(source, item, f"zip.{i}")
        lengths = {axis.key: len(axis.values) for axis in group if not axis.is_range() and axis.values is not None}
        if len(lengths) < len(group):
            source.wrong(item, f"zip.{i}: wants lists of values; a range has no partner")
        elif len(set(lengths.values())) > 1:
            told = ", ".join(f"{key} has {count}" for key, count in lengths.items())
            source.wrong(item, f"zip.{i}: values that go together must be equally many", told)
        groups.append(group)
    return [group for group in groups if group]


def read_exclude(source, node, axes):
    """Each entry: {axis: value or values}; a point that fits all of one entry is left out."""
    entries, by_key = [], {axis.key: axis for axis in axes}
    if not src.is_list(node):
        source.wrong(node, f"exclude: wants a list of mappings, not {src.kind_of(node)}")
        return entries
    for i, item in enumerate(node.value):
        where, entry = f"exclude.{i}", {}
        if not src.is_mapping(item):
            source.wrong(item, f"{where}: wants axis: value, not {src.kind_of(item)}")
            continue
        for key, key_node, value in src.pairs(source, item, where):
            if key not in by_key:
                source.wrong(key_node, f'{where}: "{key}" is no axis', f"{suggestion(key, by_key)}axes are: {', '.join(by_key)}")
                continue
            listed = value.value if src.is_list(value) else [value]
            entry[key] = [values.flow(one) for one in listed]
            for text, one in zip(entry[key], listed):
                if by_key[key].values is not None:
                    check_taken(source, by_key[key], text, one, where)
        entries.append(entry)
    return [entry for entry in entries if entry]


def check_taken(source, axis, text, node, where):
    texts = axis.texts()
    if not any(values.same(text, other) for other in texts):
        source.wrong(node, f"{where}: {axis.key} never is {text}", f"it is one of: {', '.join(texts)}")


def read_method(source, node):
    if src.is_scalar(node):
        return Method(values.read_choice(source, node, "method", list(METHODS)))
    use_node = next((value for key, value in node.value if src.is_scalar(key) and key.value == "use"), None) \
        if src.is_mapping(node) else None
    if use_node is None:
        source.wrong(node, "method: says not which to use", f"such as {{use: grid}}; there are: {', '.join(METHODS)}")
        return Method()
    method = Method(values.read_choice(source, use_node, "method.use", list(METHODS)))
    found = src.fields(source, node, f"method {method.use}", ["use"] + METHODS[method.use])
    limits = {"trials": (1, TRIALS_MOST), "seed": (0, 10**15 - 1), "eta": (2, 100), "min_epochs": (1, 999999),
              "max_epochs": (1, 999999)}
    for key, value in found.items():
        if key != "use":
            number = values.read_whole(source, value, f"method.{key}", *limits[key])
            setattr(method, key, getattr(method, key) if number is None else number)
    if method.use in ("random", "tpe") and "trials" not in found:
        source.wrong(node, f"method: {method.use} must know how many trials", f"such as {{use: {method.use}, trials: 50}}")
    if method.use in STAGED and 0 < method.max_epochs <= method.min_epochs:
        source.wrong(found["max_epochs"], f"method.max_epochs: must be above min_epochs, {method.min_epochs}")
    return method


def read_objective(source, node):
    found = src.fields(source, node, "objective", ["metric", "goal"])
    metric = found["metric"].value if "metric" in found and src.is_scalar(found["metric"]) else "validation.accuracy"
    if metric.startswith("test."):
        source.wrong(found["metric"], "objective.metric: a choice made on the test set makes its figure worthless",
                     "choose on validation.accuracy or validation.cost; the winner's test is shown once")
    natural = "max" if metric.endswith("accuracy") else "min"
    goal = values.read_choice(source, found["goal"], "objective.goal", ["max", "min"]) if "goal" in found else natural
    if goal != natural:
        source.wrong(found["goal"], f"objective.goal: {metric} is better the {'higher' if natural == 'max' else 'lower'}",
                     f"write {natural}, or leave it out")
    return metric, goal, found.get("metric")


def read_settings(source, node):
    found = src.fields(source, node, "run", ["jobs", "threads", "on_failure", "retries", "timeout"])
    settings = Settings()
    if "jobs" in found and not (src.is_scalar(found["jobs"]) and found["jobs"].value == "auto"):
        settings.jobs = values.read_whole(source, found["jobs"], "run.jobs (or auto)", 1, 4096) or 1
    if "threads" in found:
        settings.threads = values.read_whole(source, found["threads"], "run.threads", 1, 4096) or 1
    if "on_failure" in found:
        choice = values.read_choice(source, found["on_failure"], "run.on_failure", ["continue", "stop"])
        settings.stop_on_failure = choice == "stop"
    if "retries" in found:
        settings.retries = values.read_whole(source, found["retries"], "run.retries", 0, 100) or 0
    if "timeout" in found:
        settings.timeout_s = values.read_duration(source, found["timeout"], "run.timeout")
    return settings


def read_base(source, found, folder, must_exist):
    node = found.get("base")
    if node is None or not src.is_scalar(node) or node.value == "":
        raise Trouble("\n".join(source.mistakes + [f"{source.path}: error: base: names the spec whose values the axes change, "
                                                   "such as base: ../sample.yaml"]))
    base = os.path.normpath(os.path.join(folder, node.value))
    if must_exist and not os.path.isfile(base):
        source.wrong(node, f"base: {base}: there is no such spec", "a path is taken from the folder of the sweep file")
    return base


def check_axes(source, groups, repeats, method):
    seen = {}
    for axis in [axis for group in groups for axis in group] + repeats:
        if axis.key in seen:
            source.wrong(axis.node, f"{axis.key} is an axis twice", f"the first is in line {seen[axis.key] + 1}")
        seen.setdefault(axis.key, axis.node.start_mark.line)
        drawn = method.use in DRAWING or (method.use == "asha" and method.trials)
        if axis.is_range() and not drawn and axis.values.count == 0:
            source.wrong(axis.node, f"axes.{axis.key}: a grid needs to know how many points",
                         "write n: 4, or let method random, tpe or hyperband draw")
    if method.use in STAGED and "training.epochs" in seen:
        source.wrong(next(a.node for g in groups + [repeats] for a in g if a.key == "training.epochs"),
                     f"training.epochs can't be an axis of {method.use}, which gives out the epochs itself",
                     "set method.max_epochs")


def read(path, folder=None, must_exist=True):
    """The Sweep of a file.  `folder`: what its paths are relative to, where that is not its own folder;
    `must_exist`: the base."""
    source = src.Source(path)
    root = source.compose()
    if root is None or not src.is_mapping(root):
        raise Trouble(f"{path}: error: no sweep: wants a mapping that begins with nnrun-sweep: {VERSION}")
    found = src.fields(source, root, "a sweep", KEYS)
    version = found.get("nnrun-sweep")
    if version is None:
        first = root.value[0][0] if root.value else root
        source.wrong(first, "this is no sweep file", f"it begins with nnrun-sweep: {VERSION}")
    elif not src.is_scalar(version) or version.value != VERSION:
        source.wrong(version, f"nnrun-sweep: {src.kind_of(version)} is not known", f"this program reads {VERSION}")
    base = read_base(source, found, folder or os.path.dirname(os.path.abspath(path)), must_exist)
    method = read_method(source, found["method"]) if "method" in found else Method()
    groups = [[axis] for axis in read_axes(source, found["axes"], "axes")] if "axes" in found else []
    groups += read_zip(source, found["zip"]) if "zip" in found else []
    repeats = read_axes(source, found["repeats"], "repeats") if "repeats" in found else []
    for axis in repeats:
        if axis.is_range():
            source.wrong(axis.node, f"repeats.{axis.key}: wants a list of values")
    if not groups and "axes" not in found and "zip" not in found:
        source.wrong(root, "no axes: nothing to sweep over", "such as axes: {training.optimizer.rate: [0.1, 0.5]}")
    check_axes(source, groups, repeats, method)
    axes = [axis for group in groups for axis in group]
    exclude = read_exclude(source, found["exclude"], axes) if "exclude" in found else []
    metric, goal, metric_node = read_objective(source, found["objective"]) if "objective" in found \
        else ("validation.accuracy", "max", None)
    settings = read_settings(source, found["run"]) if "run" in found else Settings()
    name = os.path.splitext(os.path.basename(path))[0]
    if "name" in found:
        name = found["name"].value if src.is_scalar(found["name"]) else ""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}", name):
            source.wrong(found["name"], "name: wants letters, digits, _ . + -")
    source.settle()
    nodes = {"objective.metric": metric_node, "method": found.get("method", root), "root": root, "base": found["base"]}
    return Sweep(source, path, name, base, method, groups, exclude, repeats, metric, goal, nodes, settings)
