/* SPDX-License-Identifier: MIT */
/* A plugin's tables with bytes changed at random: accepted or refused, never followed out of the object. */
#include "base/arena.h"
#include "base/random.h"
#include "plugin/manifest.h"

#include <nnrun/activation.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 20000, CODE = 64 };

/* What a shared object would hold, in one block: all its pointers point into the block. */
struct image {
    nn_manifest manifest;
    nn_variant variants[2];
    nn_activation ops[2];
    nn_param params[4];
    const char *choices[3];
    char texts[256];
    char code[CODE]; /* never called */
};

static const char *text(struct image *image, size_t *used, const char *words)
{
    char *at = image->texts + *used;
    *used += strlen(words) + 1;
    assert_true(*used <= sizeof image->texts);
    return strcpy(at, words);
}

static void point(void *slot, void *target)
{
    memcpy(slot, &target, sizeof target);
}

static void fill(struct image *image)
{
    size_t used = 0;
    memset(image, 0, sizeof *image);
    image->choices[0] = text(image, &used, "one");
    image->choices[1] = text(image, &used, "two");
    const char *doc = text(image, &used, "A parameter.");
    image->params[0] = (nn_param){text(image, &used, "rate"), doc, text(image, &used, "per step"), NN_TYPE_REAL,
                                  0, 0, 1, 0, 2, 0, 0, 0, 0};
    image->params[1] = (nn_param){text(image, &used, "mode"), doc, 0, NN_TYPE_CHOICE, 0, 8, 1, 0, 0, 0,
                                  image->choices, 0, 0};
    image->params[2] = (nn_param){text(image, &used, "sizes"), doc, 0, NN_TYPE_INT | NN_TYPE_LIST, 0, 16, 0, 0, 9,
                                  text(image, &used, "[1, 2]"), 0, 1, 3};
    image->ops[0] = (nn_activation){
        .name = text(image, &used, "square"), .summary = text(image, &used, "A square."),
        .formula = text(image, &used, "a = z^2"), .reference = text(image, &used, "none"),
        .params = image->params, .self_size = 32, .flags = NN_ELEMENTWISE,
    };
    point(&image->ops[0].forward, image->code);
    point(&image->ops[0].backward, image->code + 1);
    image->ops[1] = image->ops[0];
    image->variants[0] = (nn_variant){32, NN_ISA_ANY, sizeof(nn_activation), &image->ops[0]};
    image->variants[1] = (nn_variant){64, NN_ISA_ANY, sizeof(nn_activation), &image->ops[1]};
    image->manifest = (nn_manifest){NN_MANIFEST_MAGIC, NN_ABI_MAJOR, NN_ABI_MINOR, sizeof(nn_manifest),
                                    NN_KIND_ACTIVATION, sizeof(nn_param), sizeof(nn_variant), 2,
                                    image->variants, text(image, &used, "by hand")};
}

static nn_status accept(struct image *image)
{
    nn_arena *arena;
    nn__accepted accepted;
    nn__library library = {.manifest = &image->manifest, .segment_count = 1};
    library.segments[0].begin = (uintptr_t)image;
    library.segments[0].end = (uintptr_t)image + sizeof *image;
    assert_int_equal(nn_arena_create(&arena), NN_OK);
    nn_status status = nn__manifest_accept(&library, "square.so", arena, &accepted);
    nn_arena_destroy(arena);
    return status;
}

static void an_unchanged_image_is_accepted(void **state)
{
    (void)state;
    struct image *image = malloc(sizeof *image);
    fill(image);
    nn_status status = accept(image);
    assert_string_equal(nn_story(), "");
    assert_int_equal(status, NN_OK);
    free(image);
}

static void a_changed_image_never_leads_out_of_itself(void **state)
{
    (void)state;
    size_t refused = 0;
    nn_stream stream = {.key = {1, 2}, .counter = {3, 4}};
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct image *image = malloc(sizeof *image); /* of its own, so that a sanitizer sees its ends */
        fill(image);
        uint64_t bits = nn_random_bits(&stream, round);
        size_t changes = 1 + bits % 3;
        for (size_t k = 0; k < changes; k++) {
            uint64_t where = nn_random_bits(&stream, ROUNDS + round * 4 + k);
            /* Small changes of a number, or any byte. */
            unsigned char *byte = (unsigned char *)image + where % (sizeof *image - CODE);
            *byte = (where >> 40) % 2 == 0 ? (unsigned char)(*byte + 1 + (where >> 41) % 3)
                                           : (unsigned char)(where >> 48);
        }
        nn_status status = accept(image);
        assert_true(status == NN_OK || status == NN_ERR_PLUGIN);
        refused += status == NN_ERR_PLUGIN;
        nn_story_clear();
        free(image);
    }
    assert_true(refused > ROUNDS / 3);
    assert_true(refused < ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unchanged_image_is_accepted),
        cmocka_unit_test(a_changed_image_never_leads_out_of_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
