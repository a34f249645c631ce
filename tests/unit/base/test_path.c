/* SPDX-License-Identifier: MIT */
#include "base/memory.h"
#include "base/path.h"
#include "check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static nn_arena *arena;
static char folder[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/nnrun-path-XXXXXX");
    return mkdtemp(folder) == NULL || nn_arena_create(&arena) != NN_OK;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    nn_arena_destroy(arena);
    return system(command);
}

static const char *in_folder(const char *name)
{
    const char *path;
    assert_ok(nn_path_join(arena, folder, name, &path));
    return path;
}

static void paths_are_taken_apart_and_joined(void **state)
{
    (void)state;
    const char *text;
    assert_ok(nn_path_join(arena, "a/", "b", &text));
    assert_string_equal(text, "a/b");
    assert_ok(nn_path_join(arena, "a", "/b", &text));
    assert_string_equal(text, "/b");
    assert_ok(nn_path_folder(arena, "a/b/c.so", &text));
    assert_string_equal(text, "a/b");
    assert_ok(nn_path_folder(arena, "c.so", &text));
    assert_string_equal(text, ".");
    assert_ok(nn_path_folder(arena, "/c", &text));
    assert_string_equal(text, "/");
    assert_ok(nn_path_stem(arena, "a/tanh.so", &text));
    assert_string_equal(text, "tanh");
}

static void absolute_paths_are_clean(void **state)
{
    (void)state;
    const char *text;
    assert_ok(nn_path_absolute(arena, "/a/./b//../c/", &text));
    assert_string_equal(text, "/a/c");
    assert_ok(nn_path_absolute(arena, "/../..", &text));
    assert_string_equal(text, "/");
    assert_ok(nn_path_absolute(arena, "x", &text));
    assert_int_equal(text[0], '/');
}

static void a_file_is_written_whole_and_read_back(void **state)
{
    (void)state;
    char *bytes;
    size_t length;
    const char *path = in_folder("file");
    assert_ok(nn_file_write(path, "one", 3, true));
    assert_ok(nn_file_write(path, "two!", 4, false));
    assert_ok(nn_file_read(path, 4, &bytes, &length));
    assert_int_equal(length, 4);
    assert_string_equal(bytes, "two!");
    nn_free(bytes);
    assert_int_equal(nn_file_read(path, 3, &bytes, &length), NN_ERR_IO);
    assert_contains(nn_story(), "larger than");
}

static void what_is_no_file_is_refused_at_once(void **state)
{
    (void)state;
    char *bytes;
    size_t length;
    const char *fifo = in_folder("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(nn_file_read(fifo, 100, &bytes, &length), NN_ERR_IO);
    assert_contains(nn_story(), "not a regular file");
    assert_int_equal(nn_file_read(folder, 100, &bytes, &length), NN_ERR_IO);
    assert_contains(nn_story(), "a folder");
    assert_int_equal(nn_file_read("/dev/zero", 100, &bytes, &length), NN_ERR_IO);
    assert_int_equal(nn_file_read(in_folder("absent"), 100, &bytes, &length), NN_ERR_IO);
    assert_contains(nn_story(), "No such file");
}

static void a_failed_write_leaves_nothing_behind(void **state)
{
    (void)state;
    const char *path = in_folder("taken");
    assert_ok(nn_path_make(path));
    assert_int_equal(nn_file_write(path, "x", 1, false), NN_ERR_IO);
    char aside[128];
    snprintf(aside, sizeof aside, "%s.tmp-%ld", path, (long)getpid());
    assert_int_equal(access(aside, F_OK), -1);
}

static void folders_are_made_with_those_above(void **state)
{
    (void)state;
    const char *path = in_folder("a/b/c");
    assert_ok(nn_path_make(path));
    assert_ok(nn_path_make(path));
    assert_true(nn_path_is_folder(path));
    assert_ok(nn_path_sync(path));
    assert_ok(nn_file_write(in_folder("f"), "x", 1, false));
    assert_int_equal(nn_path_make(in_folder("f/g")), NN_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_taken_apart_and_joined),
        cmocka_unit_test(absolute_paths_are_clean),
        cmocka_unit_test(a_file_is_written_whole_and_read_back),
        cmocka_unit_test(what_is_no_file_is_refused_at_once),
        cmocka_unit_test(a_failed_write_leaves_nothing_behind),
        cmocka_unit_test(folders_are_made_with_those_above),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
