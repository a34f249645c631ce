/* SPDX-License-Identifier: MIT */
/* Who gave the first number that is not finite: one component at a time is broken, and is named. */
#include "base/pool.h"
#include "net/engine.h"

#include "check.h"
#include "parts.h"

enum { ROWS = 40, BATCH = 10, INPUTS = 17, HIDDEN = 21, OUTPUTS = 3 };

static const nn_real bad = (nn_real)NAN;

/* From a z on that not every unit reaches; a sign tells which. */
static void bad_forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = z[i] > (nn_real)-0.5 ? bad : z[i];
    }
}

static void bad_backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                         const nn_real *da, nn_real *dz)
{
    (void)self, (void)z, (void)a;
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = i == 3 ? bad : da[i];
    }
}

static double bad_value(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                        const int32_t *labels)
{
    (void)self, (void)rows, (void)cols, (void)a, (void)y, (void)labels;
    return NAN;
}

static void bad_gradient(const void *self, size_t rows, size_t cols, const nn_real *a, const nn_real *y,
                         const int32_t *labels, nn_real *da)
{
    (void)self, (void)a, (void)y, (void)labels;
    for (size_t i = 0; i < rows * cols; i++) {
        da[i] = i == 1 ? bad : 0;
    }
}

static size_t no_slots(const void *self, const char *names[NN_SLOTS_MAX])
{
    (void)self, (void)names;
    return 0;
}

static void bad_update(const void *self, const nn_step *step, size_t n, nn_real *w, const nn_real *g,
                       nn_real *const *slot)
{
    (void)self, (void)g, (void)slot;
    for (size_t i = 0; i < n && step->t == 3; i++) {
        w[i] = bad;
    }
}

struct outcome {
    nn_fault fault;
    size_t layer, batch;
    double given;
};

struct parts {
    nn_activation hidden, last;
    nn_cost cost;
    nn_optimizer optimizer;
    double grown; /* weights of layer 0 */
    bool bad_input, zeros;
};

static struct parts good(void)
{
    return (struct parts){.hidden = silu_ops, .last = softmax_ops, .cost = cross_ops, .grown = 0,
                          .optimizer = {.name = "none", .slots = no_slots, .update = bad_update}};
}

static struct outcome train(const struct parts *parts, size_t threads)
{
    nn_component hidden = {.ops = &parts->hidden}, last = {.ops = &parts->last}, cost = {.ops = &parts->cost},
                 optimizer = {.ops = &parts->optimizer};
    nn_layer layers[] = {
        {.inputs = INPUTS, .units = HIDDEN, .activation = &hidden, .initializer = &uniform},
        {.inputs = HIDDEN, .units = HIDDEN, .activation = &silu, .initializer = &uniform},
        {.inputs = HIDDEN, .units = OUTPUTS, .activation = &last, .initializer = &uniform},
    };
    nn_topology topology = {.bits = NN_REAL_BITS, .isa = NN_ISA_X86_64_V2, .seed = 7, .batch_size = BATCH,
                            .inputs = INPUTS, .layers = layers, .layer_count = 3, .outputs = OUTPUTS,
                            .classes = true, .cost = &cost, .optimizer = &optimizer};
    nn_real x[ROWS * INPUTS];
    int32_t labels[ROWS];
    double rates[ROWS / BATCH] = {0.1, 0.1, 0.1, 0.1}, scale = 1, shift = 0;
    for (size_t i = 0; i < ROWS * INPUTS; i++) {
        x[i] = parts->zeros && i % 5 != 0 ? 0 : (nn_real)fabs(sin((double)i));
        labels[i / INPUTS] = (int32_t)(i % OUTPUTS);
    }
    x[15 * INPUTS + 5] = parts->bad_input ? bad : x[15 * INPUTS + 5];
    nn_input input = {.reals = x, .labels = labels, .scale = &scale, .shift = &shift, .scale_count = 1};
    nn_stretch stretch = {.input = &input, .count = ROWS, .rates = rates};
    nn_pool *pool;
    nn_engine *engine;
    nn_tally tally = {0};
    assert_int_equal(nn_pool_create(threads, &pool), NN_OK);
    assert_int_equal(nn_engine_create(&topology, pool, &engine), NN_OK);
    if (parts->grown > 0) {
        nn_real w[HIDDEN * INPUTS], b[HIDDEN] = {0};
        for (size_t i = 0; i < HIDDEN * INPUTS; i++) {
            w[i] = (nn_real)parts->grown * (i / INPUTS % 2 == 0 ? 1 : -1);
        }
        nn_engine_set(engine, 0, w, b);
    }
    nn_status status = nn_engine_train(engine, &stretch, &tally);
    assert_int_equal(status, NN_ERR_NUMERIC);
    nn_engine_destroy(engine);
    nn_pool_destroy(pool);
    return (struct outcome){tally.bad_fault, tally.bad_layer, tally.bad_batch, tally.bad_given};
}

static void expect(const struct parts *parts, nn_fault fault, size_t layer, size_t batch)
{
    for (size_t threads = 1; threads <= 3; threads++) {
        struct outcome outcome = train(parts, threads);
        assert_int_equal(outcome.fault, fault);
        assert_int_equal(outcome.layer, layer);
        assert_int_equal(outcome.batch, batch);
        assert_true(fault != NN_FAULT_ACTIVATION || (outcome.given > -0.5 && outcome.given < 100));
    }
}

static void an_activation_is_named_with_the_z_it_can_not_take(void **state)
{
    (void)state;
    struct parts parts = good();
    parts.hidden.forward = bad_forward;
    expect(&parts, NN_FAULT_ACTIVATION, 0, 0);
    parts.zeros = true; /* inputs as lists */
    expect(&parts, NN_FAULT_ACTIVATION, 0, 0);
    parts.hidden.backward = sigmoid_backward;
    parts.hidden.flags = NN_ELEMENTWISE | NN_NEEDS_A; /* a is written over z */
    expect(&parts, NN_FAULT_ACTIVATION, 0, 0);
    parts.hidden.flags = NN_NEEDS_A;
    expect(&parts, NN_FAULT_ACTIVATION, 0, 0);
    parts = good();
    parts.last.forward = bad_forward;
    expect(&parts, NN_FAULT_ACTIVATION, 2, 0);
}

static void a_derivative_is_told_from_the_cost_before_it(void **state)
{
    (void)state;
    struct parts parts = good();
    parts.hidden.backward = bad_backward;
    expect(&parts, NN_FAULT_DERIVATIVE, 0, 0);
    parts = good();
    parts.last.backward = bad_backward;
    parts.last.flags = NN_NEEDS_A; /* no link */
    expect(&parts, NN_FAULT_DERIVATIVE, 2, 0);
    parts.cost.gradient = bad_gradient;
    parts.last.backward = softmax_ops.backward;
    expect(&parts, NN_FAULT_GRADIENT, 2, 0);
    parts = good();
    parts.cost.link_gradient = bad_gradient;
    expect(&parts, NN_FAULT_GRADIENT, 2, 0);
    parts = good();
    parts.cost.value = bad_value;
    expect(&parts, NN_FAULT_COST, 2, 0);
}

static void an_update_is_named_with_its_batch(void **state)
{
    (void)state;
    struct parts parts = good();
    expect(&parts, NN_FAULT_UPDATE, 0, 2);
}

static void what_no_component_did_is_told_apart(void **state)
{
    (void)state;
    struct parts parts = good();
    parts.grown = NN_REAL_BITS == 32 ? 1e38 : 1e308;
    expect(&parts, NN_FAULT_SUM, 0, 0);
    parts = good();
    parts.bad_input = true;
    expect(&parts, NN_FAULT_INPUT, 0, 1);
    parts.zeros = true; /* as lists: the second row of a pair */
    expect(&parts, NN_FAULT_INPUT, 0, 1);
}

int main(void)
{
    (void)sigmoid, (void)softmax, (void)quadratic, (void)cross, (void)sgd_ops, (void)adam_ops; /* of parts.h */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_activation_is_named_with_the_z_it_can_not_take),
        cmocka_unit_test(a_derivative_is_told_from_the_cost_before_it),
        cmocka_unit_test(an_update_is_named_with_its_batch),
        cmocka_unit_test(what_no_component_did_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
