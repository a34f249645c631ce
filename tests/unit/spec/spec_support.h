/* SPDX-License-Identifier: MIT */
/* What the tests of the spec room share: an arena, diagnostics, and texts as sources and files. */
#ifndef NN_TEST_SPEC_SUPPORT_H
#define NN_TEST_SPEC_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/path.h"
#include "base/text.h"
#include "spec/diagnostic.h"
#include "spec/experiment.h"
#include "spec/node.h"
#include "spec/parse.h"

typedef struct desk {
    nn_arena *arena;
    nn_diagnostics *diagnostics;
    nn_text printed;
    char folder[64]; /* for files, made when the first is written */
} desk;

static inline int desk_open(void **state)
{
    desk *d = calloc(1, sizeof *d);
    assert_non_null(d);
    assert_int_equal(nn_arena_create(&d->arena), NN_OK);
    assert_int_equal(nn_diagnostics_create(d->arena, &d->diagnostics), NN_OK);
    *state = d;
    return 0;
}

static inline int desk_close(void **state)
{
    desk *d = *state;
    if (d->folder[0] != '\0') {
        char command[128];
        snprintf(command, sizeof command, "rm -rf '%s'", d->folder);
        assert_int_equal(system(command), 0);
    }
    nn_text_finish(&d->printed);
    nn_arena_destroy(d->arena);
    free(d);
    return 0;
}

/* A case with a desk of its own. */
#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_open, desk_close)

static inline const nn_text_source *source_of(desk *d, const char *name, const char *bytes,
                                              size_t length)
{
    nn_text_source *source;
    assert_int_equal(NN_ARENA_ALLOC(d->arena, &source, 1), NN_OK);
    *source = (nn_text_source){.name = name, .base_dir = "/base", .length = length};
    assert_int_equal(nn_arena_text(d->arena, bytes, length, &source->bytes), NN_OK);
    return source;
}

static inline nn_node *parse_text(desk *d, const char *text)
{
    nn_node *root;
    const nn_text_source *source = source_of(d, "spec.yaml", text, strlen(text));
    assert_int_equal(nn_parse(d->arena, source, d->diagnostics, &root), NN_OK);
    return root;
}

/* All diagnostics so far, as printed. */
static inline const char *printed(desk *d)
{
    nn_text_finish(&d->printed);
    nn_diagnostics_print(d->diagnostics, &d->printed);
    return nn_text_view(&d->printed);
}

/* Fails with both texts shown unless `text` holds `part`. */
static inline void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", part, text);
    }
}

static inline void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) {
        fail_msg("\"%s\" is in:\n%s", part, text);
    }
}

/* Writes a file into the desk's folder; its path lives as long as the arena. */
static inline const char *write_file(desk *d, const char *name, const char *text)
{
    const char *path;
    if (d->folder[0] == '\0') {
        snprintf(d->folder, sizeof d->folder, "/tmp/nnrun-spec-XXXXXX");
        assert_non_null(mkdtemp(d->folder));
    }
    assert_int_equal(nn_path_join(d->arena, d->folder, name, &path), NN_OK);
    assert_int_equal(nn_file_write(path, text, strlen(text), false), NN_OK);
    return path;
}

static inline nn_experiment *read_file(desk *d, const char *path, size_t count,
                                       const char *const *overrides)
{
    nn_experiment *e;
    assert_int_equal(nn_experiment_read(d->arena, path, overrides, count, d->diagnostics, &e),
                     NN_OK);
    assert_non_null(e);
    return e;
}

static inline nn_experiment *read_spec(desk *d, const char *text)
{
    return read_file(d, write_file(d, "spec.yaml", text), 0, NULL);
}

#define VALID_DATA "data:\n  train: {use: idx, path: train}\n  validation: {count: 10}\n"
#define VALID_NETWORK "network:\n  layers:\n    - {units: classes, activation: sigmoid}\n  cost: quadratic\n"
#define VALID_TRAINING "training:\n  epochs: 3\n  batch_size: 10\n  optimizer: {use: sgd, rate: 0.5}\n"
#define VALID_SPEC "nnrun: 1\n" VALID_DATA VALID_NETWORK VALID_TRAINING

#endif
