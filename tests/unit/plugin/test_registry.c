/* SPDX-License-Identifier: MIT */
/* The registry on the plugins the build made and on folders of links to them. */
#include "base/arena.h"
#include "base/memory.h"
#include "base/path.h"
#include "plugin/registry.h"

#include <nnrun/activation.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    nn_arena *arena;
    nn_registry *registry;
    char folder[64];
    char log[4096];
};

static void collect(void *context, nn_log_level level, const char *text)
{
    (void)level;
    struct fixture *fixture = context;
    size_t used = strlen(fixture->log);
    snprintf(fixture->log + used, sizeof fixture->log - used, "%s\n", text);
}

static nn_log logs;

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    strcpy(fixture->folder, "/tmp/nnrun-registry-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    logs = (nn_log){.least = NN_INFO, .line = collect, .context = fixture};
    assert_int_equal(nn_arena_create(&fixture->arena), NN_OK);
    assert_int_equal(nn_registry_create(&logs, &fixture->registry), NN_OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[128];
    nn_registry_destroy(fixture->registry);
    nn_arena_destroy(fixture->arena);
    snprintf(command, sizeof command, "rm -rf '%s'", fixture->folder);
    assert_int_equal(system(command), 0);
    free(fixture);
    return 0;
}

static const char *built(struct fixture *fixture, const char *file)
{
    const char *path;
    assert_int_equal(nn_path_join(fixture->arena, getenv("NNRUN_TEST_PLUGINS"), file, &path), NN_OK);
    return path;
}

static const char *made(struct fixture *fixture, const char *name)
{
    const char *path;
    assert_int_equal(nn_path_join(fixture->arena, fixture->folder, name, &path), NN_OK);
    return path;
}

/* Copies a file of bytes, adding `tail` so that copies differ in content. */
static void copy(struct fixture *fixture, const char *from, const char *to, const char *tail)
{
    char *bytes;
    size_t length;
    const char *folder;
    assert_int_equal(nn_path_folder(fixture->arena, made(fixture, to), &folder), NN_OK);
    assert_int_equal(nn_path_make(folder), NN_OK);
    assert_int_equal(nn_file_read(built(fixture, from), 64 << 20, &bytes, &length), NN_OK);
    FILE *file = fopen(made(fixture, to), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fputs(tail, file);
    assert_int_equal(fclose(file), 0);
    nn_free(bytes);
}

static void finds_a_plugin_by_kind_and_name(void **state)
{
    struct fixture *fixture = *state;
    const nn_plugin *plugin;
    assert_int_equal(nn_registry_add(fixture->registry, built(fixture, ""), true), NN_OK);
    assert_int_equal(nn_registry_find(fixture->registry, NN_KIND_ACTIVATION, "tanh", &plugin), NN_OK);
    assert_string_equal(plugin->name, "tanh");
    assert_int_equal(plugin->kind, NN_KIND_ACTIVATION);
    assert_int_equal(strlen(plugin->sha256), 64);
    const void *ops;
    for (unsigned bits = 32; bits <= 64; bits += 32) {
        assert_int_equal(nn_plugin_ops(plugin, bits, NN_ISA_X86_64_V2, &ops), NN_OK);
        const nn_activation *tanh_ = ops;
        double z64[] = {0, 0.5, -2}, a64[3];
        float z32[] = {0, 0.5F, -2}, a32[3];
        const double expected[] = {0, 0.46211715726000975, -0.96402758007581688};
        /* This file is compiled for neither precision: nn_real is only a name for the buffer here. */
        tanh_->forward(NULL, 1, 3, bits == 64 ? (const void *)z64 : z32, bits == 64 ? (void *)a64 : a32);
        for (size_t i = 0; i < 3; i++) {
            double a = bits == 64 ? a64[i] : (double)a32[i];
            assert_true(fabs(a - expected[i]) < (bits == 64 ? 1e-15 : 1e-6));
        }
    }
}

static void unknown_names_are_answered_with_the_nearest(void **state)
{
    struct fixture *fixture = *state;
    const nn_plugin *plugin;
    assert_int_equal(nn_registry_add(fixture->registry, built(fixture, ""), true), NN_OK);
    assert_int_equal(nn_registry_find(fixture->registry, NN_KIND_ACTIVATION, "tahn", &plugin),
                     NN_ERR_NOT_FOUND);
    assert_string_equal(nn_story(), "no activation \"tahn\"; did you mean \"tanh\"?");
    assert_int_equal(nn_registry_find(fixture->registry, NN_KIND_COST, "tanh", &plugin),
                     NN_ERR_NOT_FOUND);
}

static void a_missing_folder_matters_only_where_required(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(nn_registry_add(fixture->registry, "/nowhere/at/all", false), NN_OK);
    assert_int_equal(nn_registry_add(fixture->registry, "/nowhere/at/all", true), NN_ERR_PLUGIN);
    assert_int_equal(nn_registry_add(fixture->registry, "/nowhere/mish.so", false), NN_ERR_PLUGIN);
    assert_string_equal(nn_story(),
                        "/nowhere/mish.so: can't be opened: No such file or directory");
}

static void earlier_places_shadow_later_ones_and_say_so(void **state)
{
    struct fixture *fixture = *state;
    const nn_plugin *plugin;
    copy(fixture, "activation/tanh.so", "first/tanh.so", "1");
    assert_int_equal(nn_registry_add(fixture->registry, made(fixture, "first"), true), NN_OK);
    assert_int_equal(nn_registry_add(fixture->registry, built(fixture, ""), true), NN_OK);
    assert_int_equal(nn_registry_find(fixture->registry, NN_KIND_ACTIVATION, "tanh", &plugin), NN_OK);
    assert_string_equal(plugin->path, made(fixture, "first/tanh.so"));
    assert_non_null(strstr(fixture->log, "first/tanh.so is used and shadows "));

    const nn_plugin_entry *entries;
    size_t count, shadowed = 0;
    assert_int_equal(nn_registry_entries(fixture->registry, fixture->arena, &entries, &count), NN_OK);
    for (size_t i = 0; i < count; i++) {
        assert_null(entries[i].refused);
        if (entries[i].shadowed_by != NULL) {
            shadowed++;
            assert_string_equal(entries[i].name, "tanh");
            assert_string_equal(entries[i].path, built(fixture, "activation/tanh.so"));
            assert_string_equal(entries[i].shadowed_by, made(fixture, "first/tanh.so"));
        }
    }
    assert_int_equal(shadowed, 1);
}

static void equal_copies_shadow_in_silence(void **state)
{
    struct fixture *fixture = *state;
    const nn_plugin *plugin;
    copy(fixture, "activation/tanh.so", "first/tanh.so", "");
    assert_int_equal(nn_registry_add(fixture->registry, made(fixture, "first"), true), NN_OK);
    assert_int_equal(nn_registry_add(fixture->registry, built(fixture, ""), true), NN_OK);
    assert_int_equal(nn_registry_find(fixture->registry, NN_KIND_ACTIVATION, "tanh", &plugin), NN_OK);
    assert_string_equal(fixture->log, "");
}

static void two_of_one_name_in_one_place_are_refused(void **state)
{
    struct fixture *fixture = *state;
    const nn_plugin *plugin;
    copy(fixture, "activation/tanh.so", "tanh.so", "");
    copy(fixture, "activation/tanh.so", "activation/tanh.so", "");
    assert_int_equal(nn_registry_add(fixture->registry, fixture->folder, true), NN_OK);
    assert_int_equal(nn_registry_find(fixture->registry, NN_KIND_ACTIVATION, "tanh", &plugin),
                     NN_ERR_PLUGIN);
    char expected[512];
    snprintf(expected, sizeof expected, "two activations of the name tanh in one place: "
             "%s/activation/tanh.so and %s/tanh.so; remove one", fixture->folder, fixture->folder);
    assert_string_equal(nn_story(), expected);
    const nn_plugin_entry *entries;
    size_t count;
    assert_int_equal(nn_registry_entries(fixture->registry, fixture->arena, &entries, &count), NN_OK);
    assert_int_equal(count, 2);
    assert_string_equal(entries[0].refused, expected);
    assert_string_equal(entries[1].refused, expected);
}

static void one_file_by_two_names_is_one_plugin(void **state)
{
    struct fixture *fixture = *state;
    const nn_plugin *plugin;
    const nn_plugin_entry *entries;
    size_t count;
    copy(fixture, "activation/tanh.so", "activation/tanh.so", "");
    assert_int_equal(symlink(made(fixture, "activation/tanh.so"), made(fixture, "tanh.so")), 0);
    assert_int_equal(nn_registry_add(fixture->registry, fixture->folder, true), NN_OK);
    assert_int_equal(nn_registry_find(fixture->registry, NN_KIND_ACTIVATION, "tanh", &plugin), NN_OK);
    assert_int_equal(nn_registry_entries(fixture->registry, fixture->arena, &entries, &count), NN_OK);
    assert_int_equal(count, 1);
}

static void a_file_in_the_wrong_folder_or_of_another_name_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const nn_plugin *plugin;
    copy(fixture, "activation/tanh.so", "cost/tanh.so", "");
    copy(fixture, "activation/tanh.so", "activation/atan.so", "");
    assert_int_equal(nn_registry_add(fixture->registry, fixture->folder, true), NN_OK);
    assert_int_equal(nn_registry_find(fixture->registry, NN_KIND_COST, "tanh", &plugin), NN_ERR_PLUGIN);
    assert_non_null(strstr(nn_story(),
                           "cost/tanh.so: lies in cost/ but is of kind activation; move it to activation/"));
    assert_int_equal(nn_registry_find(fixture->registry, NN_KIND_ACTIVATION, "atan", &plugin),
                     NN_ERR_PLUGIN);
    assert_non_null(strstr(nn_story(), "atan.so: calls itself \"tanh\"; name the file tanh.so"));
}

static void names_are_sorted_and_each_is_there_once(void **state)
{
    struct fixture *fixture = *state;
    const char *const *names;
    size_t count;
    copy(fixture, "activation/tanh.so", "tanh.so", "");
    assert_int_equal(nn_registry_add(fixture->registry, fixture->folder, true), NN_OK);
    assert_int_equal(nn_registry_add(fixture->registry, built(fixture, ""), true), NN_OK);
    assert_int_equal(nn_registry_names(fixture->registry, NN_KIND_ACTIVATION, fixture->arena, &names,
                                       &count), NN_OK);
    assert_true(count >= 1);
    size_t tanhs = 0;
    for (size_t i = 0; i < count; i++) {
        tanhs += strcmp(names[i], "tanh") == 0;
        assert_true(i == 0 || strcmp(names[i - 1], names[i]) < 0);
    }
    assert_int_equal(tanhs, 1);
}

static void the_instruction_set_can_be_forced_but_not_beyond_the_machine(void **state)
{
    (void)state;
    nn_isa isa;
    setenv("NNRUN_ISA", "v9", 1);
    assert_int_equal(nn_isa_choose(&isa), NN_ERR_USAGE);
    assert_string_equal(nn_story(), "NNRUN_ISA=v9: no such instruction set; v2, v3 or v4");
    unsetenv("NNRUN_ISA");
    nn_isa best;
    assert_int_equal(nn_isa_choose(&best), NN_OK);
    if (best >= NN_ISA_X86_64_V2) {
        setenv("NNRUN_ISA", "v2", 1);
        assert_int_equal(nn_isa_choose(&isa), NN_OK);
        assert_int_equal(isa, NN_ISA_X86_64_V2);
    }
    if (best < NN_ISA_X86_64_V4) {
        setenv("NNRUN_ISA", "v4", 1);
        assert_int_equal(nn_isa_choose(&isa), NN_ERR_USAGE);
    }
    unsetenv("NNRUN_ISA");
}

static void kinds_have_names_in_singular_and_plural(void **state)
{
    (void)state;
    assert_string_equal(nn_kind_name(NN_KIND_TRANSFORM), "transform");
    assert_int_equal(nn_kind_of("optimizer"), NN_KIND_OPTIMIZER);
    assert_int_equal(nn_kind_of("optimizers"), NN_KIND_OPTIMIZER);
    assert_int_equal(nn_kind_of("layer"), 0);
    assert_null(nn_kind_name((nn_kind)0));
    assert_null(nn_kind_name((nn_kind)8));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_a_plugin_by_kind_and_name),
        TEST(unknown_names_are_answered_with_the_nearest),
        TEST(a_missing_folder_matters_only_where_required),
        TEST(earlier_places_shadow_later_ones_and_say_so),
        TEST(equal_copies_shadow_in_silence),
        TEST(two_of_one_name_in_one_place_are_refused),
        TEST(one_file_by_two_names_is_one_plugin),
        TEST(a_file_in_the_wrong_folder_or_of_another_name_is_refused),
        TEST(names_are_sorted_and_each_is_there_once),
        cmocka_unit_test(the_instruction_set_can_be_forced_but_not_beyond_the_machine),
        cmocka_unit_test(kinds_have_names_in_singular_and_plural),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
