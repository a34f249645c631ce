/* SPDX-License-Identifier: MIT */
#include "run/contract_cost_batch.h"

#include <math.h>

enum { N = NN__ROWS * NN__COLS, KINKS_MAX = 16 };

static bool bounded(const nn__batch *batch)
{
    return (batch->ops->flags & NN_HAS_RANGE) != 0 && isfinite(batch->ops->least)
        && isfinite(batch->ops->most);
}

nn__batch nn__batch_create(nn__subject *subject, const nn__instance *instance, unsigned bits, bool classes)
{
    const nn_component *component = instance->component[nn__slot(bits)];
    nn__batch batch = {.ops = component->ops, .self = component->self, .bits = bits,
                       .classes = classes};
    batch.a = nn__reals_create(subject, bits, N, "a");
    batch.y = nn__reals_create(subject, bits, N, "y");
    batch.da = nn__reals_create(subject, bits, N, "da");
    batch.label_block = nn__block_create(subject, sizeof *batch.labels, NN__ROWS, "labels");
    batch.labels = batch.label_block.at;
    return batch;
}

const char *nn__batch_absent(const nn__batch *batch)
{
    return batch->classes ? "y is NULL here: it is called with labels, as NN_TAKES_CLASSES asks"
                          : "labels is NULL here: it is called with y, as NN_TAKES_REALS asks";
}

double nn__batch_value(const nn__batch *batch, size_t row, size_t rows)
{
    nn__scene_call("value()", nn__batch_absent(batch));
    return batch->ops->value(batch->self, rows, NN__COLS, nn__real_at(&batch->a, row * NN__COLS),
                             batch->classes ? NULL : nn__real_at(&batch->y, row * NN__COLS),
                             batch->classes ? batch->labels + row : NULL);
}

void nn__batch_gradient(const nn__batch *batch, size_t row, size_t rows)
{
    nn__scene_call("gradient()", nn__batch_absent(batch));
    batch->ops->gradient(batch->self, rows, NN__COLS, nn__real_at(&batch->a, row * NN__COLS),
                         batch->classes ? NULL : nn__real_at(&batch->y, row * NN__COLS),
                         batch->classes ? batch->labels + row : NULL,
                         nn__real_at(&batch->da, row * NN__COLS));
}

void nn__batch_draw_targets(nn__batch *batch, uint64_t seed)
{
    for (size_t i = 0; i < N; i++) {
        size_t row = i / NN__COLS, col = i % NN__COLS;
        batch->labels[row] = (int32_t)((row * 7 + seed) % NN__COLS);
        double u = nn__check_uniform(seed * 8 * N + 4 * N + i, 0, 1);
        double y = 4 * u - 2;
        if (bounded(batch)) {
            double width = batch->ops->most - batch->ops->least;
            bool hot = (int32_t)col == batch->labels[row];
            y = batch->ops->least + width * (row % 2 == 0 ? (hot ? 1.0 : 0.0) : u);
        }
        nn__real_set(&batch->y, i, y);
    }
}

static bool near_kink(const nn__batch *batch, size_t i, double a)
{
    double kinks[KINKS_MAX];
    if (batch->ops->find_kinks == NULL) {
        return false;
    }
    size_t count = batch->ops->find_kinks(batch->self, nn__real_get(&batch->y, i),
                                          batch->labels[i / NN__COLS], i % NN__COLS, KINKS_MAX, kinks);
    for (size_t k = 0; k < count && k < KINKS_MAX; k++) {
        if (fabs(a - kinks[k]) < 2e-3) {
            return true;
        }
    }
    return false;
}

void nn__batch_draw(nn__batch *batch, uint64_t seed)
{
    double least = -3, most = 3;
    if ((batch->ops->flags & NN_HAS_RANGE) != 0) {
        most = isfinite(batch->ops->most) ? batch->ops->most : fmax(batch->ops->least, 0) + 3;
        least = isfinite(batch->ops->least) ? batch->ops->least : most - 3;
    }
    double margin = 0.05 * (most - least);
    nn__batch_draw_targets(batch, seed);
    for (size_t i = 0; i < N; i++) {
        double a = nn__check_uniform(seed * 8 * N + i, least + margin, most - margin);
        if (near_kink(batch, i, a)) {
            a = (double)(float)(a + (a + 4e-3 < most ? 5e-3 : -5e-3));
        }
        nn__real_set(&batch->a, i, a);
    }
}
