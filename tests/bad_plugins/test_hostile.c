/* SPDX-License-Identifier: MIT */
/* `plugins check` goes on whatever a plugin does in its processes, and says what it did. */
#include "run/contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct heard {
    size_t count, failed, skipped;
    char name[64], reason[1024]; /* of the last failure */
};

static void listen(void *context, const nn_check_result *result)
{
    struct heard *heard = context;
    heard->count++;
    heard->skipped += result->verdict == NN_VERDICT_SKIPPED;
    if (result->verdict == NN_VERDICT_FAILED) {
        heard->failed++;
        snprintf(heard->name, sizeof heard->name, "%s", result->name);
        snprintf(heard->reason, sizeof heard->reason, "%s", result->reason);
        assert_true(strlen(result->rule) > 0);
    } else if (result->verdict == NN_VERDICT_PASSED) {
        assert_true(strlen(result->figure) > 0 || strcmp(result->name, "loads") == 0);
    }
}

static struct heard check(const char *fault, const char *only, double limit_s)
{
    char path[512], parameter[64];
    struct heard heard = {0};
    size_t failed = 0;
    snprintf(path, sizeof path, "%s/contract/activation/faulty.so", getenv("NNRUN_TEST_BUILD"));
    snprintf(parameter, sizeof parameter, "fault=%s", fault);
    const char *parameters[] = {parameter};
    nn_contract contract = {.path = path, .parameters = parameters, .parameter_count = 1, .only = only,
                            .limit_s = limit_s, .report = listen, .context = &heard};
    assert_int_equal(nn_contract_check(&contract, &failed), NN_OK);
    assert_int_equal(failed, heard.failed);
    return heard;
}

static void each_end_has_its_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *sentence;
        double limit_s;
    } cases[] = {
        {"crash", "with defaults: forward() crashed (Segmentation fault: a bad address, or no end of the stack)", 100},
        {"deep", "with defaults: forward() crashed (Segmentation fault: a bad address, or no end of the stack)", 100},
        {"far", "with defaults: forward() writes outside: a[4162], where there are 66", 100},
        {"abort", "with defaults: forward() crashed (Aborted)", 100},
        {"raise", "with defaults: forward() crashed (Terminated)", 100},
        {"exit", "with defaults: forward() ended the process with exit code 3", 100},
        {"fork", "with defaults: forward() ended the process with exit code 0", 100},
        {"hang", "with defaults: forward() did not end within 0.2 s", 0.2},
        {"sleep", "with defaults: forward() did not end within 0.02 s", 0.02}, /* three times as long by the clock */
        {"chatter", "with defaults: forward() crashed (File size limit exceeded): and another thing", 100},
#ifndef __SANITIZE_ADDRESS__ /* memory can't be limited there */
        {"hungry", "with defaults: forward() crashed: it writes through a NULL pointer", 100},
#endif
        {"bounds", "with defaults: forward() writes outside: a[66], where there are 66", 100},
        {"nan", "at z = 10000 it gives a = nan", 100},
        {"print", "it printed \"hello from a plugin\"; plugins never print, host->log() writes into the log", 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *only = strcmp(cases[i].fault, "bounds") == 0 ? "bounds"
                         : strcmp(cases[i].fault, "nan") == 0    ? "finite"
                                                                 : "split";
        struct heard heard = check(cases[i].fault, only, cases[i].limit_s);
        const char *found = strstr(heard.reason, cases[i].sentence);
        if (found == NULL) {
            print_error("%s: %s\n", cases[i].fault, heard.reason);
        }
        assert_int_equal(heard.failed, 1);
        assert_non_null(found);
    }
}

static void a_crash_in_one_check_leaves_the_others(void **state)
{
    (void)state;
    size_t all = check("none", NULL, 100).count;
    struct heard heard = check("abort", NULL, 100);
    assert_int_equal(heard.count, all);
    assert_int_equal(heard.failed, 1);
    assert_true(heard.skipped >= 5 && heard.skipped < all); /* those that call forward() again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_has_its_sentence),
        cmocka_unit_test(a_crash_in_one_check_leaves_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
