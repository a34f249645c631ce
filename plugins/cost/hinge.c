/* SPDX-License-Identifier: MIT */
#include <nnrun/cost.h>

/* The multi-class hinge of Weston and Watkins: every wrong class that comes closer to the right one
 * than the margin costs what it lacks (squared with power 2). */
struct hinge {
    double margin;
    int64_t power;
};

static const nn_param params[] = {
    NN_PARAM_REAL(struct hinge, margin, 1, 0, INFINITY, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "By how much the right class must lead."),
    NN_PARAM_INT(struct hinge, power, 1, 1, 2, 0, "", "1: as far as it lacks; 2: its square."),
    NN_PARAM_END,
};

enum { BLOCK = 256 }; /* terms are summed a block at a time */

/* What output a lacks to be `margin` below the output of the right class. */
NN_INLINE nn_real lack(nn_real margin, nn_real right, nn_real a)
{
    return nn_max(0, margin - right + a);
}

static double value(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                    const int32_t *labels)
{
    const struct hinge *p = self;
    const nn_real margin = (nn_real)p->margin;
    (void)y;
    nn_real terms[BLOCK];
    double sum = 0;
    for (size_t row = 0; row < rows; row++, a += cols) {
        const nn_real right = a[labels[row]];
        for (size_t first = 0; first < cols; first += BLOCK) {
            const size_t n = cols - first < BLOCK ? cols - first : BLOCK;
            for (size_t j = 0; j < n; j++) {
                terms[j] = lack(margin, right, a[first + j]);
            }
            sum += p->power == 1 ? nn_sum(n, terms) : nn_dot(n, terms, terms);
        }
        /* The right class was counted against itself. */
        const double own = (double)lack(margin, right, right);
        sum -= p->power == 1 ? own : own * own;
    }
    return sum;
}

/* Each wrong class is pushed down, and the right one up by as much as all of them together. */
static void gradient(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                     const int32_t *labels, nn_real *da)
{
    const struct hinge *p = self;
    const nn_real margin = (nn_real)p->margin;
    (void)y;
    for (size_t row = 0; row < rows; row++, a += cols, da += cols) {
        const nn_real right = a[labels[row]];
        if (p->power == 1) {
            NN_INDEPENDENT
            for (size_t j = 0; j < cols; j++) {
                da[j] = nn_sign(lack(margin, right, a[j]));
            }
        } else {
            NN_INDEPENDENT
            for (size_t j = 0; j < cols; j++) {
                da[j] = 2 * lack(margin, right, a[j]);
            }
        }
        da[labels[row]] = 0;
        da[labels[row]] = -(nn_real)nn_sum(cols, da);
    }
}

NN_COST {
    .name = "hinge",
    .summary = "Multi-class hinge: wrong classes must stay a margin below the right one.",
    .formula = "C = sum_{k != y} max(0, margin - a_y + a_k)^power",
    .reference = "Weston and Watkins 1999, Support vector machines for multi-class pattern "
                 "recognition, eq. 1",
    .params = params,
    .self_size = sizeof(struct hinge),
    .flags = NN_TAKES_CLASSES,
    .value = value,
    .gradient = gradient,
};
