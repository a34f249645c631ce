/* SPDX-License-Identifier: MIT */
/* Plugins that load, and fail a check that every kind has. */
#include "heard.h"

#include "plugin/registry.h"

static void expect(const char *plugin, const char *only, const char *name, const char *reason)
{
    char file[64];
    snprintf(file, sizeof file, "bad_plugins/%s", plugin);
    struct heard heard = hear(file, NULL, only, 100);
    if (heard.failed != 1 || strcmp(heard.reason, reason) != 0) {
        print_error("%s: %s: %s\n", plugin, heard.name, heard.failed > 0 ? heard.reason : "all is well");
    }
    assert_int_equal(heard.failed, 1);
    assert_string_equal(heard.name, name);
    assert_string_equal(heard.reason, reason);
}

static void what_says_too_little_of_itself_fails_documented_alone(void **state)
{
    (void)state;
    expect("no_formula", NULL, "documented", "it has no .formula: the mathematics in one line");
    expect("no_reference", NULL, "documented", "it has no .reference: authors, year, title, equation or section");
    expect("half_summary", NULL, "documented", "its .summary is no sentence (it ends without a full stop)");
    expect("half_doc", NULL, "documented",
           "the doc of parameter \"slope\" is no sentence (it ends without a full stop)");
}

static void what_is_built_for_a_later_machine_fails_variants(void **state)
{
    (void)state;
    nn_isa isa;
    char reason[128];
    assert_int_equal(nn_isa_choose(&isa), NN_OK);
    if (isa == NN_ISA_X86_64_V4) {
        setenv("NNRUN_ISA", "v3", 1); /* the machine it was built for is too good to tell */
        isa = NN_ISA_X86_64_V3;
    }
    snprintf(reason, sizeof reason, "none of its variants runs on this machine (%s)", nn_isa_name(isa));
    expect("later_isa", "variants", "variants", reason);
}

static void without_a_fault_the_same_plugin_passes(void **state)
{
    (void)state;
    assert_int_equal(hear("bad_plugins/good", NULL, NULL, 100).failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_says_too_little_of_itself_fails_documented_alone),
        cmocka_unit_test(without_a_fault_the_same_plugin_passes),
        cmocka_unit_test(what_is_built_for_a_later_machine_fails_variants), /* changes the environment */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
