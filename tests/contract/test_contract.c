/* SPDX-License-Identifier: MIT */
/* For each check of the contract, a plugin that breaks just that rule and is caught by it. */
#include "heard.h"

#include <time.h>

struct fault {
    const char *name, *check, *reason; /* the check that must fail, and what it must say */
};

static void expect(const char *kind, const struct fault *faults, size_t count)
{
    char file[64];
    snprintf(file, sizeof file, "contract/%s/faulty", kind);
    for (const struct fault *fault = faults; fault < faults + count; fault++) {
        struct heard heard = hear(file, fault->name, fault->check, 100);
        if (strstr(heard.reason, fault->reason) == NULL) {
            print_error("%s %s: check %s said: %s\n", kind, fault->name, fault->check,
                        heard.failed > 0 ? heard.reason : "all is well");
        }
        assert_int_equal(heard.failed, 1);
        assert_string_equal(heard.name, fault->check);
        assert_non_null(strstr(heard.reason, fault->reason));
    }
}

static void each_fault_of_an_activation_is_caught_by_its_check(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"derivative", "derivative",
         "backward() against central differences is off by 0.000661 (allowed: 1e-07): at z = "},
        {"precision", "precision", "forward() in float32 is off by 0.01"},
        {"instructions", "instructions", "forward() in another instruction set is off by"},
        {"finite", "finite", "at z = 10000 it gives a = "},
        {"range", "range", "lies outside [-1, 1]"},
        {"split", "split", "it gives other bits than whole"},
        {"in_place", "in_place", "other numbers where dz is da"},
        {"forward_in_place", "in_place", "other numbers where a is z"},
        {"bounds", "bounds", "with defaults: forward() writes outside: a[66], where there are 66"},
        {"over_read", "bounds", "forward() reads outside: z[66], where there are 66"},
        {"one_more", "bounds", "forward() writes outside: a[66], where there are 66"},
        {"one_before", "bounds", "forward() writes outside: a[-1], where there are 66"},
        {"unwritten", "bounds", "element 0 is left unwritten or not a number"},
        {"low_end", "finite", "with bend=0, float32: at z = "},
        {"high_end", "derivative", "with bend=1.998, backward() against"},
        {"create_end", "parameters", "with bend=0: create() crashed (Aborted)"},
        {"null_z", "derivative",
         "backward() crashed: it reads through a NULL pointer; z is NULL here: .flags lack NN_NEEDS_Z"},
        {"read_only", "bounds", "changes what it may only read"},
        {"concurrent", "concurrent", "on several threads it gives other numbers"},
        {"parameters", "parameters", "it will not begin"},
        {"crash", "split", "with defaults: forward() crashed (Segmentation fault"},
        {"exit", "split", "with defaults: forward() ended the process with exit code 3"},
        {"print", "split", "it printed \"hello from a plugin\""},
        {"nan", "derivative", "is off by nan (allowed: 1e-07): at z = "},
    };
    expect("activation", faults, sizeof faults / sizeof faults[0]);
}

static void each_fault_of_a_cost_is_caught_by_its_check(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"derivative", "derivative", "gradient() against central differences"},
        {"link_gradient", "link_gradient", "link_gradient() against backward(gradient()) is off by"},
        {"link_in_place", "link_gradient", "link_gradient() gives other numbers where dz is a"},
        {"precision", "precision", "float32 against float64 is off by"},
        {"instructions", "instructions", "another instruction set is off by"},
        {"finite", "finite", "at the ends of the range"},
        {"gradient", "finite", "at a = 0 gradient() gives "},
        {"split", "split", "gradient() gives other bits than whole"},
        {"mean", "split", "it sums over rows, the host divides"},
        {"bounds", "bounds", "gradient() writes outside: da[66], where there are 66"},
        {"read_only", "bounds", "it changes what it may only read"},
        {"unwritten", "bounds", "element 5 of the gradient is left unwritten or not a number"},
        {"concurrent", "concurrent", "on several threads"},
    };
    expect("cost", faults, sizeof faults / sizeof faults[0]);
}

static void each_fault_of_an_optimizer_is_caught_by_its_check(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"slots", "slots", "\"Momentum!\" is no name for a slot"},
        {"twice", "slots", "two slots are called \"momentum\""},
        {"many", "slots", "9 slots, at most 8 are allowed"},
        {"many_scalars", "slots", "9 scalars, at most 8 are allowed"},
        {"descends", "descends", "of the height is left"},
        {"split", "split", "other bits than whole"},
        {"resumes", "resumes", "it goes on otherwise than unbroken"},
        {"again", "resumes", "it can't be created a second time"},
        {"two_slots", "affine", "affine() holds with at most one slot, it has 2"},
        {"affine", "affine", "affine() against update() is off by"},
        {"precision", "precision", "float32 against float64"},
        {"instructions", "instructions", "another instruction set"},
        {"finite", "finite", "not finite after 5 steps"},
        {"bounds", "bounds", "update() writes outside: slot[0][61], where there are 61"},
        {"scalar", "bounds", "it writes scalars[0], but scalars() names 0"},
        {"rate", "rate", "it must use step->rate, in which the schedule is"},
        {"slot", "descends", "it has 1 slot; slot[1] is NULL"},
        {"read_only", "bounds", "changes the gradient"},
        {"concurrent", "concurrent", "on several threads"},
    };
    expect("optimizer", faults, sizeof faults / sizeof faults[0]);
}

static void each_fault_of_a_loader_is_caught_by_its_check(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"describes", "describes", "class \"pear\" comes before \"apple\""},
        {"identity", "describes", "opened a second time it has another identity"},
        {"zero", "describes", "identity is left all zero"},
        {"unnamed", "describes", "class 1 has no name"},
        {"empty", "describes", "0 samples of 2 x 3 x 1"},
        {"dtype", "describes", "dtype 9 is neither uint8 nor real"},
        {"no_classes", "describes", "targets are classes, but there are none"},
        {"no_outputs", "describes", "targets are reals, but outputs is 0"},
        {"open", "describes", "open() failed: it stays closed"},
        {"reader", "values", "reader_create() failed: it reads nothing"},
        {"read", "values", "read() of samples 0 to 39 failed: the disk is gone"},
        {"complaint", "values", "sample 7: it is torn"},
        {"not_finite", "values", "value 0 is not finite"},
        {"target", "values", "target 0 is not finite"},
        {"wide", "values", "read() writes outside: x[240], where there are 240"},
        {"precision", "precision", "x in float32 against float64 is off by 0.1"},
        {"other_target", "precision", "y in float32 against float64 is off by 0.1"},
        {"other_source", "precision", "float32 describes another source than float64"},
        {"other_bytes", "precision", "float32 reads other bytes or labels than float64"},
        {"values", "values", "read() writes outside: x[240], where there are 240"},
        {"labels", "values", "sample 2 has label 3 of 3 classes"},
        {"pure", "pure", "the samples differ"},
        {"out_of_range", "out_of_range", "samples 40 to 40 of 40 are read without an error"},
        {"concurrent", "concurrent", "on several threads it gives other samples"},
    };
    expect("loader", faults, sizeof faults / sizeof faults[0]);
}

static void each_fault_of_an_initializer_is_caught_by_its_check(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"pure", "pure", "with other numbers a second time"},
        {"mean", "moments", "the mean is 0.1"},
        {"spread", "moments", "the standard deviation against the one stated is off by"},
        {"finite", "finite", "unwritten or not finite"},
        {"unwritten", "finite", "weight 0 of 1 x 1 is unwritten or not finite"},
        {"fill", "pure", "fill() of 1 x 1 failed: it is too small"},
        {"bounds", "finite", "fill() writes outside: w[1], where there are 1"},
        {"precision", "precision", "float32 against float64"},
        {"concurrent", "concurrent", "on several threads"},
    };
    expect("initializer", faults, sizeof faults / sizeof faults[0]);
}

static void each_fault_of_a_schedule_is_caught_by_its_check(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"pure", "pure", "when asked again in another order"},
        {"finite", "finite", "the factor is inf"},
        {"negative", "finite", "the factor is -1"},
        {"no_history", "finite", "NULL in a run without validation"},
        {"per_step", "per_step", "set NN_PER_STEP"},
        {"precision", "precision", "in float32 and 64 in float64"},
    };
    expect("schedule", faults, sizeof faults / sizeof faults[0]);
}

static void each_fault_of_a_transform_is_caught_by_its_check(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"pure", "pure", "give another image a second time"},
        {"scratch", "pure", "give another image a second time"},
        {"bounds", "bounds", "apply() writes outside: out[504], where there are 504"},
        {"read_only", "bounds", "changes the image it reads"},
        {"finite", "bounds", "is unwritten or not finite"},
        {"precision", "precision", "float32 against float64 is off by"},
        {"concurrent", "concurrent", "on several threads it gives other images"},
    };
    expect("transform", faults, sizeof faults / sizeof faults[0]);
}

static void without_a_fault_the_same_plugins_pass(void **state)
{
    (void)state;
    static const char *const kinds[] = {"activation", "cost",     "optimizer", "loader",
                                        "initializer", "schedule", "transform"};
    for (size_t i = 0; i < 7; i++) {
        char file[64];
        snprintf(file, sizeof file, "contract/%s/faulty", kinds[i]);
        struct heard heard = hear(file, "none", NULL, 100);
        if (heard.failed > 0) {
            print_error("%s: check %s said: %s\n", kinds[i], heard.name, heard.reason);
        }
        assert_int_equal(heard.failed, 0);
        assert_int_equal(heard.skipped, 0);
        assert_true(heard.count >= 8);
    }
}

static void an_endless_loop_is_ended(void **state)
{
    (void)state;
    struct heard heard = hear("contract/activation/faulty", "hang", "split", 0.3);
    assert_int_equal(heard.failed, 1);
    assert_string_equal(heard.reason, "with defaults: forward() did not end within 0.3 s");
}

static void what_is_undocumented_or_exports_too_much_is_told(void **state)
{
    (void)state;
    struct heard heard = hear("contract/undocumented", NULL, "documented", 0);
    assert_int_equal(heard.failed, 1);
    assert_string_equal(heard.reason, "it has no .formula: the mathematics in one line");
    heard = hear("contract/undocumented", NULL, "exports", 0);
    assert_int_equal(heard.failed, 1);
    assert_non_null(strstr(heard.reason, "it exports 2 symbols: "));
    assert_non_null(strstr(heard.reason, "undocumented_helper"));
    heard = hear("contract/undocumented", NULL, "parameters", 0);
    assert_int_equal(heard.failed, 1);
    assert_string_equal(heard.reason, "self has 8 bytes that nobody fills: set .params to the table of parameters, "
                                      "or .create");
}

static void what_is_no_plugin_fails_the_first_check_alone(void **state)
{
    (void)state;
    struct heard heard = hear("contract/nothing", NULL, NULL, 0);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.failed, 1);
    assert_string_equal(heard.name, "loads");
    assert_non_null(strstr(heard.reason, "No such file or directory"));
}

/* Derivative alone tells; what calls forward() again is spared. */
static void a_function_that_hangs_costs_one_limit(void **state)
{
    (void)state;
    static const char *const faults[] = {"hang", "sleep", "abort", "exit"};
    size_t all = hear("contract/activation/faulty", "none", NULL, 100).count;
    for (size_t i = 0; i < 4; i++) {
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        struct heard heard = hear("contract/activation/faulty", faults[i], NULL, 1);
        clock_gettime(CLOCK_MONOTONIC, &end);
        assert_int_equal(heard.count, all);
        assert_int_equal(heard.failed, 1);
        assert_string_equal(heard.name, "derivative");
        assert_int_equal(heard.skipped, 8);
        assert_true(i != 1 || end.tv_sec - begin.tv_sec < 10); /* 3 s, and the others */
    }
}

static void a_parameter_that_is_none_is_an_error_of_use(void **state)
{
    (void)state;
    static const struct {
        const char *parameter, *sentence;
    } cases[] = {{"fualt=none", "did you mean \"fault\"?"}, {"fault=noen", "did you mean \"none\"?"}};
    for (size_t i = 0; i < 2; i++) {
        char path[512];
        struct heard heard = {0};
        size_t failed = 7;
        snprintf(path, sizeof path, "%s/contract/activation/faulty.so", getenv("NNRUN_TEST_BUILD"));
        nn_contract contract = {.path = path, .parameters = &cases[i].parameter, .parameter_count = 1,
                                .report = listen, .context = &heard};
        assert_int_equal(nn_contract_check(&contract, &failed), NN_ERR_USAGE);
        if (strstr(nn_story(), cases[i].sentence) == NULL) {
            print_error("%s: %s\n", cases[i].parameter, nn_story());
        }
        assert_non_null(strstr(nn_story(), cases[i].sentence));
        assert_int_equal(heard.count, 0);
    }
}

static void an_unknown_check_is_refused(void **state)
{
    (void)state;
    char path[512];
    struct heard heard = {0};
    size_t failed = 7;
    snprintf(path, sizeof path, "%s/contract/schedule/faulty.so", getenv("NNRUN_TEST_BUILD"));
    nn_contract contract = {.path = path, .only = "prue", .report = listen, .context = &heard};
    assert_int_equal(nn_contract_check(&contract, &failed), NN_ERR_USAGE);
    assert_string_equal(nn_story(), "there is no check \"prue\"; there are loads, documented, exports, variants, "
                                    "parameters, pure, finite, per_step, precision");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_of_an_activation_is_caught_by_its_check),
        cmocka_unit_test(each_fault_of_a_cost_is_caught_by_its_check),
        cmocka_unit_test(each_fault_of_an_optimizer_is_caught_by_its_check),
        cmocka_unit_test(each_fault_of_a_loader_is_caught_by_its_check),
        cmocka_unit_test(each_fault_of_an_initializer_is_caught_by_its_check),
        cmocka_unit_test(each_fault_of_a_schedule_is_caught_by_its_check),
        cmocka_unit_test(each_fault_of_a_transform_is_caught_by_its_check),
        cmocka_unit_test(without_a_fault_the_same_plugins_pass),
        cmocka_unit_test(an_endless_loop_is_ended),
        cmocka_unit_test(what_is_undocumented_or_exports_too_much_is_told),
        cmocka_unit_test(what_is_no_plugin_fails_the_first_check_alone),
        cmocka_unit_test(a_function_that_hangs_costs_one_limit),
        cmocka_unit_test(a_parameter_that_is_none_is_an_error_of_use),
        cmocka_unit_test(an_unknown_check_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
