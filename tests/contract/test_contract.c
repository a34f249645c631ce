/* SPDX-License-Identifier: MIT */
/* For each check of the contract, a plugin that breaks just that rule and is caught by it. */
#include "run/contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct heard {
    size_t count;
    char reason[1024], name[64];
    nn_verdict verdict; /* of the last failure, else of the last check */
    size_t failed, skipped;
};

static void listen(void *context, const nn_check_result *result)
{
    struct heard *heard = context;
    heard->count++;
    heard->failed += result->verdict == NN_VERDICT_FAILED;
    heard->skipped += result->verdict == NN_VERDICT_SKIPPED;
    if (result->verdict == NN_VERDICT_FAILED) {
        snprintf(heard->name, sizeof heard->name, "%s", result->name);
        snprintf(heard->reason, sizeof heard->reason, "%s", result->reason);
    }
    assert_non_null(result->rule);
    assert_true(strlen(result->rule) > 0);
}

static struct heard check(const char *file, const char *fault, const char *only, double limit_s)
{
    char path[512], parameter[128];
    struct heard heard = {0};
    size_t failed = 0;
    snprintf(path, sizeof path, "%s/contract/%s.so", getenv("NNRUN_TEST_BUILD"), file);
    snprintf(parameter, sizeof parameter, "fault=%s", fault);
    const char *parameters[] = {parameter};
    nn_contract contract = {.path = path, .parameters = parameters, .parameter_count = fault[0] != '\0',
                            .only = only, .limit_s = limit_s, .report = listen, .context = &heard};
    assert_int_equal(nn_contract_check(&contract, &failed), NN_OK);
    assert_int_equal(failed, heard.failed);
    return heard;
}

static void each_fault_is_caught_by_its_check(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *fault, *check, *reason;
    } cases[] = {
        {"activation", "derivative", "derivative", "backward() against central differences is off by "
                                                   "0.000661 (allowed: 1e-07): at z = "},
        {"activation", "precision", "precision", "forward() in float32 is off by 0.01"},
        {"activation", "instructions", "instructions", "forward() in another instruction set is off by"},
        {"activation", "finite", "finite", "at z = 10000 it gives a = "},
        {"activation", "range", "range", "lies outside [-1, 1]"},
        {"activation", "split", "split", "it gives other bits than whole"},
        {"activation", "in_place", "in_place", "other numbers where dz is da"},
        {"activation", "bounds", "bounds", "with defaults: forward() writes outside: a[66], where there are 66"},
        {"activation", "over_read", "bounds", "forward() reads outside: z[66], where there are 66"},
        {"activation", "one_more", "bounds", "forward() writes outside: a[66], where there are 66"},
        {"activation", "one_before", "bounds", "forward() writes outside: a[-1], where there are 66"},
        {"activation", "low_end", "finite", "with bend=0, float32: at z = "},
        {"activation", "high_end", "derivative", "with bend=1.998, backward() against"},
        {"activation", "create_end", "parameters", "with bend=0: create() crashed (Aborted)"},
        {"activation", "null_z", "derivative", "backward() crashed: it reads through a NULL pointer; z is NULL "
                                               "here: .flags lack NN_NEEDS_Z"},
        {"activation", "read_only", "bounds", "changes what it may only read"},
        {"activation", "concurrent", "concurrent", "on several threads it gives other numbers"},
        {"activation", "parameters", "parameters", "it will not begin"},
        {"activation", "crash", "split", "with defaults: forward() crashed (Segmentation fault"},
        {"activation", "exit", "split", "with defaults: forward() ended the process with exit code 3"},
        {"activation", "print", "split", "it printed \"hello from a plugin\""},
        {"activation", "nan", "derivative", "is off by nan (allowed: 1e-07): at z = "},
        {"cost", "derivative", "derivative", "gradient() against central differences"},
        {"cost", "link_gradient", "link_gradient", "link_gradient() against backward(gradient()) is off by"},
        {"cost", "precision", "precision", "float32 against float64 is off by"},
        {"cost", "instructions", "instructions", "another instruction set is off by"},
        {"cost", "finite", "finite", "at the ends of the range"},
        {"cost", "split", "split", "gradient() gives other bits than whole"},
        {"cost", "mean", "split", "it sums over rows, the host divides"},
        {"cost", "bounds", "bounds", "gradient() writes outside: da[66], where there are 66"},
        {"cost", "concurrent", "concurrent", "on several threads"},
        {"optimizer", "slots", "slots", "\"Momentum!\" is no name for a slot"},
        {"optimizer", "descends", "descends", "of the height is left"},
        {"optimizer", "split", "split", "other bits than whole"},
        {"optimizer", "resumes", "resumes", "it goes on otherwise than unbroken"},
        {"optimizer", "affine", "affine", "affine() against update() is off by"},
        {"optimizer", "precision", "precision", "float32 against float64"},
        {"optimizer", "instructions", "instructions", "another instruction set"},
        {"optimizer", "finite", "finite", "not finite after 5 steps"},
        {"optimizer", "bounds", "bounds", "update() writes outside: slot[0][61], where there are 61"},
        {"optimizer", "scalar", "bounds", "it writes scalars[0], but scalars() names 0"},
        {"optimizer", "rate", "rate", "it must use step->rate, in which the schedule is"},
        {"optimizer", "slot", "descends", "it has 1 slot; slot[1] is NULL"},
        {"optimizer", "read_only", "bounds", "changes the gradient"},
        {"optimizer", "concurrent", "concurrent", "on several threads"},
        {"loader", "describes", "describes", "class \"pear\" comes before \"apple\""},
        {"loader", "identity", "describes", "opened a second time it has another identity"},
        {"loader", "zero", "describes", "identity is left all zero"},
        {"loader", "wide", "values", "read() writes outside: x[240], where there are 240"},
        {"loader", "precision", "precision", "x in float32 against float64 is off by 0.1"},
        {"loader", "values", "values", "read() writes outside: x[240], where there are 240"},
        {"loader", "labels", "values", "sample 2 has label 3 of 3 classes"},
        {"loader", "pure", "pure", "the samples differ"},
        {"loader", "out_of_range", "out_of_range", "samples 40 to 40 of 40 are read without an error"},
        {"loader", "concurrent", "concurrent", "on several threads it gives other samples"},
        {"initializer", "pure", "pure", "with other numbers a second time"},
        {"initializer", "mean", "moments", "the mean is 0.1"},
        {"initializer", "spread", "moments", "the standard deviation against the one stated is off by"},
        {"initializer", "finite", "finite", "unwritten or not finite"},
        {"initializer", "bounds", "finite", "fill() writes outside: w[1], where there are 1"},
        {"initializer", "precision", "precision", "float32 against float64"},
        {"initializer", "concurrent", "concurrent", "on several threads"},
        {"schedule", "pure", "pure", "when asked again in another order"},
        {"schedule", "finite", "finite", "the factor is inf"},
        {"schedule", "negative", "finite", "the factor is -1"},
        {"schedule", "no_history", "finite", "NULL in a run without validation"},
        {"schedule", "per_step", "per_step", "set NN_PER_STEP"},
        {"schedule", "precision", "precision", "in float32 and 64 in float64"},
        {"transform", "pure", "pure", "give another image a second time"},
        {"transform", "scratch", "pure", "give another image a second time"},
        {"transform", "bounds", "bounds", "apply() writes outside: out[504], where there are 504"},
        {"transform", "read_only", "bounds", "changes the image it reads"},
        {"transform", "finite", "bounds", "is unwritten or not finite"},
        {"transform", "precision", "precision", "float32 against float64 is off by"},
        {"transform", "concurrent", "concurrent", "on several threads it gives other images"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char file[64];
        snprintf(file, sizeof file, "%s/faulty", cases[i].kind);
        struct heard heard = check(file, cases[i].fault, cases[i].check, 100);
        if (strstr(heard.reason, cases[i].reason) == NULL) {
            print_error("%s %s: check %s said: %s\n", cases[i].kind, cases[i].fault, cases[i].check,
                        heard.failed > 0 ? heard.reason : "all is well");
        }
        assert_int_equal(heard.failed, 1);
        assert_string_equal(heard.name, cases[i].check);
        assert_non_null(strstr(heard.reason, cases[i].reason));
    }
}

static void without_a_fault_the_same_plugins_pass(void **state)
{
    (void)state;
    static const char *const kinds[] = {"activation", "cost",     "optimizer", "loader",
                                        "initializer", "schedule", "transform"};
    for (size_t i = 0; i < 7; i++) {
        char file[64];
        snprintf(file, sizeof file, "%s/faulty", kinds[i]);
        struct heard heard = check(file, "none", NULL, 100);
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
    struct heard heard = check("activation/faulty", "hang", "split", 0.3);
    assert_int_equal(heard.failed, 1);
    assert_string_equal(heard.reason, "with defaults: forward() did not end within 0.3 s");
}

static void what_is_undocumented_or_exports_too_much_is_told(void **state)
{
    (void)state;
    struct heard heard = check("undocumented", "", "documented", 0);
    assert_int_equal(heard.failed, 1);
    assert_string_equal(heard.reason, "it has no .formula: the mathematics in one line");
    heard = check("undocumented", "", "exports", 0);
    assert_int_equal(heard.failed, 1);
    assert_non_null(strstr(heard.reason, "it exports 2 symbols: "));
    assert_non_null(strstr(heard.reason, "undocumented_helper"));
    heard = check("undocumented", "", "parameters", 0);
    assert_int_equal(heard.failed, 1);
    assert_string_equal(heard.reason, "self has 8 bytes that nobody fills: set .params to the table of parameters, "
                                      "or .create");
}

static void what_is_no_plugin_fails_the_first_check_alone(void **state)
{
    (void)state;
    struct heard heard = check("nothing", "", NULL, 0);
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
    size_t all = check("activation/faulty", "none", NULL, 100).count;
    for (size_t i = 0; i < 4; i++) {
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        struct heard heard = check("activation/faulty", faults[i], NULL, 1);
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
        cmocka_unit_test(each_fault_is_caught_by_its_check),
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
