# SPDX-License-Identifier: MIT
"""How the values of an axis lie in a picture: numbers evenly or by their logarithm, words one beside the other."""

import math
import re

from . import values

LOG_FROM = 20  # the ratio of the largest to the least value from which a scale is logarithmic
WORD_MOST = 34


def said(text):
    """A value as a picture says it: {use: sgd, rate: 0.5} is "sgd, rate 0.5"."""
    short = re.sub(r"\buse: ", "", text.strip("{}")).replace(": ", " ").replace('"', "")
    return short if len(short) <= WORD_MOST else short[:WORD_MOST - 1] + "…"


class Scale:
    """Places of an axis' values, from those that occur; `texts` in order."""

    def __init__(self, texts):
        numbers = [values.number(text) for text in texts]
        self.is_numeric = len(texts) > 1 and None not in numbers
        least = min(numbers) if self.is_numeric else 0
        self.is_log = self.is_numeric and least > 0 and max(numbers) / least >= LOG_FROM
        self.texts = sorted(texts, key=values.number) if self.is_numeric else list(texts)

    def place(self, text):
        """Where a value lies on an axis of a picture."""
        return values.number(text) if self.is_numeric else self.texts.index(text)

    def share(self, text):
        """The same from 0 to 1, the logarithm taken."""
        if not self.is_numeric:
            return self.texts.index(text) / max(1, len(self.texts) - 1)
        low, high, here = (values.number(one) for one in (self.texts[0], self.texts[-1], text))
        if self.is_log:
            low, high, here = math.log(low), math.log(high), math.log(here)
        return (here - low) / (high - low)

    def dress(self, axis):
        """Gives the x axis of a picture its scale and its words."""
        if self.is_log:
            axis.set_xscale("log")
        if not self.is_numeric:
            axis.set_xticks(range(len(self.texts)), [said(text) for text in self.texts])
            axis.set_xlim(-0.4, len(self.texts) - 0.6)
            if max(map(len, self.texts)) * len(self.texts) > 60:
                axis.tick_params(axis="x", labelrotation=20)
                for label in axis.get_xticklabels():
                    label.set_horizontalalignment("right")
        elif len(self.texts) <= 8:
            axis.set_xticks([values.number(text) for text in self.texts], [said(text) for text in self.texts])
            axis.minorticks_off()
