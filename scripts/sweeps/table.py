# SPDX-License-Identifier: MIT
"""The table of a sweep: a row a point, mean and spread of the objective over its repeats, the best first.

The objective is of the validation part, and so is the choice; the test set is shown once, for the winner.
The standard deviation is the sample's, with n - 1.
"""

import csv
import io
import json
import statistics
from dataclasses import dataclass

from . import outcome as outcomes
from .progress import brief


@dataclass
class Row:
    point: object
    values: list  # of the repeats that have one
    planned: int
    failed: int
    epochs: int  # the least that a repeat was trained
    whole: bool  # every repeat has run to its end

    def mean(self):
        return statistics.fmean(self.values) if self.values else None

    def deviation(self):
        return statistics.stdev(self.values) if len(self.values) > 1 else None


def row_of(board, point):
    told = [board.outcomes.get(trial.hash) for trial in point.trials]
    good = [one for one in told if one and one["best"] is not None]
    return Row(point, [one["best"] for one in good], len(point.trials),
               sum(1 for one in told if one and one["state"] in outcomes.FAILURES),
               min((one["epochs"] for one in good), default=0),
               len(good) == len(told) and all(one["state"] == "done" for one in good))


def rows_of(board):
    """Whole points first, then those stopped early, the longer trained first; in each the best first."""
    sign = -1 if board.sweep.goal == "max" else 1

    def rank(row):
        unfinished = 0 if row.whole else 1
        return unfinished, row.failed, -row.epochs if unfinished else 0, sign * row.mean() if row.values else 0

    rows = [row_of(board, point) for point in board.points]
    return sorted([row for row in rows if row.values], key=rank) + [row for row in rows if not row.values]


def winner_of(rows):
    """The first row, if all its repeats have run whole."""
    return rows[0] if rows and rows[0].whole else None


def tests_of(board, row):
    """{metric: [value of each repeat]} on the test set; {} where there is none."""
    told = [(board.outcomes[trial.hash]["test"] or {}) for trial in row.point.trials]
    names = [name for name in ("accuracy", "cost") if all(name in one for one in told)]
    return {f"test.{name}": [one[name] for one in told] for name in names}


def short_names(keys):
    """{key: its last parts, as many as tell it from the others}."""
    names = {}
    for key in keys:
        parts = key.split(".")
        for count in range(1, len(parts) + 1):
            tail = parts[-count:]
            if not any(other != key and other.split(".")[-count:] == tail for other in keys):
                break
        names[key] = ".".join(tail)
    return names


def varying(sweep, board):
    """The axes that take more than one value in the points."""
    return [axis.key for axis in sweep.axes() if len({point.values.get(axis.key) for point in board.points}) > 1]


def number(value):
    """Five decimals, where these say something."""
    if value is None:
        return ""
    return f"{value:.5f}" if value == 0 or 1e-3 <= abs(value) < 1e4 else f"{value:.4g}"


def cells(board, rows, names):
    """(head, lines) as text."""
    staged = any(not row.whole and row.values for row in rows)
    head = [*names.values(), "mean", "sd", "n", "min", "max", *(["epochs"] if staged else []), "failed"]
    lines = []
    for row in rows:
        n = f"{len(row.values)}" if len(row.values) == row.planned else f"{len(row.values)}/{row.planned}"
        least, most = (min(row.values), max(row.values)) if row.values else (None, None)
        lines.append([*(row.point.values.get(key, "") for key in names), number(row.mean()), number(row.deviation()), n,
                      number(least), number(most), *([str(row.epochs)] if staged else []), str(row.failed or "")])
    if not any(line[-1] for line in lines):
        head, lines = head[:-1], [line[:-1] for line in lines]
    return head, lines


def told_winner(board, row):
    """The sentences about the winner."""
    if row is None:
        return ["no winner yet: no point has run whole with all its repeats"]
    spread = f" +- {number(row.deviation())}" if row.deviation() is not None else ""
    lines = [f"best: {brief(row.point.values)}",
             f"{board.sweep.metric} {number(row.mean())}{spread} (n = {len(row.values)})"]
    for name, values in tests_of(board, row).items():
        spread = f" +- {number(statistics.stdev(values))}" if len(values) > 1 else ""
        lines.append(f"{name} {number(statistics.fmean(values))}{spread}, of the epochs chosen on validation")
    return lines


def as_text(board, rows, names):
    head, lines = cells(board, rows, names)
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    is_text = [i < len(names) and any(not is_number(line[i]) for line in lines) for i in range(len(head))]
    made = ["  ".join(cell.ljust(w) if text else cell.rjust(w) for cell, w, text in zip(line, widths, is_text)).rstrip()
            for line in [head, *lines]]
    return "\n".join([f"{board.sweep.name}: {board.sweep.metric}, best epoch", "", *made, "",
                      *told_winner(board, winner_of(rows))]) + "\n"


def is_number(text):
    try:
        float(text or 0)
        return True
    except ValueError:
        return False


def as_markdown(board, rows, names):
    head, lines = cells(board, rows, names)
    made = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in [head, *lines]]
    rule = "|" + "|".join(" --- " if i < len(names) else " ---: " for i in range(len(head))) + "|"
    return "\n".join([made[0], rule, *made[1:], "", *(f"- {line}" for line in told_winner(board, winner_of(rows)))]) + "\n"


def escaped(text):
    return "".join({"\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}"}.get(c, f"\\{c}")
                   if c in "\\~^&%$#_{}" else c for c in text)


def as_latex(board, rows, names):
    head, lines = cells(board, rows, names)
    columns = "l" * len(names) + "r" * (len(head) - len(names))
    made = [" & ".join(escaped(cell) for cell in line) + " \\\\" for line in [head, *lines]]
    notes = [f"% {line}" for line in told_winner(board, winner_of(rows))]
    return "\n".join([*notes, f"\\begin{{tabular}}{{{columns}}}", "\\hline", made[0], "\\hline", *made[1:], "\\hline",
                      "\\end{tabular}"]) + "\n"


def as_csv(board, rows, names):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*names, "mean", "sd", "n", "planned", "min", "max", "epochs", "whole", "failed"])
    for row in rows:
        least, most = (min(row.values), max(row.values)) if row.values else (None, None)
        exact = [None if value is None else repr(value) for value in (row.mean(), row.deviation(), least, most)]
        writer.writerow([*(row.point.values.get(key, "") for key in names), exact[0], exact[1], len(row.values), row.planned,
                         exact[2], exact[3], row.epochs, "yes" if row.whole else "no", row.failed])
    return out.getvalue()


def as_json(board, rows, names):
    winner = winner_of(rows)
    made = [{"values": row.point.values, "trials": [trial.hash for trial in row.point.trials], "mean": row.mean(),
             "sd": row.deviation(), "n": len(row.values), "planned": row.planned, "min": min(row.values, default=None),
             "max": max(row.values, default=None), "epochs": row.epochs, "whole": row.whole, "failed": row.failed}
            for row in rows]
    told = None
    if winner:
        told = {"values": winner.point.values, "mean": winner.mean(), "sd": winner.deviation(), "n": len(winner.values),
                "test": {name: {"mean": statistics.fmean(values), "sd": statistics.stdev(values) if len(values) > 1 else None}
                         for name, values in tests_of(board, winner).items()}}
    return json.dumps({"sweep": board.sweep.name, "metric": board.sweep.metric, "goal": board.sweep.goal, "points": made,
                       "winner": told}, indent=1) + "\n"


FORMS = {"text": as_text, "csv": as_csv, "json": as_json, "md": as_markdown, "latex": as_latex}


def show(board, form, most=0):
    rows = rows_of(board)
    names = short_names(varying(board.sweep, board) or [axis.key for axis in board.sweep.axes()])
    if form == "csv":
        names = {key: key for key in names}
    return FORMS[form](board, rows[:most] if most else rows, names)
