#!/usr/bin/env python3
"""The hand-worked 2-2-1 network of test_engine.c, worked out by NumPy in float64, one sample at a time.

Prints the C initialisers of hand.h.  Written from the equations alone (Nielsen 2015, ch. 2); nothing of
nnrun is used."""
import numpy as np

x = [np.array([0.05, 0.10]), np.array([0.90, -0.40])]
y = [np.array([0.01]), np.array([0.99])]
w = [np.array([[0.15, 0.20], [0.25, -0.30]]), np.array([[0.40, -0.45]])]
b = [np.array([0.35, -0.10]), np.array([0.60])]
rate, l2 = 0.5, 0.01


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


zs, activations, dzs, cost = [[], []], [[], []], [[], []], 0.0
dw = [np.zeros_like(m) for m in w]
db = [np.zeros_like(v) for v in b]
for xs, ys in zip(x, y):
    z1 = w[0] @ xs + b[0]
    a1 = sigmoid(z1)
    z2 = w[1] @ a1 + b[1]
    a2 = sigmoid(z2)
    cost += 0.5 * np.sum((a2 - ys) ** 2)
    d2 = (a2 - ys) * a2 * (1 - a2)            # BP1
    d1 = (w[1].T @ d2) * a1 * (1 - a1)        # BP2
    db[1] += d2                               # BP3
    db[0] += d1
    dw[1] += np.outer(d2, a1)                 # BP4
    dw[0] += np.outer(d1, xs)
    for l, (zz, aa, dd) in enumerate([(z1, a1, d1), (z2, a2, d2)]):
        zs[l].append(zz)
        activations[l].append(aa)
        dzs[l].append(dd)
n = len(x)
dw = [g / n + l2 * m for g, m in zip(dw, w)]
db = [g / n for g in db]
new_w = [m - rate * g for m, g in zip(w, dw)]
new_b = [v - rate * g for v, g in zip(b, db)]


def show(name, arrays):
    flat = np.concatenate([np.ravel(a) for a in arrays])
    print("static const double %s[] = {" % name)
    for v in flat:
        print("    %s," % repr(float(v)))
    print("};")


print("/* SPDX-License-Identifier: MIT */")
print("/* Written by hand.py. */")
for name, lists in (("hand_z", zs), ("hand_a", activations), ("hand_dz", dzs)):
    show(name, [np.array(part) for part in lists])
show("hand_dw", dw)
show("hand_db", db)
show("hand_w", new_w)
show("hand_b", new_b)
print("static const double hand_cost = %s; /* summed over samples */" % repr(float(cost)))
