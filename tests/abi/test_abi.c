/* SPDX-License-Identifier: MIT */
/* Plugins built otherwise than this tree builds its own: an older ABI minor, C++20, plain cc. */
#include "base/status.h"
#include "plugin/registry.h"

#include <nnrun/activation.h>
#include <nnrun/optimizer.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static nn_registry *registry;

static void use(const char *folder)
{
    char path[512];
    snprintf(path, sizeof path, "%s/abi/%s", getenv("NNRUN_TEST_BUILD"), folder);
    assert_int_equal(nn_registry_create(NULL, &registry), NN_OK);
    nn_story_clear();
    nn_status status = nn_registry_add(registry, path, true);
    assert_string_equal(nn_story(), "");
    assert_int_equal(status, NN_OK);
}

static int tear_down(void **state)
{
    (void)state;
    nn_registry_destroy(registry);
    registry = NULL;
    return 0;
}

/* One step of the old optimizer in single precision. */
static void steps(const nn_plugin *plugin)
{
    const void *ops;
    assert_int_equal(nn_plugin_ops(plugin, 32, NN_ISA_X86_64_V2, &ops), NN_OK);
    const nn_optimizer *optimizer = ops;
    assert_null(optimizer->affine);
    double self = 0.5;
    nn_step step = {.size = sizeof step, .t = 1, .rate = optimizer->rate(&self)};
    float w[3] = {1, 2, 3}, g[3] = {1, -1, 0.5F};
    optimizer->update(&self, &step, 3, w, g, NULL);
    assert_true(w[0] == 0.5F && w[1] == 2.5F && w[2] == 2.75F);
}

static void a_plugin_of_an_older_minor_is_read_with_absent_entries_zero(void **state)
{
    (void)state;
    const nn_plugin *plugin;
    use(".");
    assert_int_equal(nn_registry_find(registry, NN_KIND_OPTIMIZER, "old_optimizer", &plugin), NN_OK);
    assert_int_equal(plugin->manifest->abi_minor, 0);
    /* The host's table is larger than the plugin's. */
    assert_int_equal(plugin->manifest->variants[0].ops_size, sizeof(nn_optimizer));
    steps(plugin);
}

static void one_object_by_plain_cc_is_a_plugin_of_single_precision(void **state)
{
    (void)state;
    const nn_plugin *plugin;
    const void *ops;
    use("plain/old_optimizer.so");
    assert_int_equal(nn_registry_find(registry, NN_KIND_OPTIMIZER, "old_optimizer", &plugin), NN_OK);
    assert_int_equal(plugin->manifest->variant_count, 1);
    steps(plugin);
    assert_int_equal(nn_plugin_ops(plugin, 64, NN_ISA_X86_64_V2, &ops), NN_ERR_PLUGIN);
}

#ifdef HAVE_CXX
static void a_plugin_in_cxx20_works_in_both_precisions(void **state)
{
    (void)state;
    const nn_plugin *plugin;
    const void *ops;
    use(".");
    assert_int_equal(nn_registry_find(registry, NN_KIND_ACTIVATION, "swish", &plugin), NN_OK);
    double beta = 2;
    float z32[2] = {0, 1}, a32[2];
    double z64[2] = {0, 1}, a64[2], expected = 1 / (1 + exp(-2.0));
    assert_int_equal(nn_plugin_ops(plugin, 32, NN_ISA_X86_64_V2, &ops), NN_OK);
    ((const nn_activation *)ops)->forward(&beta, 1, 2, z32, a32);
    assert_true(a32[0] == 0 && fabs((double)a32[1] - expected) < 1e-6);
    assert_int_equal(nn_plugin_ops(plugin, 64, NN_ISA_X86_64_V2, &ops), NN_OK);
    ((const nn_activation *)ops)->forward(&beta, 1, 2, (const void *)z64, (void *)a64);
    assert_true(a64[0] == 0 && fabs(a64[1] - expected) < 1e-15);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_plugin_of_an_older_minor_is_read_with_absent_entries_zero, tear_down),
        cmocka_unit_test_teardown(one_object_by_plain_cc_is_a_plugin_of_single_precision, tear_down),
#ifdef HAVE_CXX
        cmocka_unit_test_teardown(a_plugin_in_cxx20_works_in_both_precisions, tear_down),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
