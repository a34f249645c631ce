/* SPDX-License-Identifier: MIT */
/* The engine against numbers worked out elsewhere, against itself on other numbers of threads, and
 * against central differences. */
#include "hand.h"
#include "parts.h"

#include "base/memory.h"
#include "net/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const double tolerance = NN_REAL_BITS == 64 ? 1e-12 : 1e-5;
static struct sgd plain_sgd = {.rate = 0.5};
static struct sgd called_sgd = {.rate = 0.5, .called = true};
static struct sgd momentum_sgd = {.rate = 0.1, .momentum = 0.9};
static nn_component sgd = {.kind = NN_KIND_OPTIMIZER, .ops = &sgd_ops, .self = &plain_sgd};
static nn_component sgd_called = {.kind = NN_KIND_OPTIMIZER, .ops = &sgd_ops, .self = &called_sgd};
static nn_component sgd_momentum = {
    .kind = NN_KIND_OPTIMIZER, .ops = &sgd_ops, .self = &momentum_sgd};
static nn_component adam = {.kind = NN_KIND_OPTIMIZER, .ops = &adam_ops};

static const nn_isa isas[] = {NN_ISA_X86_64_V2, NN_ISA_X86_64_V3, NN_ISA_X86_64_V4};

static bool runs_here(nn_isa isa)
{
#if defined(__x86_64__)
    switch (isa) {
    case NN_ISA_X86_64_V4:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    case NN_ISA_X86_64_V3:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    default:
        return true;
    }
#else
    return isa == NN_ISA_X86_64_V2;
#endif
}

/* A network as a test writes it down. */
struct net {
    size_t inputs, batch;
    size_t units[10], count;
    nn_component *hidden, *last, *cost, *optimizer;
    double dropout, l1, l2, max_norm, clip, rate;
    double shift; /* of the inputs: not 0, and none of them is zero */
    nn_layer layers[10];
    nn_topology topology;
};

static const nn_topology *describe(struct net *net, nn_isa isa)
{
    size_t inputs = net->inputs;
    for (net->count = 0; net->units[net->count] > 0; net->count++) {
        net->layers[net->count] = (nn_layer){
            .inputs = inputs,
            .units = net->units[net->count],
            .activation = net->hidden,
            .initializer = &uniform,
            .dropout = net->dropout,
        };
        inputs = net->units[net->count];
    }
    net->layers[net->count - 1].activation = net->last;
    net->layers[net->count - 1].dropout = 0;
    net->topology = (nn_topology){
        .bits = NN_REAL_BITS,
        .isa = isa,
        .seed = 7,
        .batch_size = net->batch,
        .inputs = net->inputs,
        .layers = net->layers,
        .layer_count = net->count,
        .outputs = inputs,
        .classes = true,
        .input_dropout = net->dropout / 2,
        .cost = net->cost,
        .optimizer = net->optimizer,
        .l1 = net->l1,
        .l2 = net->l2,
        .max_norm = net->max_norm,
        .gradient_clip = net->clip,
    };
    return &net->topology;
}

/* Bytes and classes by a fixed rule; many zeros, as in images. */
struct samples {
    size_t count;
    uint8_t *bytes;
    int32_t *labels;
    double *rates;
    double scale, shift;
    nn_input input;
};

static struct samples make_samples(size_t count, size_t features, size_t classes, double rate)
{
    struct samples s = {.count = count, .scale = 1.0 / 255};
    s.bytes = malloc(count * features);
    s.labels = malloc(count * sizeof *s.labels);
    s.rates = malloc(count * sizeof *s.rates);
    nn_stream stream = nn_stream_make(3, "test", 0, 0);
    for (size_t i = 0; i < count * features; i++) {
        uint64_t bits = nn_random_bits(&stream, i);
        s.bytes[i] = bits % 3 == 0 ? (uint8_t)(bits >> 8) : 0;
    }
    for (size_t i = 0; i < count; i++) {
        s.labels[i] = (int32_t)((s.bytes[i * features] + i) % classes);
        s.rates[i] = rate;
    }
    return s;
}

static const nn_input *view(struct samples *s)
{
    s->input = (nn_input){
        .bytes = s->bytes,
        .scale = &s->scale,
        .shift = &s->shift,
        .scale_count = 1,
        .labels = s->labels,
    };
    return &s->input;
}

static void free_samples(struct samples *s)
{
    free(s->bytes);
    free(s->labels);
    free(s->rates);
}

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

/* --- the same bits on any number of threads --- */

struct outcome {
    nn_real *reals;
    size_t count;
    nn_tally trained, tested;
};

static struct outcome train_on(struct net *net, struct samples *s, nn_isa isa, size_t threads)
{
    nn_pool *pool;
    nn_engine *engine;
    struct outcome out = {0};
    assert_int_equal(nn_pool_create(threads, &pool), NN_OK);
    assert_int_equal(nn_engine_create(describe(net, isa), pool, &engine), NN_OK);
    nn_stretch stretch = {.input = view(s), .count = s->count, .rates = s->rates};
    unsigned long before = nn_memory_count();
    for (int epoch = 0; epoch < 2; epoch++) {
        stretch.epoch = (uint64_t)epoch;
        assert_int_equal(nn_engine_train(engine, &stretch, &out.trained), NN_OK);
        stretch.step += (s->count + net->batch - 1) / net->batch;
    }
    out.count = nn_topology_parameters(&net->topology) + s->count * net->topology.outputs;
    out.reals = calloc(out.count, sizeof *out.reals);
    assert_int_equal(
        nn_engine_evaluate(engine, view(s), NULL, s->count, &out.tested, out.reals, NULL), NN_OK);
    assert_int_equal(nn_memory_count(), before);
    nn_real *to = out.reals + s->count * net->topology.outputs;
    for (size_t l = 0; l < net->count; l++) {
        nn_real *bias = to + net->layers[l].inputs * net->layers[l].units;
        nn_engine_get(engine, l, to, bias);
        to = bias + net->layers[l].units;
    }
    nn_engine_destroy(engine);
    nn_pool_destroy(pool);
    return out;
}

static void check_bits(struct net net, size_t samples)
{
    static const size_t threads[] = {2, 3, 4, 7};
    describe(&net, NN_ISA_ANY);
    struct samples s = make_samples(samples, net.inputs, net.topology.outputs, net.rate);
    s.shift = net.shift;
    for (size_t i = 0; i < sizeof isas / sizeof isas[0]; i++) {
        if (!runs_here(isas[i])) {
            continue;
        }
        struct outcome one = train_on(&net, &s, isas[i], 1);
        for (size_t k = 0; k < one.count; k++) {
            assert_true(isfinite(one.reals[k]));
        }
        for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
            struct outcome many = train_on(&net, &s, isas[i], threads[t]);
            assert_memory_equal(one.reals, many.reals, one.count * sizeof *one.reals);
            assert_memory_equal(&one.trained.cost, &many.trained.cost, sizeof(double));
            assert_memory_equal(&one.tested.cost, &many.tested.cost, sizeof(double));
            assert_int_equal(one.trained.correct, many.trained.correct);
            assert_int_equal(one.tested.correct, many.tested.correct);
            free(many.reals);
        }
        free(one.reals);
    }
    free_samples(&s);
}

static void small_batches_give_the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    check_bits((struct net){.inputs = 49, .batch = 10, .units = {30, 10}, .hidden = &sigmoid,
                            .last = &sigmoid, .cost = &quadratic, .optimizer = &sgd, .rate = 3},
               123);
    check_bits((struct net){.inputs = 49, .batch = 10, .units = {100, 10}, .hidden = &sigmoid,
                            .last = &sigmoid, .cost = &quadratic, .optimizer = &sgd, .l2 = 1e-3,
                            .rate = 0.5},
               123);
    check_bits((struct net){.inputs = 49, .batch = 10, .units = {100, 10}, .hidden = &sigmoid,
                            .last = &sigmoid, .cost = &quadratic, .optimizer = &sgd, .l2 = 1e-3,
                            .rate = 0.5, .shift = -0.1},
               123);
    check_bits((struct net){.inputs = 49, .batch = 10, .units = {100, 10}, .hidden = &silu,
                            .last = &softmax, .cost = &cross, .optimizer = &adam, .dropout = 0.25,
                            .rate = 0.01},
               123);
}

static void large_batches_give_the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    check_bits((struct net){.inputs = 49, .batch = 128, .units = {64, 64, 10}, .hidden = &silu,
                            .last = &softmax, .cost = &cross, .optimizer = &adam, .rate = 0.001},
               300);
    check_bits((struct net){.inputs = 149, .batch = 128, .units = {64, 64, 10}, .hidden = &silu,
                            .last = &softmax, .cost = &cross, .optimizer = &adam, .rate = 0.001,
                            .shift = -0.1},
               300);
    check_bits((struct net){.inputs = 49, .batch = 300, .units = {130, 70, 10}, .hidden = &silu,
                            .last = &softmax, .cost = &cross, .optimizer = &sgd_momentum,
                            .dropout = 0.5, .l2 = 1e-4, .rate = 0.1},
               700);
}

static void odd_networks_give_the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    check_bits((struct net){.inputs = 17, .batch = 1, .units = {33, 1, 5, 3}, .hidden = &sigmoid,
                            .last = &softmax, .cost = &cross, .optimizer = &sgd, .rate = 0.5},
               40);
    check_bits((struct net){.inputs = 300, .batch = 7, .units = {10}, .hidden = &sigmoid,
                            .last = &softmax, .cost = &cross, .optimizer = &sgd_momentum,
                            .rate = 0.1},
               45);
    check_bits((struct net){.inputs = 5, .batch = 33, .units = {40, 40, 40, 40, 40, 40, 40, 9},
                            .hidden = &softmax, .last = &softmax, .cost = &cross,
                            .optimizer = &adam, .rate = 0.01},
               100);
    check_bits((struct net){.inputs = 600, .batch = 16, .units = {270, 520, 300}, .hidden = &silu,
                            .last = &softmax, .cost = &cross, .optimizer = &sgd, .rate = 0.05},
               48);
}

static void limits_give_the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    check_bits((struct net){.inputs = 140, .batch = 10, .units = {100, 10}, .hidden = &sigmoid,
                            .last = &softmax, .cost = &cross, .optimizer = &sgd, .clip = 0.1,
                            .l1 = 1e-4, .l2 = 1e-3, .rate = 0.5},
               55);
    check_bits((struct net){.inputs = 49, .batch = 10, .units = {50, 30, 10}, .hidden = &silu,
                            .last = &softmax, .cost = &cross, .optimizer = &adam, .clip = 0.5,
                            .max_norm = 0.8, .rate = 0.01},
               55);
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

static void a_sample_alone_gives_the_bits_it_gives_among_others(void **state)
{
    (void)state;
    struct net net = {.inputs = 70, .batch = 4, .units = {45, 33, 10}, .hidden = &silu,
                      .last = &softmax, .cost = &cross, .optimizer = &sgd};
    struct samples s = make_samples(150, 70, 10, 0.1);
    for (size_t i = 0; i < sizeof isas / sizeof isas[0]; i++) {
        if (!runs_here(isas[i])) {
            continue;
        }
        nn_engine *engine;
        nn_real all[150 * 10], one[10];
        assert_int_equal(nn_engine_create(describe(&net, isas[i]), NULL, &engine), NN_OK);
        assert_int_equal(nn_engine_evaluate(engine, view(&s), NULL, 150, NULL, all, NULL), NN_OK);
        for (uint32_t k = 0; k < 150; k++) {
            int32_t class;
            assert_int_equal(nn_engine_evaluate(engine, view(&s), &k, 1, NULL, one, &class), NN_OK);
            assert_memory_equal(one, all + (size_t)k * 10, sizeof one);
            assert_true(class >= 0 && class < 10);
        }
        nn_engine_destroy(engine);
    }
    free_samples(&s);
}

/* Threads that bring samples of their own get the bits of one evaluation, whatever is mostly zero.
 */
struct forward {
    nn_engine *engine;
    nn_input whole;
    nn_real *out;
    int32_t *classes;
    atomic_size_t next;
};

static nn_status forward_blocks(void *context, size_t thread)
{
    enum { ROWS = 37, BLOCKS = 300 / ROWS + 1 };
    struct forward *f = context;
    size_t block;
    while (nn_next(&f->next, BLOCKS, &block)) {
        size_t first = block * ROWS, rows = 300 - first < ROWS ? 300 - first : ROWS;
        nn_input own = f->whole;
        own.bytes += first * 70;
        NN_TRY(nn_engine_forward(f->engine, thread, &own, rows, f->out + first * 10,
                                 f->classes + first));
    }
    return NN_OK;
}

static void threads_with_samples_of_their_own_get_the_bits_of_an_evaluation(void **state)
{
    (void)state;
    struct net net = {.inputs = 70,
                      .batch = 4,
                      .units = {45, 33, 10},
                      .hidden = &softmax,
                      .last = &softmax,
                      .cost = &cross,
                      .optimizer = &sgd};
    struct samples s = make_samples(300, 70, 10, 0.1);
    memset(s.bytes, 0, 100 * 70);
    nn_pool *pool;
    assert_int_equal(nn_pool_create(3, &pool), NN_OK);
    for (size_t i = 0; i < sizeof isas / sizeof isas[0]; i++) {
        if (!runs_here(isas[i])) {
            continue;
        }
        nn_engine *engine;
        nn_real all[300 * 10], parts[300 * 10];
        int32_t classes[2][300];
        assert_int_equal(nn_engine_create(describe(&net, isas[i]), pool, &engine), NN_OK);
        assert_int_equal(nn_engine_evaluate(engine, view(&s), NULL, 300, NULL, all, classes[0]),
                         NN_OK);
        struct forward f = {engine, *view(&s), parts, classes[1], 0};
        nn_engine_forward_begin(engine, view(&s));
        assert_int_equal(nn_pool_run(pool, forward_blocks, &f), NN_OK);
        assert_memory_equal(parts, all, sizeof all);
        assert_memory_equal(classes[1], classes[0], sizeof classes[0]);
        nn_engine_destroy(engine);
    }
    nn_pool_destroy(pool);
    free_samples(&s);
}

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

/* A call takes its inputs as lists of the others than zero where its first rows are mostly zero; here
 * the same rows come first and behind rows that are not. */
static void zeros_left_out_change_no_bit(void **state)
{
    (void)state;
    static const size_t widths[] = {1, 10, 33, 100, 150};
    enum { SPARSE = 50, DENSE = 70, OUTPUTS = 10, INPUTS = 90 };
    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
        struct net net = {.inputs = INPUTS, .batch = 4, .units = {widths[w], OUTPUTS},
                          .hidden = &silu, .last = &softmax, .cost = &cross, .optimizer = &sgd};
        struct samples s = make_samples(SPARSE + DENSE, INPUTS, OUTPUTS, 0.1);
        memset(s.bytes + SPARSE * INPUTS, 77, DENSE * INPUTS);
        uint32_t behind[SPARSE + DENSE];
        for (uint32_t i = 0; i < SPARSE + DENSE; i++) {
            behind[i] = (i + SPARSE) % (SPARSE + DENSE);
        }
        for (size_t i = 0; i < sizeof isas / sizeof isas[0]; i++) {
            if (!runs_here(isas[i])) {
                continue;
            }
            nn_engine *engine;
            nn_real few[SPARSE * OUTPUTS], all[(SPARSE + DENSE) * OUTPUTS];
            assert_int_equal(nn_engine_create(describe(&net, isas[i]), NULL, &engine), NN_OK);
            nn_engine_evaluate(engine, view(&s), NULL, SPARSE, NULL, few, NULL);
            nn_engine_evaluate(engine, view(&s), behind, SPARSE + DENSE, NULL, all, NULL);
            assert_memory_equal(few, all + DENSE * OUTPUTS, sizeof few);
            nn_engine_destroy(engine);
        }
        free_samples(&s);
    }
}

static void stretches_give_the_bits_of_one_whole(void **state)
{
    (void)state;
    struct net net = {.inputs = 49, .batch = 10, .units = {30, 10}, .hidden = &sigmoid,
                      .last = &softmax, .cost = &cross, .optimizer = &adam, .dropout = 0.2};
    struct samples s = make_samples(100, 49, 10, 0.01);
    uint32_t order[100];
    for (uint32_t i = 0; i < 100; i++) {
        order[i] = 99 - i;
    }
    nn_pool *pool;
    assert_int_equal(nn_pool_create(2, &pool), NN_OK);
    nn_real w[2][30 * 49], b[2][30];
    double cost[2];
    for (int k = 0; k < 2; k++) {
        nn_engine *engine;
        nn_tally tally = {0};
        assert_int_equal(nn_engine_create(describe(&net, NN_ISA_X86_64_V2), pool, &engine), NN_OK);
        size_t step = k == 0 ? 100 : 30;
        for (size_t at = 0; at < 100; at += step) {
            nn_stretch stretch = {.input = view(&s), .order = order + at,
                                  .count = 100 - at < step ? 100 - at : step, .position = at,
                                  .step = at / 10, .rates = s.rates};
            assert_int_equal(nn_engine_train(engine, &stretch, &tally), NN_OK);
        }
        nn_engine_get(engine, 0, w[k], b[k]);
        assert_true(nn_engine_scalars(engine)[0] < 0.9);
        nn_engine_destroy(engine);
        cost[k] = tally.cost;
    }
    assert_memory_equal(&cost[0], &cost[1], sizeof cost[0]);
    assert_memory_equal(w[0], w[1], sizeof w[0]);
    assert_memory_equal(b[0], b[1], sizeof b[0]);
    nn_pool_destroy(pool);
    free_samples(&s);
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
        cmocka_unit_test(small_batches_give_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(large_batches_give_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(odd_networks_give_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(limits_give_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(gradients_equal_central_differences),
        cmocka_unit_test(a_sample_alone_gives_the_bits_it_gives_among_others),
        cmocka_unit_test(zeros_left_out_change_no_bit),
        cmocka_unit_test(threads_with_samples_of_their_own_get_the_bits_of_an_evaluation),
        cmocka_unit_test(a_blank_network_has_no_weights),
        cmocka_unit_test(stretches_give_the_bits_of_one_whole),
        cmocka_unit_test(a_number_that_is_not_finite_names_its_batch_and_layer),
        cmocka_unit_test(max_norm_bounds_every_unit),
        cmocka_unit_test(misfitting_shapes_are_refused),
        cmocka_unit_test(every_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
