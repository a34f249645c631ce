/* SPDX-License-Identifier: MIT */
/* Any bytes as a spec: parsed, read against the table of keys, rendered, printed with their errors.
 * What parses must emit to a text that parses to the same. */
#include "fuzz.h"

#include "base/arena.h"
#include "spec/emit.h"
#include "spec/experiment.h"
#include "spec/parse.h"
#include "spec/read.h"
#include "spec/render.h"
#include "spec/schema.h"

#include <stdlib.h>
#include <string.h>

static bool same_scalar(const nn_node *a, const nn_node *b)
{
    return strcmp(a->text, b->text) == 0 || (nn_node_is_null(a) && nn_node_is_null(b));
}

static bool same(const nn_node *a, const nn_node *b)
{
    if (a->kind != b->kind || a->count != b->count) {
        return false;
    }
    if (a->kind == NN_NODE_SCALAR) {
        return same_scalar(a, b);
    }
    for (size_t i = 0; i < a->count; i++) {
        bool list = a->kind == NN_NODE_LIST;
        if (!list && !same_scalar(a->pairs[i].key, b->pairs[i].key)) {
            return false;
        }
        if (!same(list ? a->items[i] : a->pairs[i].value, list ? b->items[i] : b->pairs[i].value)) {
            return false;
        }
    }
    return true;
}

/* YAML allows keys of at most 1,024 characters without a question mark, and emit writes none. */
static bool has_long_key(const nn_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        bool list = node->kind == NN_NODE_LIST;
        if ((!list && strlen(node->pairs[i].key->text) > 200)
            || has_long_key(list ? node->items[i] : node->pairs[i].value)) {
            return true;
        }
    }
    return false;
}

static void parse(nn_arena *arena, nn_diagnostics *diagnostics, const char *bytes, size_t length,
                  nn_node **root)
{
    nn_text_source *source;
    FUZZ_REQUIRE(NN_ARENA_ALLOC(arena, &source, 1) == NN_OK);
    *source = (nn_text_source){.name = "fuzz.yaml", .base_dir = "/base", .length = length};
    FUZZ_REQUIRE(nn_arena_text(arena, bytes, length, &source->bytes) == NN_OK);
    FUZZ_REQUIRE(nn_parse(arena, source, diagnostics, root) == NN_OK);
    FUZZ_REQUIRE(*root != NULL || nn_diagnostics_errors(diagnostics) > 0);
}

static void emit_and_parse(nn_arena *arena, const nn_node *root, bool origin)
{
    nn_text text = {0};
    nn_node *again;
    nn_diagnostics *diagnostics;
    FUZZ_REQUIRE(nn_diagnostics_create(arena, &diagnostics) == NN_OK);
    nn_emit(root, origin, &text);
    parse(arena, diagnostics, nn_text_view(&text), text.length, &again);
    FUZZ_REQUIRE(again != NULL && same(root, again));
    nn_text_finish(&text);
}

static void read_and_render(nn_arena *arena, nn_diagnostics *diagnostics, const nn_node *root)
{
    nn_experiment *experiment;
    nn_node *rendered;
    nn_reader reader = {.arena = arena, .diagnostics = diagnostics};
    FUZZ_REQUIRE(NN_ARENA_ALLOC(arena, &experiment, 1) == NN_OK);
    experiment->root = root;
    FUZZ_REQUIRE(nn_read_keys(&reader, nn_spec_keys, root, root->place, "", experiment) == NN_OK);
    if (nn_diagnostics_errors(diagnostics) == 0) {
        experiment->name = experiment->name == NULL ? "fuzz" : experiment->name;
        FUZZ_REQUIRE(nn_render(arena, experiment, NULL, NULL, &rendered) == NN_OK);
        emit_and_parse(arena, rendered, false);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nn_arena *arena;
    nn_diagnostics *diagnostics;
    nn_node *root;
    nn_text printed = {0};
    FUZZ_REQUIRE(nn_arena_create(&arena) == NN_OK);
    FUZZ_REQUIRE(nn_diagnostics_create(arena, &diagnostics) == NN_OK);
    parse(arena, diagnostics, (const char *)data, size, &root);
    if (root != NULL && !has_long_key(root)) {
        emit_and_parse(arena, root, size % 2 == 0);
    }
    if (root != NULL && root->kind == NN_NODE_MAP) {
        read_and_render(arena, diagnostics, root);
    }
    nn_diagnostics_print(diagnostics, &printed);
    fuzz_require_harmless(nn_text_view(&printed));
    nn_text_finish(&printed);
    nn_arena_destroy(arena);
    return 0;
}
