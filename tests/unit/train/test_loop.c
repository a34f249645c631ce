/* SPDX-License-Identifier: MIT */
/* The loop against an engine made for the purpose: it notes what it was asked to train on. */
#include "check.h"
#include "train/loop.h"

#include <nnrun/schedule.h>

#include <stdlib.h>

enum { ROWS = 23, BATCH = 5, STEPS = 5 };

struct nn_engine {
    uint32_t seen[100 * ROWS];
    size_t seen_count, batches, stretches;
    double rates[100 * STEPS];
    double validation_cost[100];
    size_t evaluations;
    size_t diverge_at_batch; /* 0: never */
    sig_atomic_t interrupt_after; /* stretches; 0: never */
    volatile sig_atomic_t interrupted;
};

static nn_engine fake;

nn_status nn_engine_train(nn_engine *engine, const nn_stretch *stretch, nn_tally *tally)
{
    assert_int_equal(stretch->step, engine->batches);
    for (size_t i = 0; i < stretch->count; i++) {
        engine->seen[engine->seen_count++] = stretch->order[i];
        tally->cost += 1;
    }
    tally->rows += stretch->count;
    for (size_t b = 0; b * BATCH < stretch->count; b++) {
        engine->rates[engine->batches++] = stretch->rates[b];
        if (engine->batches == engine->diverge_at_batch) {
            tally->bad_batch = b;
            tally->bad_layer = 2;
            return NN_ERR_NUMERIC;
        }
    }
    engine->stretches++;
    if (engine->interrupt_after > 0 && engine->stretches == (size_t)engine->interrupt_after) {
        engine->interrupted = 1;
    }
    return NN_OK;
}

nn_status nn_engine_evaluate(nn_engine *engine, const nn_input *input, const uint32_t *order,
                             size_t count, nn_tally *tally, void *outputs, int32_t *predictions)
{
    (void)input, (void)order, (void)outputs, (void)predictions;
    tally->cost += engine->validation_cost[engine->evaluations++] * (double)count;
    return NN_OK;
}

const nn_topology *nn_engine_topology(const nn_engine *engine)
{
    (void)engine;
    return NULL;
}

/* The rest of what train/ asks an engine, so that the real one stays out; no test here probes. */
nn_status nn_engine_trace(nn_engine *engine, const nn_stretch *stretch, bool dropout, nn_trace *out)
{
    (void)engine, (void)stretch, (void)dropout, (void)out;
    return NN_ERR_STATE;
}

nn_status nn_engine_norms(nn_engine *engine, const nn_stretch *stretch, double rate, nn_norms *out)
{
    (void)engine, (void)stretch, (void)rate, (void)out;
    return NN_ERR_STATE;
}

static uint32_t rows[ROWS];
static nn_input input;

static nn_training training_of(uint64_t epochs)
{
    memset(&fake, 0, sizeof fake);
    for (uint32_t i = 0; i < ROWS; i++) {
        rows[i] = 100 + i;
    }
    return (nn_training){
        .engine = &fake, .input = &input, .rows = rows, .row_count = ROWS, .seed = 1,
        .epochs = epochs, .batch_size = BATCH, .rate = 0.5, .best_metric = "train.cost",
        .interrupt = &fake.interrupted,
    };
}

static nn_history *new_history(bool validation)
{
    nn_history *history;
    assert_ok(nn_history_create(false, validation, 1, &history));
    return history;
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void every_epoch_shows_each_row_once_in_an_order_of_its_own(void **state)
{
    (void)state;
    nn_training training = training_of(3);
    nn_train_state at = {0};
    nn_train_end end;
    nn_history *history = new_history(false);
    assert_ok(nn_train(&training, &at, history, &end));
    assert_int_equal(end, NN_END_EPOCHS);
    assert_int_equal(fake.seen_count, 3 * ROWS);
    assert_memory_not_equal(fake.seen, fake.seen + ROWS, ROWS * sizeof *fake.seen);
    for (size_t e = 0; e < 3; e++) {
        qsort(fake.seen + e * ROWS, ROWS, sizeof *fake.seen, ascending);
        assert_memory_equal(fake.seen + e * ROWS, rows, sizeof rows);
    }
    assert_int_equal(at.step, 3 * STEPS);
    assert_true(history->records[2].train_cost == 1);
    nn_history_destroy(history);
}

static void a_resumed_run_sees_what_an_unbroken_one_sees(void **state)
{
    (void)state;
    static uint32_t unbroken[4 * ROWS];
    nn_training training = training_of(4);
    nn_train_state at = {0};
    nn_train_end end;
    nn_history *history = new_history(false);
    assert_ok(nn_train(&training, &at, history, &end));
    memcpy(unbroken, fake.seen, sizeof unbroken);
    nn_history_destroy(history);

    /* Interrupted after each number of stretches, then taken up again. */
    for (sig_atomic_t after = 1; after <= 4; after++) {
        training = training_of(4);
        fake.interrupt_after = after;
        at = (nn_train_state){0};
        history = new_history(false);
        assert_int_equal(nn_train(&training, &at, history, &end), NN_ERR_INTERRUPTED);
        assert_int_equal(end, NN_END_INTERRUPT);
        fake.interrupted = 0;
        assert_ok(nn_train(&training, &at, history, &end));
        assert_int_equal(fake.seen_count, 4 * ROWS);
        assert_memory_equal(fake.seen, unbroken, sizeof unbroken);
        assert_true(history->records[0].train_cost == 1);
        assert_int_equal(history->count, 4);
        nn_history_destroy(history);
    }
}

static void until_stops_and_early_stopping_needs_patience(void **state)
{
    (void)state;
    nn_training training = training_of(10);
    nn_train_state at = {0};
    nn_train_end end;
    nn_history *history = new_history(true);
    for (size_t i = 0; i < 10; i++) {
        fake.validation_cost[i] = i == 0 ? 5 : i == 1 ? 2 : 3;
    }
    training.validation = &input;
    training.validation_count = 7;
    training.stop_metric = "validation.cost";
    training.patience = 3;
    training.until = 4;
    assert_ok(nn_train(&training, &at, history, &end));
    assert_int_equal(end, NN_END_UNTIL);
    assert_int_equal(at.epoch, 4);
    training.until = 0;
    assert_ok(nn_train(&training, &at, history, &end));
    assert_int_equal(end, NN_END_EARLY);
    assert_int_equal(at.epoch, 5); /* the best is epoch 2; three more without a better one */
    nn_history_destroy(history);
}

static double halve(const void *self, const nn_moment *moment)
{
    (void)self;
    assert_int_equal(moment->steps_per_epoch, STEPS);
    assert_int_equal(moment->history_count, moment->epoch);
    return 1.0 / (double)(1 + moment->step);
}

static void the_schedule_scales_the_rate_of_each_step(void **state)
{
    (void)state;
    const nn_schedule schedule = {.name = "halve", .flags = NN_PER_STEP, .factor = halve};
    const nn_component component = {.ops = &schedule};
    nn_training training = training_of(2);
    training.schedule = &component;
    nn_train_state at = {0};
    nn_train_end end;
    nn_history *history = new_history(false);
    assert_ok(nn_train(&training, &at, history, &end));
    for (size_t i = 0; i < 2 * STEPS; i++) {
        assert_true(fake.rates[i] == 0.5 * (1.0 / (double)(1 + i)));
    }
    assert_true(history->records[1].rate == fake.rates[9]);
    nn_history_destroy(history);
}

static void divergence_names_epoch_batch_layer_and_rate(void **state)
{
    (void)state;
    nn_training training = training_of(3);
    fake.diverge_at_batch = STEPS + 2;
    nn_train_state at = {0};
    nn_train_end end;
    nn_history *history = new_history(false);
    assert_int_equal(nn_train(&training, &at, history, &end), NN_ERR_NUMERIC);
    assert_contains(nn_story(), "epoch 2, batch 2 of 5, layer 3, at rate 0.5: a sum of weights times inputs");
    assert_int_equal(history->count, 1);
    nn_history_destroy(history);
}

static nn_status refuse(void *context, const nn_train_state *at, const nn_history *history,
                        const nn_record *record)
{
    (void)context, (void)at, (void)history, (void)record;
    return nn_fail(NN_ERR_IO, "disk full");
}

static void an_observer_that_fails_ends_the_run(void **state)
{
    (void)state;
    const nn_observer observer = {.epoch = refuse};
    nn_training training = training_of(3);
    training.observers = &observer;
    training.observer_count = 1;
    nn_train_state at = {0};
    nn_train_end end;
    nn_history *history = new_history(false);
    assert_int_equal(nn_train(&training, &at, history, &end), NN_ERR_IO);
    assert_string_equal(nn_story(), "disk full");
    nn_history_destroy(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_epoch_shows_each_row_once_in_an_order_of_its_own),
        cmocka_unit_test(a_resumed_run_sees_what_an_unbroken_one_sees),
        cmocka_unit_test(until_stops_and_early_stopping_needs_patience),
        cmocka_unit_test(the_schedule_scales_the_rate_of_each_step),
        cmocka_unit_test(divergence_names_epoch_batch_layer_and_rate),
        cmocka_unit_test(an_observer_that_fails_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
