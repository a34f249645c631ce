/* SPDX-License-Identifier: MIT */
/* The engine against numbers worked out elsewhere and against central differences, and what it refuses. */
#include "hand.h"
#include "networks.h"

#include "base/memory.h"

static const double tolerance = NN_REAL_BITS == 64 ? 1e-12 : 1e-5;
static struct sgd called_sgd = {.rate = 0.5, .called = true};
static nn_component sgd_called = {.kind = NN_KIND_OPTIMIZER, .ops = &sgd_ops, .self = &called_sgd};

static void assert_near(nn_real got, double wanted, double within)
{
    double size = fabs(wanted) > 1 ? fabs(wanted) : 1;
    if (!(fabs((double)got - wanted) <= within * size)) {
        fail_msg("got %.17g, wanted %.17g", (double)got, wanted);
    }
}

/* --- the hand-worked network --- */

static const double hand_x[] = {0.05, 0.10, 0.90, -0.40};
static const double hand_y[] = {0.01, 0.99};
static const double hand_w0[] = {0.15, 0.20, 0.25, -0.30}, hand_w1[] = {0.40, -0.45};
static const double hand_b0[] = {0.35, -0.10}, hand_b1[] = {0.60};

static void to_reals(const double *from, size_t count, nn_real *to)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = (nn_real)from[i];
    }
}

static void check_reals(const nn_real *got, const double *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_near(got[i], wanted[i], tolerance);
    }
}

static void check_hand(nn_isa isa, nn_component *optimizer)
{
    struct net net = {.inputs = 2, .batch = 2, .units = {2, 1}, .hidden = &sigmoid,
                      .last = &sigmoid, .cost = &quadratic, .optimizer = optimizer, .l2 = 0.01};
    nn_real x[4], y[2], w[4], b[2], v[2], c[1];
    double rate = 0.5;
    nn_engine *engine;
    to_reals(hand_x, 4, x);
    to_reals(hand_y, 2, y);
    assert_int_equal(nn_engine_create(describe(&net, isa), NULL, &engine), NN_OK);
    to_reals(hand_w0, 4, w);
    to_reals(hand_b0, 2, b);
    nn_engine_set(engine, 0, w, b);
    to_reals(hand_w1, 2, w);
    to_reals(hand_b1, 1, b);
    nn_engine_set(engine, 1, w, b);
    nn_input input = {.reals = x, .targets = y};
    nn_stretch stretch = {.input = &input, .count = 2, .rates = &rate};

    nn_trace trace;
    assert_int_equal(nn_engine_trace(engine, &stretch, false, &trace), NN_OK);
    for (size_t l = 0, at = 0; l < 2; at += 4, l++) {
        size_t count = l == 0 ? 4 : 2;
        check_reals(trace.z[l], hand_z + at, count);
        check_reals(trace.a[l], hand_a + at, count);
        check_reals(trace.dz[l], hand_dz + at, count);
    }
    assert_near((nn_real)trace.cost, hand_cost / 2, tolerance);

    void *dw[] = {w, v}, *db[] = {b, c};
    double cost;
    assert_int_equal(nn_engine_gradient(engine, &stretch, dw, db, &cost), NN_OK);
    check_reals(w, hand_dw, 4);
    check_reals(v, hand_dw + 4, 2);
    check_reals(b, hand_db, 2);
    check_reals(c, hand_db + 2, 1);

    nn_tally tally = {0};
    assert_int_equal(nn_engine_train(engine, &stretch, &tally), NN_OK);
    assert_near((nn_real)tally.cost, hand_cost, tolerance);
    assert_int_equal(tally.rows, 2);
    nn_engine_get(engine, 0, w, b);
    check_reals(w, hand_w, 4);
    check_reals(b, hand_b, 2);
    nn_engine_get(engine, 1, w, b);
    check_reals(w, hand_w + 4, 2);
    check_reals(b, hand_b + 2, 1);
    nn_engine_destroy(engine);
}

static void a_step_of_the_hand_worked_network_gives_its_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof isas / sizeof isas[0]; i++) {
        if (runs_here(isas[i])) {
            check_hand(isas[i], &sgd);
            check_hand(isas[i], &sgd_called);
        }
    }
}

/* --- gradients --- */

static void check_gradient(struct net net, size_t samples)
{
    if (NN_REAL_BITS != 64) {
        return;
    }
    net.batch = samples;
    struct samples s = make_samples(samples, net.inputs, 3, 0.1);
    nn_engine *engine;
    assert_int_equal(nn_engine_create(describe(&net, NN_ISA_X86_64_V2), NULL, &engine), NN_OK);
    nn_stretch stretch = {.input = view(&s), .count = samples, .epoch = 2};
    nn_real *w[10], *b[10];
    void *dw[10], *db[10];
    for (size_t l = 0; l < net.count; l++) {
        size_t weights = net.layers[l].inputs * net.layers[l].units;
        w[l] = malloc(weights * sizeof(nn_real));
        dw[l] = malloc(weights * sizeof(nn_real));
        b[l] = malloc(net.layers[l].units * sizeof(nn_real));
        db[l] = malloc(net.layers[l].units * sizeof(nn_real));
        nn_engine_get(engine, l, w[l], b[l]);
    }
    double cost;
    assert_int_equal(nn_engine_gradient(engine, &stretch, dw, db, &cost), NN_OK);
    for (size_t l = 0; l < net.count; l++) {
        size_t weights = net.layers[l].inputs * net.layers[l].units;
        for (size_t i = 0; i < weights + net.layers[l].units; i++) {
            nn_real *at = i < weights ? &w[l][i] : &b[l][i - weights], old = *at;
            nn_real *g = i < weights ? (nn_real *)dw[l] + i : (nn_real *)db[l] + (i - weights);
            double up, down;
            *at = old + (nn_real)1e-5;
            nn_engine_set(engine, l, w[l], b[l]);
            nn_engine_gradient(engine, &stretch, NULL, NULL, &up);
            *at = old - (nn_real)1e-5;
            nn_engine_set(engine, l, w[l], b[l]);
            nn_engine_gradient(engine, &stretch, NULL, NULL, &down);
            *at = old;
            nn_engine_set(engine, l, w[l], b[l]);
            assert_near(*g, (up - down) / 2e-5, 1e-8);
        }
    }
    for (size_t l = 0; l < net.count; l++) {
        free(w[l]);
        free(b[l]);
        free(dw[l]);
        free(db[l]);
    }
    nn_engine_destroy(engine);
    free_samples(&s);
}

static void gradients_equal_central_differences(void **state)
{
    (void)state;
    check_gradient((struct net){.inputs = 5, .units = {7, 4, 3}, .hidden = &silu, .last = &softmax,
                                .cost = &cross, .optimizer = &sgd, .l2 = 0.01, .l1 = 0.001,
                                .dropout = 0.4},
                   9);
    check_gradient((struct net){.inputs = 5, .units = {6, 5, 3}, .hidden = &softmax,
                                .last = &sigmoid, .cost = &quadratic, .optimizer = &adam},
                   11);
}

/* --- what else must hold --- */

static void a_blank_network_has_no_weights(void **state)
{
    (void)state;
    struct net net = {.inputs = 7,
                      .batch = 4,
                      .units = {5, 3},
                      .hidden = &silu,
                      .last = &softmax,
                      .cost = &cross,
                      .optimizer = &sgd};
    nn_topology topology = *describe(&net, isas[0]);
    nn_engine *engine;
    nn_real w[5 * 7], b[5];
    topology.blank = true;
    assert_int_equal(nn_engine_create(&topology, NULL, &engine), NN_OK);
    nn_engine_get(engine, 0, w, b);
    for (size_t i = 0; i < 35; i++) {
        assert_true(w[i] == 0);
    }
    nn_engine_destroy(engine);
}

static void a_number_that_is_not_finite_names_its_batch_and_layer(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 3; threads++) {
        struct net net = {.inputs = 49, .batch = 10, .units = {40, 30, 10}, .hidden = &silu,
                          .last = &softmax, .cost = &cross, .optimizer = &sgd};
        struct samples s = make_samples(100, 49, 10, 0.1);
        nn_pool *pool;
        nn_engine *engine;
        nn_tally tally = {0};
        assert_int_equal(nn_pool_create(threads, &pool), NN_OK);
        assert_int_equal(nn_engine_create(describe(&net, NN_ISA_X86_64_V2), pool, &engine), NN_OK);
        s.rates[3] = INFINITY;
        nn_stretch stretch = {.input = view(&s), .count = 100, .rates = s.rates};
        assert_int_equal(nn_engine_train(engine, &stretch, &tally), NN_ERR_NUMERIC);
        assert_int_equal(tally.bad_batch, 3); /* whose update wrote the weights */
        assert_int_equal(tally.bad_layer, 0);
        assert_int_equal(tally.bad_fault, NN_FAULT_UPDATE);
        assert_non_null(strstr(nn_story(), "batch 4"));
        nn_engine_destroy(engine);
        nn_pool_destroy(pool);
        free_samples(&s);
    }
}

static void max_norm_bounds_every_unit(void **state)
{
    (void)state;
    struct net net = {.inputs = 20, .batch = 5, .units = {33, 10}, .hidden = &sigmoid,
                      .last = &softmax, .cost = &cross, .optimizer = &sgd, .max_norm = 0.3};
    struct samples s = make_samples(50, 20, 10, 0.5);
    nn_engine *engine;
    nn_tally tally = {0};
    assert_int_equal(nn_engine_create(describe(&net, NN_ISA_X86_64_V2), NULL, &engine), NN_OK);
    nn_stretch stretch = {.input = view(&s), .count = 50, .rates = s.rates};
    assert_int_equal(nn_engine_train(engine, &stretch, &tally), NN_OK);
    nn_real w[33 * 20], b[33];
    nn_engine_get(engine, 0, w, b);
    for (size_t u = 0; u < 33; u++) {
        double sum = 0;
        for (size_t i = 0; i < 20; i++) {
            sum += (double)w[u * 20 + i] * (double)w[u * 20 + i];
        }
        assert_true(sqrt(sum) < 0.3 * 1.00001);
        assert_true(sqrt(sum) > 0.2);
    }
    nn_engine_destroy(engine);
    free_samples(&s);
}

/* Scales repeat over the features of a sample: what is scaled before gives the same outputs. */
static void scales_go_round_the_features(void **state)
{
    (void)state;
    enum { FEATURES = 40, UNITS = 5, ROWS = 9, SCALES = 3 };
    static const double scale[SCALES] = {1.0 / 255, 0.5 / 255, 2.0 / 255}, one = 1, none = 0;
    for (int shifted = 0; shifted < 2; shifted++) {
        struct net net = {.inputs = FEATURES, .batch = ROWS, .units = {UNITS}, .hidden = &sigmoid,
                          .last = &sigmoid, .cost = &quadratic};
        const double shift[SCALES] = {0.25 * shifted, 0.5 * shifted, 0.75 * shifted};
        struct samples samples = make_samples(ROWS, FEATURES, UNITS, 0);
        nn_real x[ROWS * FEATURES], by_engine[ROWS * UNITS], before[ROWS * UNITS];
        nn_engine *engine;
        for (size_t i = 0; i < ROWS * FEATURES; i++) {
            nn_real product = (nn_real)samples.bytes[i] * (nn_real)scale[i % FEATURES % SCALES];
            x[i] = product + (nn_real)shift[i % FEATURES % SCALES];
        }
        const nn_input bytes = {.bytes = samples.bytes, .scale = scale, .shift = shift, .scale_count = SCALES};
        const nn_input reals = {.reals = x, .scale = &one, .shift = &none, .scale_count = 1};
        assert_int_equal(nn_engine_create(describe(&net, NN_ISA_X86_64_V2), NULL, &engine), NN_OK);
        assert_int_equal(nn_engine_evaluate(engine, &bytes, NULL, ROWS, NULL, by_engine, NULL), NN_OK);
        assert_int_equal(nn_engine_evaluate(engine, &reals, NULL, ROWS, NULL, before, NULL), NN_OK);
        assert_memory_equal(by_engine, before, sizeof before);
        nn_engine_destroy(engine);
        free_samples(&samples);
    }
}

static void misfitting_shapes_are_refused(void **state)
{
    (void)state;
    struct net net = {.inputs = 4, .batch = 5, .units = {3, 2}, .hidden = &sigmoid,
                      .last = &sigmoid, .cost = &quadratic, .optimizer = &sgd};
    nn_engine *engine = NULL;
    describe(&net, NN_ISA_X86_64_V2);
    net.layers[1].inputs = 4;
    assert_int_equal(nn_engine_create(&net.topology, NULL, &engine), NN_ERR_SHAPE);
    assert_null(engine);
}

static void every_failing_allocation_is_told(void **state)
{
    (void)state;
    struct net net = {.inputs = 4, .batch = 5, .units = {3, 2}, .hidden = &silu, .last = &softmax,
                      .cost = &cross, .optimizer = &adam, .dropout = 0.1, .clip = 1};
    nn_status status = NN_ERR_MEMORY;
    for (long k = 0; status != NN_OK; k++) {
        nn_engine *engine = NULL;
        nn_memory_fail_after(k, 1);
        status = nn_engine_create(describe(&net, NN_ISA_X86_64_V2), NULL, &engine);
        nn_memory_fail_after(0, 0);
        assert_true(status == NN_OK || (status == NN_ERR_MEMORY && engine == NULL));
        nn_engine_destroy(engine);
        assert_true(k < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_of_the_hand_worked_network_gives_its_numbers),
        cmocka_unit_test(gradients_equal_central_differences),
        cmocka_unit_test(a_blank_network_has_no_weights),
        cmocka_unit_test(a_number_that_is_not_finite_names_its_batch_and_layer),
        cmocka_unit_test(max_norm_bounds_every_unit),
        cmocka_unit_test(scales_go_round_the_features),
        cmocka_unit_test(misfitting_shapes_are_refused),
        cmocka_unit_test(every_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
