# SPDX-License-Identifier: MIT
"""Pictures of a sweep, from the rows of its table.

    parallel      every point as a line through the values it takes, coloured by what it came to
    axis KEY      the objective along one axis: each point, and at each value the best, with its spread
    axes KEY KEY  the same along the first key, a line for each value of the second
    curves        the objective of the best points epoch by epoch, with its spread

A spread is the standard deviation over the repeats.
"""

import statistics

from . import table
from .scale import Scale, said
from .trouble import Trouble, suggestion

try:
    import pictures
    from pictures import COLOURS, plt
except ImportError as error:
    raise Trouble(f"pictures need matplotlib: {error}\n  apt-get install python3-matplotlib") from error

POORER_SHOWN = 0.75  # of the points: a few hopeless ones may lie below the picture
CURVES_MOST = 6  # curves that have a colour and a name
CURVES_SHOWN = 0.9  # of the values: the first epochs, and hopeless points, may lie outside


class Pictured:
    """What a picture is made from: the rows that have a value, the axes that vary, and their short names."""

    def __init__(self, board):
        self.board, self.sweep = board, board.sweep
        self.rows = [row for row in table.rows_of(board) if row.values]
        if not self.rows:
            raise Trouble(f"{board.folder.path}: no trial has come to anything yet; there is nothing to draw")
        self.keys = table.varying(self.sweep, board) or [axis.key for axis in self.sweep.axes()]
        self.names = table.short_names(self.keys)
        self.scales = {key: Scale(list(dict.fromkeys(self.order(key)))) for key in self.keys}

    def order(self, key):
        """The values of an axis that occur, as the sweep file orders them where it lists them."""
        there = {row.point.values[key] for row in self.rows}
        axis = next(axis for axis in self.sweep.axes() if axis.key == key)
        listed = [] if axis.is_range() else [text for text in axis.values if text in there]
        return listed + sorted(there - set(listed))

    def key(self, word):
        """The axis that a word of the command line means: its key, or its short name."""
        found = [key for key in self.keys if word in (key, self.names[key])]
        if found:
            return found[0]
        raise Trouble(f'"{word}" is no axis that varies in this sweep\n  {suggestion(word, self.keys)}'
                      f"there are: {', '.join(self.keys)}")

    def best(self, rows):
        """The best of some rows by their mean, whole ones before those stopped early."""
        sign = 1 if self.sweep.goal == "max" else -1
        return max(rows, key=lambda row: (row.whole, sign * row.mean())) if rows else None

    def limits(self):
        """(low, high) that hold the better points and their spreads."""
        sign = 1 if self.sweep.goal == "max" else -1
        ranked = sorted(self.rows, key=lambda row: sign * row.mean(), reverse=True)
        shown = ranked[:max(2, round(len(ranked) * POORER_SHOWN))]
        low, high = (end(value for row in shown for value in row.values) for end in (min, max))
        margin = 0.06 * ((high - low) or abs(high) or 1)
        return low - margin, high + margin

    def finish_objective(self, axis):
        low, high = self.limits()
        axis.set_ylim(low, high)
        outside = sum(1 for row in self.rows if not low <= row.mean() <= high)
        below = f"; {outside} poorer points lie outside" if outside else ""
        axis.set_ylabel(f"{self.sweep.metric}, best epoch")
        axis.set_title(f"{self.sweep.name}: mean and standard deviation of {most_repeats(self.rows)} repeats{below}",
                       fontsize=9)
        axis.grid(alpha=0.25)


def most_repeats(rows):
    return max(len(row.values) for row in rows)


def sized(count):
    """A figure wide enough for `count` words."""
    return plt.subplots(figsize=(min(12, max(6, 1.1 * count)), 4.2))


def draw_axis(pictured, keys, _):
    key = pictured.key(keys[0])
    scale = pictured.scales[key]
    figure, axis = sized(len(scale.texts))
    for row in pictured.rows:
        axis.plot(scale.place(row.point.values[key]), row.mean(), ".", color="#888888", markersize=5, zorder=1)
    draw_best(axis, pictured, key, pictured.rows, COLOURS[0], "the best point at each value")
    axis.plot([], [], ".", color="#888888", label="every point")
    finish_axis(axis, pictured, key)
    return figure


def draw_axes(pictured, keys, _):
    along, apart = (pictured.key(word) for word in keys)
    if along == apart:
        raise Trouble(f"axes wants two axes, not {along} twice")
    figure, axis = sized(len(pictured.scales[along].texts))
    for i, text in enumerate(pictured.scales[apart].texts):
        rows = [row for row in pictured.rows if row.point.values[apart] == text]
        draw_best(axis, pictured, along, rows, COLOURS[i % len(COLOURS)], f"{pictured.names[apart]} {said(text)}",
                  marker="osD^vPX"[i // len(COLOURS) % 7])
    finish_axis(axis, pictured, along)
    return figure


def draw_best(axis, pictured, key, rows, colour, label, marker="o"):
    """The best of some rows at each value of an axis, with its spread, joined where values are numbers."""
    scale = pictured.scales[key]
    best = [pictured.best([row for row in rows if row.point.values[key] == text]) for text in scale.texts]
    best = [row for row in best if row]
    axis.errorbar([scale.place(row.point.values[key]) for row in best], [row.mean() for row in best],
                  yerr=[row.deviation() or 0 for row in best], color=colour, label=label, marker=marker, markersize=5,
                  linestyle="-" if scale.is_numeric else ":", linewidth=1.2, elinewidth=1.2, capsize=3, zorder=2)


def finish_axis(axis, pictured, key):
    pictured.scales[key].dress(axis)
    axis.set_xlabel(key)
    pictured.finish_objective(axis)
    axis.legend(frameon=False, fontsize=8)


def curve_of(pictured, row):
    """(epochs, means, deviations) of a point's repeats, as far as all of them have got."""
    curves = [pictured.board.outcomes[trial.hash]["values"] for trial in row.point.trials
              if pictured.board.best(trial.hash) is not None]
    columns = list(zip(*curves))
    spread = [statistics.stdev(column) if len(column) > 1 else 0 for column in columns]
    return range(1, len(columns) + 1), [statistics.fmean(column) for column in columns], spread


def draw_curve(axis, curve, colour, label, is_named):
    epochs, means, spread = curve
    axis.plot(epochs, means, color=colour, linewidth=1.5 if is_named else 0.8, label=label, zorder=3 if is_named else 2,
              marker="." if len(means) < 4 else "")
    if is_named:
        axis.fill_between(epochs, [m - s for m, s in zip(means, spread)], [m + s for m, s in zip(means, spread)],
                          color=colour, alpha=0.15, linewidth=0)


def draw_curves(pictured, _, most):
    """The first few in colour and by name, further ones in grey."""
    figure, axis = plt.subplots(figsize=(7.5, 4.6))
    shown, every = pictured.rows[:most or CURVES_MOST], []
    for i, row in enumerate(shown):
        curve, is_named = curve_of(pictured, row), i < CURVES_MOST
        label = ", ".join(f"{pictured.names[key]} {said(row.point.values[key])}" for key in pictured.keys)
        draw_curve(axis, curve, COLOURS[i] if is_named else "#999999",
                   label if is_named else "others" if i == CURVES_MOST else None, is_named)
        every += curve[1]
    every.sort(reverse=pictured.sweep.goal == "max")
    best, poor = every[0], every[min(len(every) - 1, round(CURVES_SHOWN * len(every)))]
    axis.set_ylim(*sorted((poor - 0.05 * (best - poor), best + 0.08 * (best - poor))) if best != poor else (None, None))
    axis.set_xlabel("epoch")
    axis.set_ylabel(pictured.sweep.metric)
    axis.set_title(f"{pictured.sweep.name}: the best {len(shown)} of {len(pictured.rows)} points, mean and standard "
                   f"deviation of {most_repeats(shown)} repeats", fontsize=9)
    axis.grid(alpha=0.25)
    axis.legend(fontsize=8, framealpha=0.8, edgecolor="none",
                loc="lower right" if pictured.sweep.goal == "max" else "upper right")
    return figure


def draw_parallel(pictured, _, __):
    low, high = pictured.limits()
    columns = [*pictured.keys, None]  # the last is the objective
    figure, axis = plt.subplots(figsize=(2.4 + 2.2 * len(columns), 4.6))
    shades = plt.get_cmap("viridis" if pictured.sweep.goal == "max" else "viridis_r")

    def height(row, key):
        return pictured.scales[key].share(row.point.values[key]) if key else (row.mean() - low) / (high - low)

    for row in reversed(pictured.rows):
        heights = [min(1.0, max(0.0, height(row, key))) for key in columns]
        is_best = row is pictured.rows[0]
        axis.plot(range(len(columns)), heights, color=COLOURS[1] if is_best else shades(heights[-1]),
                  linewidth=2.6 if is_best else 1.2, alpha=1 if is_best else 0.65, zorder=3 if is_best else 2,
                  label="best" if is_best else None)
    for i, key in enumerate(columns):
        axis.axvline(i, color="black", linewidth=0.8, zorder=1)
        for share, text in marks(pictured, key, low, high):
            axis.text(i - 0.03, share, text, ha="right", va="center", fontsize=8, zorder=4,
                      bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8})
    axis.set_xticks(range(len(columns)), [pictured.names[key] if key else pictured.sweep.metric for key in columns])
    axis.tick_params(axis="x", length=0)
    axis.set_yticks([])
    axis.set_xlim(-0.75, len(columns) - 0.9)
    axis.set_ylim(-0.05, 1.05)
    for side in axis.spines.values():
        side.set_visible(False)
    axis.legend(frameon=False, fontsize=8, loc="upper left")
    outside = sum(1 for row in pictured.rows if not low <= row.mean() <= high)
    ends = f"; {outside} poorer ones end at the margin" if outside else ""
    axis.set_title(f"{pictured.sweep.name}: {len(pictured.rows)} points, brighter is better{ends}", fontsize=9)
    return figure


def marks(pictured, key, low, high):
    """[(height, text)] along one vertical line."""
    if key is None:
        return [(share, f"{low + share * (high - low):.4g}") for share in (0, 0.25, 0.5, 0.75, 1)]
    scale = pictured.scales[key]
    texts = scale.texts if len(scale.texts) <= 12 else [scale.texts[0], scale.texts[-1]]
    return [(scale.share(text), said(text)) for text in texts]


KINDS = {"parallel": (draw_parallel, 0), "axis": (draw_axis, 1), "axes": (draw_axes, 2), "curves": (draw_curves, 0)}


def draw(board, kind, keys, path, most=0):
    """Draws a picture of a sweep into a file."""
    function, wanted = KINDS[kind]
    if len(keys) != wanted:
        raise Trouble(f"plot {kind} wants {('no axis', 'one axis', 'two axes')[wanted]}, not {len(keys)}: {' '.join(keys)}")
    if not pictures.ending_of(path):
        raise Trouble(f"{path}: the picture must end in {', '.join(pictures.ENDINGS)}")
    pictures.begin()
    figure = function(Pictured(board), keys, most)
    figure.tight_layout()
    try:
        pictures.save(figure, path)
    except OSError as error:
        raise Trouble(f"{path}: can't be written: {error.strerror}", 1) from error
