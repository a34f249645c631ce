/* SPDX-License-Identifier: MIT */
/* Schedules at moments where the factor is known by hand. */
#include "component.h"

#include <nnrun/schedule.h>

enum { EPOCHS = 20, STEPS = 8 }; /* of the imagined run; steps an epoch */

/* The first moment of step `step` of `epoch`; costs: what happened before, as long as the epoch's
 * number. */
static nn_moment moment(uint64_t epoch, uint64_t step, const double *costs)
{
    return (nn_moment){
        .size = sizeof(nn_moment),
        .epoch = epoch,
        .epochs = EPOCHS,
        .step = epoch * STEPS + step,
        .steps_per_epoch = STEPS,
        .epoch_fraction = (double)epoch + (double)step / STEPS,
        .history_count = epoch,
        .train_cost = costs,
    };
}

static double factor(const component *c, uint64_t epoch, uint64_t step)
{
    static const double costs[EPOCHS] = {0};
    const nn_moment m = moment(epoch, step, costs);
    return ((const nn_schedule *)c->ops)->factor(c->self, &m);
}

static void open_(component *c, const char *name, const char *settings)
{
    assert_int_equal(component_open(c, "schedule", name, ISA_PLAINEST, settings), NN_OK);
}

#define CLOSE_TO(got, want) assert_true(fabs((got) - (want)) <= 1e-14)

static void constant_is_one(void **state)
{
    (void)state;
    component c;
    open_(&c, "constant", NULL);
    assert_true(factor(&c, 0, 0) == 1 && factor(&c, 13, 5) == 1);
    component_close(&c);
}

static void warmup_rises_in_equal_steps_on_any_schedule(void **state)
{
    (void)state;
    static const char *const names[] = {"constant", "step",   "exponential",
                                        "linear",   "cosine", "plateau"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        component c;
        open_(&c, names[k], "warmup=2");
        for (uint64_t step = 0; step < 2 * STEPS; step++) {
            CLOSE_TO(factor(&c, step / STEPS, step % STEPS), ((double)step + 1) / (2 * STEPS));
        }
        component_close(&c);
    }
    component c;
    open_(&c, "step", "warmup=2 every=3 gamma=0.5");
    CLOSE_TO(factor(&c, 4, 7), 1); /* the clock starts after the warm-up */
    CLOSE_TO(factor(&c, 5, 0), 0.5);
    component_close(&c);
}

static void step_goes_down_between_epochs(void **state)
{
    (void)state;
    component c;
    open_(&c, "step", "every=5 gamma=0.5");
    CLOSE_TO(factor(&c, 4, 7), 1);
    CLOSE_TO(factor(&c, 5, 0), 0.5);
    CLOSE_TO(factor(&c, 10, 3), 0.25);
    static const int64_t at[] = {2, 3, 15};
    *(nn_list *)component_field(&c, "at") = (nn_list){at, 3};
    CLOSE_TO(factor(&c, 1, 7), 1);
    CLOSE_TO(factor(&c, 2, 0), 0.5);
    CLOSE_TO(factor(&c, 14, 7), 0.25);
    CLOSE_TO(factor(&c, 15, 0), 0.125);
    component_close(&c);
}

static void exponential_is_a_power(void **state)
{
    (void)state;
    component c;
    open_(&c, "exponential", "gamma=0.5");
    CLOSE_TO(factor(&c, 3, 4), 0.125);
    component_close(&c);
    open_(&c, "exponential", "gamma=0.25 staircase=false");
    CLOSE_TO(factor(&c, 1, 4), 0.125);
    component_close(&c);
}

static void linear_is_a_line(void **state)
{
    (void)state;
    component c;
    open_(&c, "linear", NULL);
    CLOSE_TO(factor(&c, 0, 0), 1);
    CLOSE_TO(factor(&c, 15, 0), 0.25);
    component_close(&c);
    open_(&c, "linear", "start=0.5 end=2 epochs=2");
    CLOSE_TO(factor(&c, 1, 0), 1.25);
    CLOSE_TO(factor(&c, 9, 0), 2);
    component_close(&c);
}

static void cosine_restarts(void **state)
{
    (void)state;
    component c;
    open_(&c, "cosine", NULL);
    CLOSE_TO(factor(&c, 0, 0), 1);
    CLOSE_TO(factor(&c, 10, 0), 0.5);
    CLOSE_TO(factor(&c, 5, 0), 0.85355339059327373); /* (1 + cos(pi / 4)) / 2 */
    component_close(&c);
    open_(&c, "cosine", "period=2 growth=3 end=0.1");
    CLOSE_TO(factor(&c, 1, 0), 0.55);
    CLOSE_TO(factor(&c, 2, 0), 1);
    CLOSE_TO(factor(&c, 5, 0), 0.55); /* half way through the second cycle of 6 epochs */
    CLOSE_TO(factor(&c, 8, 0), 1);
    CLOSE_TO(factor(&c, 17, 0), 0.55);
    component_close(&c);
    open_(&c, "cosine", "period=4");
    CLOSE_TO(factor(&c, 18, 0), 0.5);
    CLOSE_TO(factor(&c, 16, 0), 1);
    component_close(&c);
}

static void one_cycle_rises_and_falls(void **state)
{
    (void)state;
    component c;
    open_(&c, "one_cycle", NULL);
    CLOSE_TO(factor(&c, 0, 0), 0.04);
    CLOSE_TO(factor(&c, 3, 0), 0.52);
    CLOSE_TO(factor(&c, 6, 0), 1);
    CLOSE_TO(factor(&c, 13, 0), (1 + 4e-6) / 2);
    component_close(&c);
    open_(&c, "one_cycle", "shape=linear rise=0.5 start=0 end=0");
    CLOSE_TO(factor(&c, 5, 0), 0.5);
    CLOSE_TO(factor(&c, 15, 0), 0.5);
    component_close(&c);
}

/* The numbers are what ReduceLROnPlateau does with these costs: epochs 3 to 5 are bad, the third
 * bad one reduces; one epoch of cooldown; 8 to 10 are bad again. */
static void plateau_waits_for_its_patience(void **state)
{
    (void)state;
    static const double costs[EPOCHS] = {1.0,  0.8, 0.6, 0.6,  0.7,  0.61,
                                         0.65, 0.5, 0.5, 0.55, 0.52, 0.4};
    component c;
    open_(&c, "plateau", "factor=0.5 patience=2 cooldown=1 metric=train.cost");
    const nn_schedule *schedule = c.ops;
    for (uint64_t epoch = 0; epoch < 12; epoch++) {
        const nn_moment m = moment(epoch, 0, costs);
        const double want = epoch <= 5 ? 1 : epoch <= 10 ? 0.5 : 0.25;
        CLOSE_TO(schedule->factor(c.self, &m), want);
    }
    component_close(&c);
    /* Accuracy must rise; without validation that of the training part counts. */
    static const double accuracies[EPOCHS] = {0.5, 0.6, 0.6, 0.6, 0.6};
    open_(&c, "plateau", "factor=0.5 patience=1 metric=validation.accuracy");
    schedule = c.ops;
    nn_moment m = moment(3, 0, costs);
    m.train_accuracy = accuracies;
    CLOSE_TO(schedule->factor(c.self, &m), 1);
    m = moment(4, 0, costs);
    m.train_accuracy = accuracies;
    CLOSE_TO(schedule->factor(c.self, &m), 0.5);
    m.validation_accuracy = costs;
    CLOSE_TO(schedule->factor(c.self, &m), 0.5);
    component_close(&c);
    open_(&c, "plateau", "factor=0.1 patience=0 least=0.05 metric=train.cost");
    schedule = c.ops;
    m = moment(12, 0, accuracies);
    CLOSE_TO(schedule->factor(c.self, &m), 0.05);
    component_close(&c);
}

static void factors_are_finite_and_not_negative(void **state)
{
    (void)state;
    static const char *const names[] = {"constant", "step",      "exponential", "linear",
                                        "cosine",   "one_cycle", "plateau"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        component c;
        open_(&c, names[k], "warmup=3");
        for (uint64_t epoch = 0; epoch <= EPOCHS; epoch++) {
            for (uint64_t step = 0; step < STEPS; step++) {
                const double f = factor(&c, epoch < EPOCHS ? epoch : EPOCHS - 1, step);
                assert_true(isfinite(f) && f >= 0 && f <= 1);
            }
        }
        component_close(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_is_one),
        cmocka_unit_test(warmup_rises_in_equal_steps_on_any_schedule),
        cmocka_unit_test(step_goes_down_between_epochs),
        cmocka_unit_test(exponential_is_a_power),
        cmocka_unit_test(linear_is_a_line),
        cmocka_unit_test(cosine_restarts),
        cmocka_unit_test(one_cycle_rises_and_falls),
        cmocka_unit_test(plateau_waits_for_its_patience),
        cmocka_unit_test(factors_are_finite_and_not_negative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
