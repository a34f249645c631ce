/* SPDX-License-Identifier: MIT */
#include "warmup.h"

/* Keeps no state: what has happened is read off the history each time, so that a resumed run and an
 * unbroken one agree. */
enum { VALIDATION_COST, TRAIN_COST, VALIDATION_ACCURACY, TRAIN_ACCURACY };

struct plateau {
    double factor, threshold, least, warmup;
    int64_t metric, patience, cooldown;
};

static const char *const metrics[] = {"validation.cost", "train.cost", "validation.accuracy",
                                      "train.accuracy", NULL};

static const nn_param params[] = {
    NN_PARAM_CHOICE(struct plateau, metric, metrics, VALIDATION_COST, 0,
                    "What must improve; without validation that of the training part."),
    NN_PARAM_REAL(struct plateau, factor, 0.1, 0, 1, NN_OPEN_MIN | NN_OPEN_MAX, "",
                  "Factor of one reduction."),
    NN_PARAM_INT(struct plateau, patience, 10, 0, 1e9, 0, "epochs",
                 "Epochs without improvement that are let pass."),
    NN_PARAM_REAL(struct plateau, threshold, 1e-4, 0, 1, NN_OPEN_MAX, "",
                  "Share of the best by which it must improve to count."),
    NN_PARAM_INT(struct plateau, cooldown, 0, 0, 1e9, 0, "epochs",
                 "Epochs after a reduction that count for nothing."),
    NN_PARAM_REAL(struct plateau, least, 0, 0, 1, 0, "", "Smallest factor."),
    WARMUP_PARAM(struct plateau),
    NN_PARAM_END,
};

/* The history asked for, else that of the training part; NULL where there is none. */
static const double *history(const struct plateau *p, const nn_moment *moment)
{
    switch (p->metric) {
    case VALIDATION_COST:
        return moment->validation_cost ? moment->validation_cost : moment->train_cost;
    case VALIDATION_ACCURACY:
        return moment->validation_accuracy ? moment->validation_accuracy : moment->train_accuracy;
    case TRAIN_ACCURACY:
        return moment->train_accuracy;
    default:
        return moment->train_cost;
    }
}

static bool better(const struct plateau *p, double now, double best)
{
    if (p->metric == VALIDATION_ACCURACY || p->metric == TRAIN_ACCURACY) {
        return now > best * (1 + p->threshold);
    }
    return now < best - p->threshold * fabs(best);
}

static double factor(const void *self, const nn_moment *moment)
{
    const struct plateau *p = self;
    const double *values = history(p, moment);
    double result = 1;
    double best = 0;
    int64_t bad = 0, cooling = 0;
    for (size_t epoch = 0; values && epoch < moment->history_count; epoch++) {
        if (epoch == 0 || better(p, values[epoch], best)) {
            best = values[epoch];
            bad = 0;
        } else {
            bad++;
        }
        if (cooling > 0) {
            cooling--;
            bad = 0;
        }
        if (bad > p->patience) {
            result = fmax(result * p->factor, p->least);
            cooling = p->cooldown;
            bad = 0;
        }
    }
    return warmup_ramp(p->warmup, moment) * result;
}

NN_SCHEDULE {
    .name = "plateau",
    .summary = "Down by a factor where a metric has stopped improving.",
    .formula = "factor is multiplied, down to `least`, after more than `patience` epochs without "
               "improvement",
    .reference = "Senior et al. 2013, An empirical study of learning rates in deep neural "
                 "networks, section 2; rules as ReduceLROnPlateau of PyTorch 2",
    .params = params,
    .self_size = sizeof(struct plateau),
    .flags = NN_PER_STEP,
    .factor = factor,
};
