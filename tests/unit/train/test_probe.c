/* SPDX-License-Identifier: MIT */
/* The probe against the engine's own numbers: norms summed here, updates really made, slopes worked
 * out by hand. */
#include "parts.h"

#include "train/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { INPUTS = 5, HIDDEN = 8, CLASSES = 3, ROWS = 12, BATCH = 6, WEIGHTS = HIDDEN * INPUTS };

static const double tolerance = NN_REAL_BITS == 64 ? 1e-12 : 1e-5;
static struct sgd plain = {.rate = 0.5};
static struct sgd heavy = {.rate = 0.1, .momentum = 0.9};
static nn_component sgd = {.kind = NN_KIND_OPTIMIZER, .ops = &sgd_ops, .self = &plain};
static nn_component momentum = {.kind = NN_KIND_OPTIMIZER, .ops = &sgd_ops, .self = &heavy};
static nn_component adam = {.kind = NN_KIND_OPTIMIZER, .ops = &adam_ops};

/* INPUTS - HIDDEN - CLASSES on twelve samples made by a rule. */
struct rig {
    nn_layer layers[2];
    nn_topology topology;
    nn_engine *engine;
    uint8_t bytes[ROWS * INPUTS];
    int32_t labels[ROWS];
    uint32_t rows[ROWS];
    double scale, shift;
    nn_input input;
    nn_training training;
    nn_probe *probe;
};

static void rig_up_with(struct rig *rig, nn_component *hidden, nn_component *cost,
                        nn_component *optimizer, double clip)
{
    *rig = (struct rig){.scale = 1.0 / 255};
    rig->layers[0] = (nn_layer){INPUTS, HIDDEN, hidden, &uniform, NULL, 0};
    rig->layers[1] = (nn_layer){HIDDEN, CLASSES, &softmax, &uniform, NULL, 0};
    rig->topology = (nn_topology){
        .bits = NN_REAL_BITS, .isa = NN_ISA_X86_64_V2, .seed = 11, .batch_size = BATCH,
        .inputs = INPUTS, .layers = rig->layers, .layer_count = 2, .outputs = CLASSES,
        .classes = true, .cost = cost, .optimizer = optimizer, .l2 = 0.01, .gradient_clip = clip,
    };
    for (size_t i = 0; i < ROWS; i++) {
        rig->labels[i] = (int32_t)(i % CLASSES);
        rig->rows[i] = (uint32_t)(ROWS - 1 - i);
        for (size_t f = 0; f < INPUTS; f++) {
            rig->bytes[i * INPUTS + f] = (uint8_t)(i * 37 + f * 91);
        }
    }
    rig->input = (nn_input){.bytes = rig->bytes, .scale = &rig->scale, .shift = &rig->shift,
                            .scale_count = 1, .labels = rig->labels};
    assert_int_equal(nn_engine_create(&rig->topology, NULL, &rig->engine), NN_OK);
    rig->training = (nn_training){.engine = rig->engine, .input = &rig->input, .rows = rig->rows,
                                  .row_count = ROWS, .batch_size = BATCH};
    assert_int_equal(nn_probe_create(&rig->training, &rig->probe), NN_OK);
}

static void rig_up(struct rig *rig, nn_component *optimizer, double clip)
{
    rig_up_with(rig, &sigmoid, &cross, optimizer, clip);
}

static void rig_down(struct rig *rig)
{
    nn_probe_destroy(rig->probe);
    nn_engine_destroy(rig->engine);
}

/* `batches` updates on the batch the probe looks at. */
static void train(struct rig *rig, uint64_t step, size_t batches, double rate)
{
    for (size_t i = 0; i < batches; i++) {
        nn_stretch stretch = {.input = &rig->input, .order = rig->rows, .count = BATCH,
                              .step = step + i, .rates = &rate};
        nn_tally tally = {0};
        assert_int_equal(nn_engine_train(rig->engine, &stretch, &tally), NN_OK);
    }
}

static double norm_of(const nn_real *v, const nn_real *from, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double d = (double)v[i] - (from == NULL ? 0 : (double)from[i]);
        sum += d * d;
    }
    return sqrt(sum);
}

static void is_near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= tolerance * fmax(1, fabs(wanted)))) {
        fail_msg("%.17g is not %.17g", value, wanted);
    }
}

static void norms_are_those_of_gradient_and_weights(void **state)
{
    (void)state;
    struct rig rig;
    rig_up(&rig, &sgd, 0);
    nn_real dw0[WEIGHTS], dw1[CLASSES * HIDDEN], db0[HIDDEN], db1[CLASSES], w[WEIGHTS], b[HIDDEN];
    void *dw[] = {dw0, dw1}, *db[] = {db0, db1};
    nn_stretch stretch = {.input = &rig.input, .order = rig.rows, .count = BATCH};
    double cost;
    assert_int_equal(nn_engine_gradient(rig.engine, &stretch, dw, db, &cost), NN_OK);
    nn_engine_get(rig.engine, 0, w, b);
    nn_record record = {.step = 0, .rate = 0.5};
    assert_int_equal(nn_probe_measure(rig.probe, &record), NN_OK);
    is_near(record.probe[NN_PROBE_GRADIENT_NORM][0],
            hypot(norm_of(dw0, NULL, WEIGHTS), norm_of(db0, NULL, HIDDEN)));
    is_near(record.probe[NN_PROBE_GRADIENT_NORM][1],
            hypot(norm_of(dw1, NULL, CLASSES * HIDDEN), norm_of(db1, NULL, CLASSES)));
    is_near(record.probe[NN_PROBE_WEIGHT_NORM][0], norm_of(w, NULL, WEIGHTS));
    rig_down(&rig);
}

/* The ratio is that of the step the optimizer makes when the batch really comes next. */
static void ratio_of(nn_component *optimizer, double rate, double clip)
{
    struct rig rig;
    nn_real before[WEIGHTS], after[WEIGHTS], b[HIDDEN];
    rig_up(&rig, optimizer, clip);
    train(&rig, 0, 3, rate); /* slots and scalars hold something */
    nn_record record = {.step = 3, .rate = rate};
    assert_int_equal(nn_probe_measure(rig.probe, &record), NN_OK);
    nn_engine_get(rig.engine, 0, before, b);
    train(&rig, 3, 1, rate);
    nn_engine_get(rig.engine, 0, after, b);
    double made = norm_of(after, before, WEIGHTS) / norm_of(before, NULL, WEIGHTS);
    assert_true(made > 0);
    double share = record.probe[NN_PROBE_UPDATE_RATIO][0] / made;
    if (!(fabs(share - 1) <= (NN_REAL_BITS == 64 ? 1e-9 : 1e-3))) {
        fail_msg("told %g, made %g", record.probe[NN_PROBE_UPDATE_RATIO][0], made);
    }
    rig_down(&rig);
}

static void update_ratio_is_that_of_the_next_step(void **state)
{
    (void)state;
    ratio_of(&sgd, 0.5, 0);
    ratio_of(&momentum, 0.1, 0);
    ratio_of(&adam, 0.01, 0);
    ratio_of(&sgd, 0.5, 0.05);
}

static void measuring_changes_nothing(void **state)
{
    (void)state;
    struct rig looked, other;
    rig_up(&looked, &adam, 0);
    rig_up(&other, &adam, 0);
    for (uint64_t step = 0; step < 4; step++) {
        nn_record record = {.step = step, .rate = 0.01};
        assert_int_equal(nn_probe_measure(looked.probe, &record), NN_OK);
        train(&looked, step, 1, 0.01);
        train(&other, step, 1, 0.01);
    }
    nn_real a[WEIGHTS], b[WEIGHTS], ab[HIDDEN], bb[HIDDEN];
    nn_engine_get(looked.engine, 0, a, ab);
    nn_engine_get(other.engine, 0, b, bb);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_equal(ab, bb, sizeof ab);
    rig_down(&looked);
    rig_down(&other);
}

/* silu'(0) = 0.5, silu'(9) = 1.001, silu'(-9) = -0.001: flat on one side, and it needs z. */
static void saturation_reads_z_where_the_activation_does(void **state)
{
    (void)state;
    struct rig rig;
    rig_up_with(&rig, &silu, &quadratic, &sgd, 0);
    nn_real w[WEIGHTS] = {0}, b[HIDDEN] = {0, 9, -9, -9, 0, 9, -9, 9};
    nn_record record = {.step = 0, .rate = 0.5};
    nn_engine_set(rig.engine, 0, w, b);
    assert_int_equal(nn_probe_measure(rig.probe, &record), NN_OK);
    is_near(record.probe[NN_PROBE_SATURATION][0], 3.0 / HIDDEN);
    rig_down(&rig);
}

/* With no weights z is the bias: sigma'(0) = 0.25, sigma'(+-5) = 0.0066.  The softmax of equal z has the
 * slope 1/3 * 2/3 everywhere; of (9, 0, 0) it has 0.0002 for the first and 0.0001 for the others. */
static void saturation_counts_flat_slopes(void **state)
{
    (void)state;
    struct rig rig;
    rig_up(&rig, &sgd, 0);
    nn_real w[WEIGHTS] = {0}, b[HIDDEN] = {0, 5, -5, 4, 0, 5, -4, 0}, none[CLASSES] = {0};
    nn_record record = {.step = 0, .rate = 0.5};
    nn_engine_set(rig.engine, 0, w, b);
    nn_engine_set(rig.engine, 1, w, none);
    assert_int_equal(nn_probe_measure(rig.probe, &record), NN_OK);
    is_near(record.probe[NN_PROBE_SATURATION][0], 3.0 / HIDDEN);
    is_near(record.probe[NN_PROBE_SATURATION][1], 0);
    nn_real sure[CLASSES] = {9, 0, 0};
    nn_engine_set(rig.engine, 1, w, sure);
    assert_int_equal(nn_probe_measure(rig.probe, &record), NN_OK);
    is_near(record.probe[NN_PROBE_SATURATION][1], 1);
    rig_down(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(norms_are_those_of_gradient_and_weights),
        cmocka_unit_test(update_ratio_is_that_of_the_next_step),
        cmocka_unit_test(measuring_changes_nothing),
        cmocka_unit_test(saturation_counts_flat_slopes),
        cmocka_unit_test(saturation_reads_z_where_the_activation_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
