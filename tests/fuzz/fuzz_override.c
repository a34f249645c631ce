/* SPDX-License-Identifier: MIT */
/* Any text as a key=value argument on a whole spec: lines of the input are arguments in order.  One
 * that is refused says why and leaves the spec as it was. */
#include "fuzz.h"

#include "base/arena.h"
#include "spec/emit.h"
#include "spec/experiment.h"
#include "spec/override.h"
#include "spec/parse.h"
#include "spec/read.h"
#include "spec/schema.h"

#include <stdlib.h>
#include <string.h>

static const char SPEC[] =
    "nnrun: 1\nplugins: [a]\n"
    "data: {train: {use: idx, path: x}, validation: {count: 10}, transforms: [affine]}\n"
    "network: {layers: [{units: 3, activation: relu}, {units: classes, activation: softmax}],\n"
    "          cost: quadratic}\n"
    "training: {epochs: 3, batch_size: 10, optimizer: sgd, early_stopping: none}\n"
    "expect: [{metric: train.cost, max: 1}]\nx-note: [1, [2, {a: 3}]]\n";

static void apply(nn_arena *arena, nn_diagnostics *diagnostics, const char *line, size_t length,
                  size_t number, nn_node *root)
{
    bool applied;
    const char *argument;
    nn_text before = {0}, after = {0};
    size_t errors = nn_diagnostics_errors(diagnostics);
    FUZZ_REQUIRE(nn_arena_text(arena, line, length, &argument) == NN_OK);
    nn_emit(root, false, &before);
    FUZZ_REQUIRE(nn_override(arena, argument, number, diagnostics, root, &applied) == NN_OK);
    FUZZ_REQUIRE(applied || nn_diagnostics_errors(diagnostics) > errors);
    if (!applied) {
        nn_emit(root, false, &after);
        FUZZ_REQUIRE(strcmp(nn_text_view(&before), nn_text_view(&after)) == 0);
    }
    nn_text_finish(&before);
    nn_text_finish(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nn_arena *arena;
    nn_diagnostics *diagnostics;
    nn_experiment *experiment;
    nn_node *root;
    nn_text printed = {0};
    const nn_text_source source = {.name = "fuzz.yaml", .base_dir = "/base", .bytes = SPEC,
                                   .length = sizeof SPEC - 1};
    FUZZ_REQUIRE(nn_arena_create(&arena) == NN_OK);
    FUZZ_REQUIRE(nn_diagnostics_create(arena, &diagnostics) == NN_OK);
    FUZZ_REQUIRE(nn_parse(arena, &source, diagnostics, &root) == NN_OK && root != NULL);
    const char *line = (const char *)data, *end = line + size;
    for (size_t number = 1; line < end && number <= 16; number++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)((newline == NULL ? end : newline) - line);
        apply(arena, diagnostics, line, length, number, root);
        line += length + 1;
    }
    nn_reader reader = {.arena = arena, .diagnostics = diagnostics};
    FUZZ_REQUIRE(NN_ARENA_ALLOC(arena, &experiment, 1) == NN_OK);
    FUZZ_REQUIRE(nn_read_keys(&reader, nn_spec_keys, root, root->place, "", experiment) == NN_OK);
    nn_diagnostics_print(diagnostics, &printed);
    fuzz_require_harmless(nn_text_view(&printed));
    nn_text_finish(&printed);
    nn_arena_destroy(arena);
    return 0;
}
