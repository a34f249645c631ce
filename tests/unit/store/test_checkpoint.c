/* SPDX-License-Identifier: MIT */
#include "store/checkpoint.h"

#include "base/memory.h"
#include "base/path.h"
#include "fake_engine.h"
#include "sample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct scene {
    char path[256];
    nn_run_folder *folder;
    nn_arena *arena;
    nn_history *history;
    nn_engine engine;
};

static int set_up(void **state)
{
    static struct scene scene;
    memset(&scene, 0, sizeof scene);
    snprintf(scene.path, sizeof scene.path, "%s", sample_folder());
    assert_int_equal(nn_arena_create(&scene.arena), NN_OK);
    assert_int_equal(nn_run_folder_claim(NULL, NULL, 0, scene.path, &scene.folder), NN_OK);
    scene.history = sample_history(3, true);
    fake_engine_init(&scene.engine, 32);
    fake_engine_fill(&scene.engine, 3);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    nn_run_folder_close(scene->folder);
    nn_arena_destroy(scene->arena);
    nn_history_destroy(scene->history);
    sample_remove(scene->path);
    return 0;
}

static nn_train_state at(uint64_t epoch, uint64_t position)
{
    return (nn_train_state){
        .epoch = epoch, .step = 100 * epoch, .position = position, .running_cost = 0.1 * (double)position,
        .running_correct = position / 2, .seconds = 1.5, .best_epoch = 2, .best_value = 0.75, .has_best = true,
    };
}

static const char *write_at(struct scene *scene, uint64_t epoch, uint64_t position)
{
    const char *path;
    nn_train_state state = at(epoch, position);
    assert_int_equal(nn_checkpoint_write(scene->folder, &scene->engine, &state, scene->history, false,
                                         scene->arena, &path),
                     NN_OK);
    return path;
}

static void reads_back(struct scene *scene, unsigned bits)
{
    nn_engine other;
    nn_train_state state, wanted = at(3, 20);
    nn_history *history;
    fake_engine_init(&scene->engine, bits);
    fake_engine_fill(&scene->engine, 3);
    const char *path = write_at(scene, 3, 20);
    fake_engine_init(&other, bits);
    assert_int_equal(nn_history_create(true, true, 2, &history), NN_OK);
    assert_int_equal(nn_checkpoint_read(path, &other, &state, history), NN_OK);
    assert_true(fake_engine_equal(&scene->engine, &other));
    assert_int_equal(state.epoch, wanted.epoch);
    assert_int_equal(state.step, wanted.step);
    assert_int_equal(state.position, wanted.position);
    assert_true(memcmp(&state.running_cost, &wanted.running_cost, sizeof(double)) == 0);
    assert_int_equal(state.running_correct, wanted.running_correct);
    assert_int_equal(state.best_epoch, wanted.best_epoch);
    assert_true(state.has_best && state.best_value == wanted.best_value);
    assert_int_equal(history->count, 3);
    for (size_t i = 0; i < 3; i++) {
        const nn_record *a = &history->records[i], *b = &scene->history->records[i];
        assert_true(memcmp(a, b, offsetof(nn_record, probe)) == 0);
        assert_memory_equal(a->probe[NN_PROBE_GRADIENT_NORM], b->probe[NN_PROBE_GRADIENT_NORM],
                            2 * sizeof(double));
        assert_null(a->probe[NN_PROBE_SATURATION]);
    }
    nn_history_destroy(history);
}

static void checkpoint_reads_back_to_the_same_bits(void **state)
{
    reads_back(*state, 32);
    reads_back(*state, 64);
}

/* They are zero then and are not asked for: what this engine holds in them is not in the file. */
static void slots_before_the_first_update_read_as_zeros(void **state)
{
    struct scene *scene = *state;
    nn_engine zeroed = scene->engine, other;
    nn_train_state read;
    memset(zeroed.weight[1], 0, sizeof zeroed.weight - sizeof zeroed.weight[0]);
    memset(zeroed.bias[1], 0, sizeof zeroed.bias - sizeof zeroed.bias[0]);
    const char *path = write_at(scene, 0, 0);
    fake_engine_init(&other, 32);
    fake_engine_fill(&other, 8);
    assert_int_equal(nn_checkpoint_read(path, &other, &read, NULL), NN_OK);
    assert_int_equal(read.step, 0);
    assert_true(fake_engine_equal(&zeroed, &other));
}

static void equal_checkpoints_are_equal_bytes(void **state)
{
    struct scene *scene = *state;
    size_t first_length, second_length;
    char *first, *second;
    write_at(scene, 1, 0);
    first = sample_read(scene->path, "checkpoints/epoch-000001.h5", &first_length);
    sleep(1); /* a time stamp of HDF5's would differ now */
    write_at(scene, 1, 0);
    second = sample_read(scene->path, "checkpoints/epoch-000001.h5", &second_length);
    assert_int_equal(first_length, second_length);
    assert_memory_equal(first, second, first_length);
    nn_free(first);
    nn_free(second);
}

static void every_flipped_byte_is_noticed(void **state)
{
    struct scene *scene = *state;
    size_t length;
    const char *path = write_at(scene, 1, 0);
    char *bytes = sample_read(scene->path, "checkpoints/epoch-000001.h5", &length);
    size_t stride = length / 400 + 1;
    for (size_t i = 0; i < length; i += i + 100 > length ? 1 : stride) {
        bytes[i] = (char)(bytes[i] ^ 0x10);
        sample_write(scene->path, "checkpoints/epoch-000001.h5", bytes, length);
        bytes[i] = (char)(bytes[i] ^ 0x10);
        assert_int_equal(nn_checkpoint_read(path, NULL, NULL, NULL), NN_ERR_CHECKPOINT);
        assert_non_null(strstr(nn_story(), path));
    }
    for (size_t cut = 0; cut < length; cut += stride) {
        sample_write(scene->path, "checkpoints/epoch-000001.h5", bytes, cut);
        assert_int_equal(nn_checkpoint_read(path, NULL, NULL, NULL), NN_ERR_CHECKPOINT);
    }
    nn_free(bytes);
}

static void damaged_best_sends_the_run_back_before_it(void **state)
{
    struct scene *scene = *state;
    const char *found;
    size_t length;
    nn_train_state early = {.epoch = 1, .has_best = true, .best_epoch = 1};
    assert_int_equal(nn_checkpoint_newest(scene->path, NULL, scene->arena, &found), NN_ERR_NOT_FOUND);
    assert_int_equal(nn_checkpoint_write(scene->folder, &scene->engine, &early, scene->history, false,
                                         scene->arena, NULL),
                     NN_OK);
    write_at(scene, 2, 0); /* the best, says at() */
    write_at(scene, 3, 0);
    char *bytes = sample_read(scene->path, "checkpoints/epoch-000002.h5", &length);
    bytes[length / 2] ^= 1;
    sample_write(scene->path, "checkpoints/epoch-000002.h5", bytes, length);
    assert_int_equal(nn_checkpoint_newest(scene->path, NULL, scene->arena, &found), NN_OK);
    assert_string_equal(nn_path_name(found), "epoch-000001.h5");
    nn_free(bytes);
}

struct heard {
    int warnings;
    char last[512];
};

static void hear(void *context, nn_log_level level, const char *text)
{
    struct heard *heard = context;
    heard->warnings += level == NN_WARNING;
    snprintf(heard->last, sizeof heard->last, "%s", text);
}

static void newest_passes_over_damaged_and_swapped_ones_loudly(void **state)
{
    struct scene *scene = *state;
    struct heard heard = {0};
    const nn_log log = {NN_DEBUG, hear, &heard};
    const char *found, *second = write_at(scene, 2, 0);
    size_t length;
    char *bytes = sample_read(scene->path, "checkpoints/epoch-000002.h5", &length);
    sample_write(scene->path, "checkpoints/epoch-000004.h5", bytes, length); /* epoch 2 named 4 */
    sample_write(scene->path, "checkpoints/epoch-000003.h5", bytes, length / 2);
    assert_int_equal(nn_checkpoint_newest(scene->path, &log, scene->arena, &found), NN_OK);
    assert_string_equal(found, second);
    assert_int_equal(heard.warnings, 2);
    /* One that is older than the newest good one is named as well. */
    sample_write(scene->path, "checkpoints/epoch-000001.h5", bytes, length / 3);
    assert_int_equal(nn_checkpoint_newest(scene->path, &log, scene->arena, &found), NN_OK);
    assert_string_equal(found, second);
    assert_int_equal(heard.warnings, 2 + 3);
    assert_non_null(strstr(heard.last, "epoch-000001.h5"));
    sample_write(scene->path, "checkpoints/epoch-000002.h5", bytes, length - 1);
    assert_int_equal(nn_checkpoint_newest(scene->path, &log, scene->arena, &found), NN_ERR_CHECKPOINT);
    nn_free(bytes);
}

static void checkpoint_of_another_run_is_refused(void **state)
{
    struct scene *scene = *state;
    char other[300], name[400];
    size_t length;
    nn_run_folder *folder;
    snprintf(other, sizeof other, "%s/other", scene->path);
    write_at(scene, 1, 0);
    char *bytes = sample_read(scene->path, "checkpoints/epoch-000001.h5", &length);
    assert_int_equal(nn_run_folder_claim(NULL, NULL, 0, other, &folder), NN_OK);
    sample_write(other, "checkpoints/epoch-000001.h5", bytes, length);
    snprintf(name, sizeof name, "%s/checkpoints/epoch-000001.h5", other);
    assert_int_equal(nn_checkpoint_read(name, NULL, NULL, NULL), NN_ERR_CHECKPOINT);
    assert_non_null(strstr(nn_story(), "another run"));
    nn_run_folder_close(folder);
    nn_free(bytes);
}

static void another_network_is_refused_and_the_engine_left_alone(void **state)
{
    struct scene *scene = *state;
    nn_engine other, before;
    const char *path = write_at(scene, 1, 0);
    fake_engine_init(&other, 32);
    fake_engine_fill(&other, 9);
    other.layers[0].units = 2;
    before = other;
    assert_int_equal(nn_checkpoint_read(path, &other, NULL, NULL), NN_ERR_CHECKPOINT);
    assert_non_null(strstr(nn_story(), "3 x 5"));
    assert_memory_equal(&other, &before, sizeof other);
    fake_engine_init(&other, 64);
    assert_int_equal(nn_checkpoint_read(path, &other, NULL, NULL), NN_ERR_CHECKPOINT);
    fake_engine_init(&other, 32);
    other.components[3].name = "adam";
    assert_int_equal(nn_checkpoint_read(path, &other, NULL, NULL), NN_ERR_CHECKPOINT);
    assert_non_null(strstr(nn_story(), "adam"));
}

static void weights_that_are_not_finite_are_not_written(void **state)
{
    struct scene *scene = *state;
    nn_train_state at_one = at(1, 0);
    const char *path;
    scene->engine.weight[0][1][2] = NAN;
    assert_int_equal(nn_checkpoint_write(scene->folder, &scene->engine, &at_one, scene->history, false,
                                         scene->arena, &path),
                     NN_ERR_NUMERIC);
    assert_int_equal(nn_checkpoint_of_epoch(scene->path, 1, scene->arena, &path), NN_OK);
    assert_null(path);
}

static bool there(struct scene *scene, const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/checkpoints/%s", scene->path, name);
    return access(path, F_OK) == 0;
}

static void prune_keeps_newest_best_initial_and_what_is_on_disk(void **state)
{
    struct scene *scene = *state;
    for (uint64_t epoch = 0; epoch <= 9; epoch++) {
        write_at(scene, epoch, 0); /* the first of them is synced, the others follow within 5 s */
    }
    write_at(scene, 8, 40);
    nn_train_state state_seven = at(7, 0);
    assert_int_equal(nn_checkpoint_write(scene->folder, &scene->engine, &state_seven, scene->history,
                                         true, scene->arena, NULL),
                     NN_OK);
    assert_int_equal(nn_checkpoint_prune(scene->folder, 1, 4), NN_OK);
    static const char *const kept[] = {"epoch-000000.h5", "epoch-000004.h5", "epoch-000007.h5",
                                       "epoch-000009.h5"};
    static const char *const gone[] = {"epoch-000001.h5", "epoch-000008.h5", "epoch-000008-000040.h5"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(there(scene, kept[i]));
    }
    for (size_t i = 0; i < 3; i++) {
        assert_false(there(scene, gone[i]));
    }
}

static void checkpoint_inside_an_epoch_is_the_newest_and_survives_prune(void **state)
{
    struct scene *scene = *state;
    const char *found;
    write_at(scene, 2, 0);
    write_at(scene, 3, 0);
    const char *inside = write_at(scene, 3, 40);
    assert_int_equal(nn_checkpoint_prune(scene->folder, 1, 2), NN_OK);
    assert_int_equal(nn_checkpoint_newest(scene->path, NULL, scene->arena, &found), NN_OK);
    assert_string_equal(found, inside);
}

static void every_failing_allocation_is_told(void **state)
{
    struct scene *scene = *state;
    nn_train_state at_one = at(1, 0), read;
    nn_engine other;
    nn_history *history;
    const char *path = write_at(scene, 1, 0);
    for (long k = 0, failures = 1; failures > 0; k++) {
        nn_memory_fail_after(k, 1);
        nn_status status = nn_checkpoint_write(scene->folder, &scene->engine, &at_one, scene->history,
                                               false, scene->arena, NULL);
        nn_memory_fail_after(0, 0);
        assert_true(status == NN_OK || status == NN_ERR_MEMORY);
        failures = status == NN_ERR_MEMORY;
    }
    fake_engine_init(&other, 32);
    assert_int_equal(nn_history_create(true, true, 2, &history), NN_OK);
    for (long k = 0, failures = 1; failures > 0; k++) {
        nn_memory_fail_after(k, 1);
        nn_status status = nn_checkpoint_read(path, &other, &read, history);
        nn_memory_fail_after(0, 0);
        assert_true(status == NN_OK || status == NN_ERR_MEMORY);
        failures = status == NN_ERR_MEMORY;
    }
    nn_history_destroy(history);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(checkpoint_reads_back_to_the_same_bits),
        CASE(slots_before_the_first_update_read_as_zeros),
        CASE(equal_checkpoints_are_equal_bytes),
        CASE(every_flipped_byte_is_noticed),
        CASE(damaged_best_sends_the_run_back_before_it),
        CASE(newest_passes_over_damaged_and_swapped_ones_loudly),
        CASE(checkpoint_of_another_run_is_refused),
        CASE(another_network_is_refused_and_the_engine_left_alone),
        CASE(weights_that_are_not_finite_are_not_written),
        CASE(prune_keeps_newest_best_initial_and_what_is_on_disk),
        CASE(checkpoint_inside_an_epoch_is_the_newest_and_survives_prune),
        CASE(every_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
