/* SPDX-License-Identifier: MIT */
/* Each plugin that must not be used is refused with the sentence that says why and what to do. */
#include "base/arena.h"
#include "base/memory.h"
#include "base/path.h"
#include "plugin/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[256]; /* of the plugins built */

/* What opening the file says, without its path and ": "; "" where it is accepted. */
static void refusal(const char *path, char *out, size_t room)
{
    nn_registry *registry;
    assert_int_equal(nn_registry_create(NULL, &registry), NN_OK);
    nn_status status = nn_registry_add(registry, path, true);
    out[0] = '\0';
    if (status != NN_OK) {
        assert_int_equal(status, NN_ERR_PLUGIN);
        assert_true(strncmp(nn_story(), path, strlen(path)) == 0);
        snprintf(out, room, "%s", nn_story() + strlen(path) + strlen(": "));
    }
    nn_registry_destroy(registry);
}

struct refused {
    const char *file, *sentence; /* with a blank at its end: what stands behind that is not looked at */
};

static void expect(const struct refused *plugins, size_t count)
{
    for (const struct refused *plugin = plugins; plugin < plugins + count; plugin++) {
        char path[512], said[1024];
        size_t length = strlen(plugin->sentence);
        snprintf(path, sizeof path, "%s/%s.so", folder, plugin->file);
        refusal(path, said, sizeof said);
        if (plugin->sentence[length - 1] == ' ') {
            said[length] = '\0';
        }
        if (strcmp(said, plugin->sentence) != 0) {
            print_error("%s: %s\n", plugin->file, said[0] == '\0' ? "it is taken" : said);
        }
        assert_string_equal(said, plugin->sentence);
    }
}

static void what_was_built_for_another_host_is_refused(void **state)
{
    (void)state;
    static const struct refused plugins[] = {
        {"no_symbol", "exports no nnrun_plugin(); a plugin ends with NN_ACTIVATION { ... }, NN_COST { ... } "
                      "or the like"},
        {"undefined", "can't be loaded: undefined symbol: forgotten; name the library that has it behind "
                      "LINK of nnrun_add_plugin(), or behind -- of `nnrun plugins build`"},
        {"wrong_magic", "its nnrun_plugin() gives no nnrun manifest (wrong magic); build it with nnrun's "
                        "own headers"},
        {"other_major", "built for plugin ABI 7.1, this nnrun takes 1.0 to 1.1; rebuild it with the headers "
                        "of this nnrun"},
        {"older_major", "built for plugin ABI 0.1, this nnrun takes 1.0 to 1.1; rebuild it with the headers "
                        "of this nnrun"},
        {"newer_minor", "built for plugin ABI 1.99, this nnrun takes 1.0 to 1.1; use a newer nnrun, or "
                        "rebuild it with -DNN_ABI_MINOR_TARGET=1"},
        {"small_manifest", "its manifest has 24 bytes, ABI 1.1 has at least 56; build it with nnrun's own "
                           "headers"},
        {"wrong_kind", "kind 99 is none that ABI 1.1 knows; build it with nnrun's own headers"},
        {"row_size", "its rows have sizes ABI 1.1 does not know; build it with nnrun's own headers"},
        {"ops_size", "its table of operations has 16 bytes, that of activation has "},
        {"large_ops", "its table of operations has 100000 bytes, that of activation has "},
        {"odd_bits", "it has a variant of 16 bits for instruction set 0, which ABI 1.1 does not know"},
    };
    expect(plugins, sizeof plugins / sizeof plugins[0]);
}

static void a_table_that_lacks_something_or_is_damaged_is_refused(void **state)
{
    (void)state;
    static const struct refused plugins[] = {
        {"missing_op", "activation bad has no backward(); set .backward in its table"},
        {"no_tables", "it has no table of operations; link the objects of its variants into it"},
        {"wild_table", "its table is damaged: the table of operations lies outside the file; build it again"},
        {"wild_text", "its table is damaged: a text of its front lies outside the file; build it again"},
        {"wild_op", "its table is damaged: backward lies outside the file; build it again"},
        {"bad_name", "bad name \"Not a name\"; a name is lower-case letters, digits and _, a letter first"},
        {"no_name", "bad name \"\"; a name is lower-case letters, digits and _, a letter first"},
        {"no_summary", "activation bad has no summary; say in one sentence what it is in .summary"},
        {"disagreement", "its variants disagree on name, parameters or flags; build all of them from one "
                         "source"},
        {"outside", "parameter \"other\" lies at byte 8, self_size is 8; set .self_size = sizeof the struct"},
        {"huge", "self_size is 1152921504606846976 bytes, at most 16777216; take memory by host->alloc() in "
                 "create() and keep a pointer to it"},
    };
    expect(plugins, sizeof plugins / sizeof plugins[0]);
}

static void a_bad_row_of_parameters_is_refused(void **state)
{
    (void)state;
    static const struct refused plugins[] = {
        {"no_doc", "parameter \"slope\" has no doc; mend its row in the source"},
        {"default_outside", "parameter \"slope\" has a default outside its own range; mend its row in the "
                            "source"},
        {"open_default", "parameter \"slope\" has a default outside its own range; mend its row in the source"},
        {"nan_default", "parameter \"slope\" has a default outside its own range; mend its row in the source"},
        {"upside_down", "parameter \"slope\" has a least value above its most; mend its row in the source"},
        {"twice", "parameter \"slope\" is there twice; mend its row in the source"},
        {"one_place", "parameters \"third\" and \"fourth\" share their place in self; give each a field of "
                      "its own"},
        {"param_name", "parameter \"Slope\" has a bad name (lower-case letters, digits and _, not \"use\"); "
                       "mend its row in the source"},
        {"param_use", "parameter \"use\" has a bad name (lower-case letters, digits and _, not \"use\"); "
                      "mend its row in the source"},
        {"param_type", "parameter \"slope\" has an unknown type; mend its row in the source"},
        {"no_choices", "parameter \"choice\" is a choice without a NULL-terminated list of choices; mend "
                       "its row in the source"},
        {"half_int", "parameter \"choice\" is an int with a default that is not whole; mend its row in the "
                     "source"},
        {"no_end", "what stands behind parameter \"other\" is no row; is NN_PARAM_END missing?"},
        {"no_end_list", "what stands behind parameter \"other\" is no row; is NN_PARAM_END missing?"},
        {"no_end_far", "what stands behind parameter \"other\" is no row; is NN_PARAM_END missing?"},
        {"wild_end", "what stands behind parameter \"other\" is no row; is NN_PARAM_END missing?"},
    };
    expect(plugins, sizeof plugins / sizeof plugins[0]);
}

/* So that the others are refused for their fault alone. */
static void the_plugin_without_a_fault_is_taken(void **state)
{
    (void)state;
    char path[512], said[1024];
    snprintf(path, sizeof path, "%s/good.so", folder);
    refusal(path, said, sizeof said);
    assert_string_equal(said, "");
}

/* With whatever of a cost's table is missed first. */
static void an_activation_that_calls_itself_a_cost_is_refused(void **state)
{
    (void)state;
    char path[512], said[1024];
    snprintf(path, sizeof path, "%s/other_kind.so", folder);
    refusal(path, said, sizeof said);
    assert_true(strlen(said) > 0);
}

/* The first `share` of a file under another name. */
static void cut(const char *from, const char *to, double share)
{
    char *bytes;
    size_t length;
    assert_int_equal(nn_file_read(from, 64 << 20, &bytes, &length), NN_OK);
    assert_int_equal(nn_file_write(to, bytes, (size_t)((double)length * share), false), NN_OK);
    nn_free(bytes);
}

static void truncated_files_are_refused_wherever_they_end(void **state)
{
    (void)state;
    char whole[512], part[512], said[1024];
    snprintf(whole, sizeof whole, "%s/good.so", folder);
    snprintf(part, sizeof part, "%s/truncated.so", folder);
    for (int percent = 0; percent < 100; percent++) {
        cut(whole, part, percent / 100.0);
        refusal(part, said, sizeof said);
        bool told = strstr(said, "truncated after ") != NULL || strstr(said, "not a shared object") != NULL;
        assert_true(told);
    }
    unlink(part);
}

static void what_is_no_shared_object_is_refused(void **state)
{
    (void)state;
    char path[512], said[1024];
    snprintf(path, sizeof path, "%s/text.so", folder);
    assert_int_equal(nn_file_write(path, "#include <nnrun/activation.h>\n" /* 30 bytes */, 30, false), NN_OK);
    refusal(path, said, sizeof said);
    assert_string_equal(said, "not a shared object; a plugin is built by nnrun_add_plugin() or `nnrun "
                              "plugins build`");
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    refusal(path, said, sizeof said); /* and does not wait for a writer */
    assert_string_equal(said, "not a regular file");
    unlink(path);
    assert_int_equal(symlink("/proc/self/exe", path), 0);
    refusal(path, said, sizeof said);
    assert_true(strlen(said) > 0);
    unlink(path);
}

static void a_refused_file_is_listed_with_its_reason(void **state)
{
    (void)state;
    nn_arena *arena;
    nn_registry *registry;
    const nn_plugin_entry *entries;
    size_t count, refused = 0;
    assert_int_equal(nn_arena_create(&arena), NN_OK);
    assert_int_equal(nn_registry_create(NULL, &registry), NN_OK);
    assert_int_equal(nn_registry_add(registry, folder, true), NN_OK);
    assert_int_equal(nn_registry_entries(registry, arena, &entries, &count), NN_OK);
    assert_true(count > 30);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(entries[i].refused); /* good.so calls itself "bad": of another name */
        if (strstr(entries[i].path, "/newer_minor.so") != NULL) {
            assert_non_null(strstr(entries[i].refused, "-DNN_ABI_MINOR_TARGET=1"));
            refused++;
        }
    }
    assert_int_equal(refused, 1);
    nn_registry_destroy(registry);
    nn_arena_destroy(arena);
}

int main(void)
{
    snprintf(folder, sizeof folder, "%s/bad_plugins", getenv("NNRUN_TEST_BUILD"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plugin_without_a_fault_is_taken),
        cmocka_unit_test(what_was_built_for_another_host_is_refused),
        cmocka_unit_test(a_table_that_lacks_something_or_is_damaged_is_refused),
        cmocka_unit_test(a_bad_row_of_parameters_is_refused),
        cmocka_unit_test(an_activation_that_calls_itself_a_cost_is_refused),
        cmocka_unit_test(truncated_files_are_refused_wherever_they_end),
        cmocka_unit_test(what_is_no_shared_object_is_refused),
        cmocka_unit_test(a_refused_file_is_listed_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
