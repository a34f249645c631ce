# SPDX-License-Identifier: MIT
"""What a user can mend, told as nnrun tells it: what, where, what is allowed."""

# Exit codes, as nnrun's own.
DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 75


class Trouble(Exception):
    """Its text is the message; `code` the exit code."""

    def __init__(self, text, code=USAGE):
        super().__init__(text)
        self.code = code


def distance(a, b, most):
    """Edits that lead from a to b (optimal string alignment), or more than `most`."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before, row = None, list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, above, row = row, before, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if above and i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]


def nearest(word, known):
    """The known word that `word` was probably meant to be, or None."""
    most = max(1, len(word) // 3)
    word = word.lower()
    ranked = sorted((distance(word, name.lower(), most), name) for name in known)
    if ranked and ranked[0][0] <= most:
        return ranked[0][1]
    return next((name for name in known if len(word) > 2 and name.startswith(word)), None)


def suggestion(word, known):
    """'did you mean "x"? ' or nothing."""
    name = nearest(word, list(known))
    return f'did you mean "{name}"? ' if name else ""
