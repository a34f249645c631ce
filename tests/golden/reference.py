# SPDX-License-Identifier: MIT
"""Back-propagation once more, in NumPy and float64: full-batch training of a connected network.

Written from the formulas and papers, not from nnrun's source; test_golden.py holds nnrun's own runs
against it.  Letters: z = a w' + b, a = f(z), n samples as rows.
"""
import math

import numpy as np

# ---- Activations: f(z), and the product of da with the Jacobian. ----


def erf(x):
    return np.vectorize(math.erf, otypes=[float])(x)


def logistic(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


SELU_LAMBDA, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def gelu_tanh_slope(z):
    c = math.sqrt(2 / math.pi)
    t = np.tanh(c * (z + 0.044715 * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * c * (1 + 3 * 0.044715 * z**2)


# name: (f, f')
ELEMENTWISE = {
    "identity": (lambda z: z, np.ones_like),
    "sigmoid": (logistic, lambda z: logistic(z) * (1 - logistic(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z)**2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1, 0.01)),
    "elu": (lambda z: np.where(z > 0, z, np.expm1(z)), lambda z: np.where(z > 0, 1, np.exp(z))),
    "selu": (lambda z: SELU_LAMBDA * np.where(z > 0, z, SELU_ALPHA * np.expm1(z)),
             lambda z: SELU_LAMBDA * np.where(z > 0, 1, SELU_ALPHA * np.exp(z))),
    "gelu": (lambda z: z * 0.5 * (1 + erf(z / math.sqrt(2))),
             lambda z: 0.5 * (1 + erf(z / math.sqrt(2)))
             + z * np.exp(-z**2 / 2) / math.sqrt(2 * math.pi)),
    "gelu_tanh": (lambda z: 0.5 * z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
                  gelu_tanh_slope),
    "silu": (lambda z: z * logistic(z),
             lambda z: logistic(z) + z * logistic(z) * (1 - logistic(z))),
    "softplus": (lambda z: np.logaddexp(0, z), logistic),
    "hard_sigmoid": (lambda z: np.clip((z + 3) / 6, 0, 1), lambda z: (np.abs(z) < 3) / 6),
}


def activate(name, z):
    if name == "softmax":
        return softmax(z)
    if name == "log_softmax":
        return np.log(softmax(z))
    return ELEMENTWISE[name][0](z)


def through(name, z, da):
    """dC/dz from dC/da."""
    if name == "softmax":
        a = softmax(z)
        return np.stack([(np.diag(p) - np.outer(p, p)) @ d for p, d in zip(a, da)])
    if name == "log_softmax":
        a = softmax(z)
        return np.stack([(np.eye(len(p)) - np.outer(p, np.ones(len(p)))) @ d
                         for p, d in zip(a, da)])
    return da * ELEMENTWISE[name][1](z)


# ---- Costs: summed over outputs, mean over samples; and dC/da of each sample. ----


def quadratic(a, y):
    return 0.5 * (a - y)**2, a - y


def absolute_error(a, y):
    return np.abs(a - y), np.sign(a - y)


def huber(a, y, delta=1.0):
    d = a - y
    small = np.abs(d) <= delta
    return (np.where(small, d**2 / 2, delta * (np.abs(d) - delta / 2)),
            np.where(small, d, delta * np.sign(d)))


def binary_cross_entropy(a, y):
    return -(y * np.log(a) + (1 - y) * np.log1p(-a)), (1 - y) / (1 - a) - y / a


def categorical_cross_entropy(a, y, label_smoothing=0.0):
    q = (1 - label_smoothing) * y + label_smoothing / y.shape[1]
    return -q * np.log(a), -q / a


def negative_log_likelihood(a, y):
    return -y * a, -y


def hinge(a, y, margin=1.0, power=1):
    right = (a * y).sum(axis=1, keepdims=True)
    lack = np.maximum(0, margin - right + a) * (1 - y)
    slope = (lack > 0) * 1.0 if power == 1 else 2 * lack
    return lack**power, slope - y * slope.sum(axis=1, keepdims=True)


COSTS = {f.__name__: f for f in (quadratic, absolute_error, huber, binary_cross_entropy,
                                 categorical_cross_entropy, negative_log_likelihood, hinge)}


# ---- Optimizers: one array's state each; step(w, g, t, rate) gives the new w. ----


class Sgd:
    def __init__(self, rate=0.01, momentum=0.0, nesterov=False):
        self.rate, self.momentum, self.nesterov = rate, momentum, nesterov
        self.velocity = 0.0

    def step(self, w, g, t, rate):
        self.velocity = self.momentum * self.velocity + g
        return w - rate * (g + self.momentum * self.velocity if self.nesterov else self.velocity)


class Adam:
    def __init__(self, rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
        self.rate, self.beta1, self.beta2 = rate, beta1, beta2
        self.epsilon, self.amsgrad = epsilon, amsgrad
        self.m = self.v = self.largest = 0.0

    def moments(self, g):
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2
        self.largest = np.maximum(self.largest, self.v)
        return self.m, self.largest if self.amsgrad else self.v

    def step(self, w, g, t, rate):
        m, v = self.moments(g)
        m_hat, v_hat = m / (1 - self.beta1**t), v / (1 - self.beta2**t)
        return w - rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


class Adamw(Adam):
    def __init__(self, decay=0.01, **rest):
        super().__init__(**rest)
        self.decay = decay

    def step(self, w, g, t, rate):
        return super().step(w - rate * self.decay * w, g, t, rate)


class Nadam(Adam):
    def __init__(self, rate=2e-3, momentum_decay=0.004, **rest):
        super().__init__(rate=rate, **rest)
        self.momentum_decay = momentum_decay
        self.product = 1.0

    def mu(self, t):
        return self.beta1 * (1 - 0.5 * 0.96**(t * self.momentum_decay))

    def step(self, w, g, t, rate):
        m, v = self.moments(g)
        self.product *= self.mu(t)
        m_bar = (self.mu(t + 1) * m / (1 - self.product * self.mu(t + 1))
                 + (1 - self.mu(t)) * g / (1 - self.product))
        return w - rate * m_bar / (np.sqrt(v / (1 - self.beta2**t)) + self.epsilon)


class Rmsprop:
    def __init__(self, rate=0.01, alpha=0.99, epsilon=1e-8, momentum=0.0, centered=False):
        self.rate, self.alpha, self.epsilon = rate, alpha, epsilon
        self.momentum, self.centered = momentum, centered
        self.square = self.mean = self.buffer = 0.0

    def step(self, w, g, t, rate):
        self.square = self.alpha * self.square + (1 - self.alpha) * g**2
        self.mean = self.alpha * self.mean + (1 - self.alpha) * g
        spread = self.square - (self.mean**2 if self.centered else 0)
        self.buffer = self.momentum * self.buffer + g / (np.sqrt(spread) + self.epsilon)
        return w - rate * self.buffer


class Adagrad:
    def __init__(self, rate=0.01, rate_decay=0.0, initial=0.0, epsilon=1e-10):
        self.rate, self.rate_decay, self.epsilon = rate, rate_decay, epsilon
        self.sum = initial

    def step(self, w, g, t, rate):
        self.sum = self.sum + g**2
        return w - rate / (1 + (t - 1) * self.rate_decay) * g / (np.sqrt(self.sum) + self.epsilon)


class Rprop:
    def __init__(self, rate=0.01, grow=1.2, shrink=0.5, least=1e-6, most=50.0):
        self.rate, self.grow, self.shrink, self.least, self.most = rate, grow, shrink, least, most
        self.before, self.size = 0.0, rate

    def step(self, w, g, t, rate):
        turn = np.sign(g * self.before)
        change = np.where(turn > 0, self.grow, np.where(turn < 0, self.shrink, 1))
        self.size = np.clip(self.size * change, self.least, self.most)
        g = np.where(turn < 0, 0, g)
        self.before = g
        return w - rate / self.rate * np.sign(g) * self.size


OPTIMIZERS = {"sgd": Sgd, "adam": Adam, "adamw": Adamw, "nadam": Nadam, "rmsprop": Rmsprop,
              "adagrad": Adagrad, "rprop": Rprop}


# ---- Schedules, with one step an epoch: factor(epoch from 0, epochs, costs so far). ----


def plateau(costs, factor, patience, threshold=1e-4, cooldown=0, least=0.0):
    result, best, bad, wait = 1.0, math.inf, 0, 0
    for cost in costs:
        if cost < best * (1 - threshold):
            best, bad = cost, 0
        else:
            bad += 1
        if wait > 0:
            wait, bad = wait - 1, 0
        if bad > patience:
            result, wait, bad = max(result * factor, least), cooldown, 0
    return result


def cosine(t, length, end=0.0, period=0.0, growth=1.0):
    if period == 0:
        share = min(t / length, 1)
    else:
        while t >= period:
            t, period = t - period, period * growth
        share = t / period
    return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * share))


def one_cycle(t, length, rise=0.3, start=0.04, end=4e-6):
    share = t / length
    if share < rise:
        return 1 + (start - 1) * 0.5 * (1 + math.cos(math.pi * share / rise))
    return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * (share - rise) / (1 - rise)))


def schedule(name, parameters, epoch, epochs, costs):
    p = dict(parameters)
    warmup = p.pop("warmup", 0)
    ramp = min(1, (epoch + 1) / warmup) if warmup else 1
    t, length = max(0, epoch - warmup), epochs - warmup
    if name == "constant":
        factor = 1
    elif name == "step":
        factor = p.get("gamma", 0.1)**(sum(t >= e for e in p["at"]) if "at" in p
                                       else t // p.get("every", 10))
    elif name == "exponential":
        factor = p.get("gamma", 0.95)**t
    elif name == "linear":
        span = p.get("epochs", 0) or length
        start, end = p.get("start", 1), p.get("end", 0)
        factor = start + (end - start) * min(1, t / span)
    elif name == "cosine":
        factor = cosine(t, length, **p)
    elif name == "one_cycle":
        factor = one_cycle(t, length, **p)
    else:
        factor = plateau(costs, **p)
    return ramp * factor


# ---- Training ----


def train(x, y, weights, biases, activations, cost, optimizer, *, schedule_of=("constant", {}),
          l1=0.0, l2=0.0, max_norm=0.0, gradient_clip=0.0, epochs=20):
    """Full-batch training; y one-hot or real.  Returns weights, biases and each epoch's cost before
    its update, penalties left out."""
    cost_name, cost_parameters = cost
    kind, parameters = optimizer
    states = [[OPTIMIZERS[kind](**parameters) for _ in range(2)] for _ in weights]
    weights, biases, costs = [w.copy() for w in weights], [b.copy() for b in biases], []
    n = len(x)
    for epoch in range(epochs):
        a, zs, inputs = x, [], []
        for w, b, name in zip(weights, biases, activations):
            inputs.append(a)
            zs.append(a @ w.T + b)
            a = activate(name, zs[-1])
        terms, d = COSTS[cost_name](a, y, **cost_parameters)
        factor = schedule(*schedule_of, epoch, epochs, costs)
        costs.append(terms.sum() / n)
        gradients = []
        for k in reversed(range(len(weights))):
            dz = through(activations[k], zs[k], d)
            gradients.insert(0, [dz.T @ inputs[k] / n + l2 * weights[k] + l1 * np.sign(weights[k]),
                                 dz.mean(axis=0)])
            d = dz @ weights[k]
        norm = math.sqrt(sum((g**2).sum() for pair in gradients for g in pair))
        clip = gradient_clip / norm if 0 < gradient_clip < norm else 1
        for k, (gw, gb) in enumerate(gradients):
            rate = states[k][0].rate * factor
            weights[k] = states[k][0].step(weights[k], clip * gw, epoch + 1, rate)
            biases[k] = states[k][1].step(biases[k], clip * gb, epoch + 1, rate)
            if max_norm > 0:
                length = np.sqrt((weights[k]**2).sum(axis=1, keepdims=True))
                weights[k] = weights[k] * np.where(length > max_norm, max_norm / length, 1)
    return weights, biases, costs
