/* SPDX-License-Identifier: MIT */
/* The engine gives the same bits however its work is cut: by threads, calls, zeros, stretches. */
#include "networks.h"

#include "base/memory.h"
#include "base/pool.h"

static struct sgd momentum_sgd = {.rate = 0.1, .momentum = 0.9};
static nn_component sgd_momentum = {
    .kind = NN_KIND_OPTIMIZER, .ops = &sgd_ops, .self = &momentum_sgd};

/* --- any number of threads --- */

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

/* --- other cuts --- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_batches_give_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(large_batches_give_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(odd_networks_give_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(limits_give_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(a_sample_alone_gives_the_bits_it_gives_among_others),
        cmocka_unit_test(zeros_left_out_change_no_bit),
        cmocka_unit_test(threads_with_samples_of_their_own_get_the_bits_of_an_evaluation),
        cmocka_unit_test(stretches_give_the_bits_of_one_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
