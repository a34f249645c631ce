# SPDX-License-Identifier: MIT
"""What all pictures share: colours, and files that are the same for the same numbers."""

import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # the choice above comes first

# Colours that stay apart for colour-blind readers: Okabe and Ito 2008, "Color Universal Design".
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
ENDINGS = (".png", ".svg", ".pdf")


def ending_of(path):
    """The form that a file's name asks for, or None where it can't be written."""
    ending = os.path.splitext(path)[1].lower()
    return ending if ending in ENDINGS else None


def begin():
    """Text stays text in SVG, and equal pictures get equal names in it."""
    matplotlib.rcParams["svg.hashsalt"] = "nnrun"
    matplotlib.rcParams["svg.fonttype"] = "none"


def save(figure, path):
    """Writes the picture without its date."""
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(ending_of(path))
    figure.savefig(path, dpi=130, metadata=metadata)
    plt.close(figure)
