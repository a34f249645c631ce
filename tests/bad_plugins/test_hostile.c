/* SPDX-License-Identifier: MIT */
/* `plugins check` goes on whatever a plugin does in its processes, and says what it did. */
#include "heard.h"

static const char faulty[] = "contract/activation/faulty";

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
        struct heard heard = hear(faulty, cases[i].fault, only, cases[i].limit_s);
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
    size_t all = hear(faulty, "none", NULL, 100).count;
    struct heard heard = hear(faulty, "abort", NULL, 100);
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
