# SPDX-License-Identifier: MIT
"""What an axis can take: values as they were written, or a range."""

import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from . import source as yaml_source
from .trouble import suggestion

PLAIN = re.compile(r"[A-Za-z0-9_.+/~-][A-Za-z0-9_.+/~ -]*\Z")
POINTS_MOST = 1000


def quoted(text):
    """A text in YAML's double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


def flow(node):
    """The node in one line of YAML, its plain scalars plain and its quoted ones quoted."""
    if yaml_source.is_list(node):
        return "[" + ", ".join(flow(item) for item in node.value) + "]"
    if yaml_source.is_mapping(node):
        return "{" + ", ".join(f"{flow(key)}: {flow(value)}" for key, value in node.value) + "}"
    if node.style is None and PLAIN.match(node.value) and not node.value.endswith(" "):
        return node.value
    if node.style is None and node.value == "":
        return "null"
    return quoted(node.value)


def number(text):
    """The number a text is, or None."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return float(value) if value.is_finite() else None


def same(a, b):
    """Whether two values mean the same as far as their texts tell: 1e-3 is 0.001."""
    if a == b:
        return True
    x, y = number(a), number(b)
    return x is not None and x == y


@dataclass(frozen=True)
class Range:
    """From low to high, evenly or evenly in the logarithm; low and high as they were written."""

    low: str
    high: str
    log: bool
    whole: bool
    count: int  # of points on a grid; 0 where there is none to be

    def ends(self):
        return float(self.low), float(self.high)

    def at(self, share):
        """The value at a share of the way, 0 to 1, as text."""
        low, high = self.ends()
        if share <= 0 or share >= 1:
            return self.low if share <= 0 else self.high
        value = low * (high / low) ** share if self.log else low + (high - low) * share
        return str(round(value)) if self.whole else f"{value:.6g}"

    def points(self):
        """The points of a grid, ends included; whole numbers that fall together are one."""
        if self.count == 1:
            return [self.low]
        return list(dict.fromkeys(self.at(i / (self.count - 1)) for i in range(self.count)))


def read_number(source, node, where):
    value = number(node.value) if yaml_source.is_scalar(node) else None
    if value is None:
        source.wrong(node, f"{where}: {yaml_source.kind_of(node)} is not a number")
    return value


def read_whole(source, node, where, least, most):
    """A whole number, or None and a mistake noted."""
    text = node.value if yaml_source.is_scalar(node) else ""
    if re.fullmatch(r"[+-]?[0-9]{1,15}", text) and least <= int(text) <= most:
        return int(text)
    source.wrong(node, f"{where}: {yaml_source.kind_of(node)} does not do", f"wants a whole number from {least} to {most}")
    return None


def read_range(source, node, where):
    """{log: [1e-5, 1e-2], n: 4} or {linear: [0, 1]}; None and a mistake noted where it is no range."""
    found = yaml_source.fields(source, node, where, ["log", "linear", "n", "whole"])
    kinds = [kind for kind in ("log", "linear") if kind in found]
    if len(kinds) != 1:
        source.wrong(node, f"{where}: a range is log or linear", "such as {log: [1e-5, 1e-2], n: 4}; values are a list")
        return None
    ends = found[kinds[0]]
    if not yaml_source.is_list(ends) or len(ends.value) != 2:
        source.wrong(ends, f"{where}.{kinds[0]}: wants two ends, [low, high]")
        return None
    low, high = (read_number(source, end, f"{where}.{kinds[0]}") for end in ends.value)
    if low is None or high is None:
        return None
    whole = "whole" in found and read_truth(source, found["whole"], f"{where}.whole")
    if low >= high or not math.isfinite(high - low):
        source.wrong(ends, f"{where}.{kinds[0]}: {ends.value[0].value} is not below {ends.value[1].value}")
    elif kinds[0] == "log" and low <= 0:
        source.wrong(ends.value[0], f"{where}.log: {ends.value[0].value} has no logarithm",
                     "wants ends above 0; linear takes any")
    elif whole and (low != int(low) or high != int(high)):
        source.wrong(ends, f"{where}: ends of whole numbers must be whole")
    count = read_whole(source, found["n"], f"{where}.n", 1, POINTS_MOST) if "n" in found else 0
    texts = [str(int(end)) if whole and end == int(end) else written.value for end, written in zip((low, high), ends.value)]
    return Range(*texts, kinds[0] == "log", whole, count or 0)


def read_truth(source, node, where):
    if yaml_source.is_scalar(node) and node.value in ("true", "false"):
        return node.value == "true"
    source.wrong(node, f"{where}: {yaml_source.kind_of(node)} is neither true nor false")
    return False


def read_choice(source, node, where, choices):
    if yaml_source.is_scalar(node) and node.value in choices:
        return node.value
    text = node.value if yaml_source.is_scalar(node) else ""
    source.wrong(node, f"{where}: {yaml_source.kind_of(node)} does not do",
                 f"{suggestion(text, choices)}wants {' or '.join(choices)}")
    return choices[0]


def read_duration(source, node, where):
    """Seconds of 90, 30s, 10m, 1h or 2d; None for `none`."""
    text = node.value if yaml_source.is_scalar(node) else ""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(s|m|h|d|)", text)
    if text == "none":
        return None
    if found and float(found[1]) > 0:
        return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
    source.wrong(node, f"{where}: {yaml_source.kind_of(node)} is no time", "wants such as 90s, 10m, 1h or 2d, or none")
    return None
