/* SPDX-License-Identifier: MIT */
/* A folder of images, and the loader that opens it. */
#ifndef NN_TESTS_DATA_IMAGES_H
#define NN_TESTS_DATA_IMAGES_H

#include "check.h"
#include "files.h"
#include "loader.h"

struct state {
    char folder[FILES_PATH];
    loader_fixture loader;
};

static inline int images_setup(void **state, const char *loader)
{
    struct state *s = test_malloc(sizeof *s);
    files_make(s->folder);
    loader_setup(&s->loader, loader);
    loader_set_text(&s->loader, "path", s->folder);
    *state = s;
    return 0;
}

static inline int teardown(void **state)
{
    struct state *s = *state;
    loader_finish(&s->loader);
    files_remove(s->folder);
    test_free(s);
    return 0;
}

static inline void make_class(const struct state *s, const char *name)
{
    if (mkdir(files_path(s->folder, "%s", name), 0755) != 0) {
        fail_msg("%s can't be made", name);
    }
}

static inline void open_well(struct state *s)
{
    assert_ok(loader_open(&s->loader));
}

static inline void open_badly(struct state *s, const char *reason)
{
    assert_int_equal(loader_open(&s->loader), NN_ERR_DATA);
    assert_contains(nn_story(), reason);
}

static inline void assert_logged(const struct state *s, const char *part)
{
    assert_contains(nn_text_view(&s->loader.lines), part);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
