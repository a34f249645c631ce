/* SPDX-License-Identifier: MIT */
#include "store/results.h"

#include "base/memory.h"
#include "store/parts.h"

#include <stdio.h>
#include <string.h>

enum { PATH_ROOM = 256, PLUGIN_COLUMNS = 5 };

static void put_spec(nn_build *build, const nn_run_facts *facts)
{
    nn_build_group(build, "/spec");
    nn_build_text(build, "/spec/source", facts->spec_source, "the spec as given, YAML");
    nn_build_text(build, "/spec/resolved", facts->spec_resolved,
                  "with defaults, extends and overrides; enough to run it again");
    if (facts->spec_origin != NULL) {
        nn_build_text(build, "/spec/origin", facts->spec_origin, "where each value came from");
    }
}

static void put_plugins(nn_build *build, const nn_plugin_fact *plugins, size_t count)
{
    static const char *const columns[PLUGIN_COLUMNS] = {"kind", "name", "file", "sha256",
                                                        "built_with"};
    const char **cells;
    nn_status status = NN_ALLOC(&cells, count * PLUGIN_COLUMNS + 1, "the plugins");
    nn_build_failed(build, status);
    if (status != NN_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const nn_plugin_fact *p = &plugins[i];
        const char *row[PLUGIN_COLUMNS] = {p->kind, p->name, p->file, p->sha256, p->built_with};
        for (size_t c = 0; c < PLUGIN_COLUMNS; c++) {
            cells[i * PLUGIN_COLUMNS + c] = row[c] == NULL ? "" : row[c];
        }
    }
    nn_build_table(build, "/provenance/plugins", columns, PLUGIN_COLUMNS, cells, count,
                   "the plugins used, one a row");
    nn_free(cells);
}

static void put_provenance(nn_build *build, const nn_run_facts *facts)
{
    nn_build_group(build, "/provenance");
    for (size_t i = 0; i < facts->provenance_count; i++) {
        char path[PATH_ROOM];
        snprintf(path, sizeof path, "/provenance/%s", facts->provenance[i].name);
        nn_build_text(build, path, facts->provenance[i].value, NULL);
    }
    if (facts->plugin_count > 0) {
        put_plugins(build, facts->plugins, facts->plugin_count);
    }
}

static void put_fingerprint(nn_build *build, const char *path, nn_hash128 hash)
{
    char hex[NN_HASH_TEXT];
    if (hash.low != 0 || hash.high != 0) {
        nn_build_text(build, path, nn_hash_hex(hash, hex), "XXH3-128 of names and contents");
    }
}

static void put_indices(nn_build *build, const char *path, const uint32_t *indices, uint64_t count)
{
    size_t extent = (size_t)count;
    if (indices != NULL) {
        nn_build_array(build, path, NN_U32, 1, &extent, indices, NULL,
                       "numbers of samples in the training source, in the loader's order");
    }
}

static void put_data(nn_build *build, const nn_run_facts *facts)
{
    size_t shape[] = {facts->data.height, facts->data.width, facts->data.channels};
    uint64_t sides[] = {shape[0], shape[1], shape[2]};
    const size_t three = 3;
    nn_build_group(build, "/data");
    put_fingerprint(build, "/data/fingerprint/train", facts->data.train);
    put_fingerprint(build, "/data/fingerprint/validation", facts->data.validation);
    put_fingerprint(build, "/data/fingerprint/test", facts->data.test);
    if (facts->data.class_count > 0) {
        nn_build_texts(build, "/data/class_names", facts->data.class_names, facts->data.class_count,
                       "names of classes 0, 1, ...");
    }
    nn_build_count(build, "/data/counts/train", facts->data.train_count, "samples trained on");
    nn_build_count(build, "/data/counts/validation", facts->data.validation_count, NULL);
    nn_build_count(build, "/data/counts/test", facts->data.test_count, NULL);
    nn_build_count(build, "/data/counts/skipped", facts->data.skipped, "bad samples left out");
    put_indices(build, "/data/split/train", facts->data.train_indices, facts->data.train_count);
    put_indices(build, "/data/split/validation", facts->data.validation_indices,
                facts->data.validation_count);
    nn_build_array(build, "/data/shape", NN_U64, 1, &three, sides, NULL, "height, width, channels");
    if (facts->data.scale_count > 0) {
        nn_build_array(build, "/data/input/scale", NN_F64, 1, &facts->data.scale_count,
                       facts->data.scale, NULL, "input f = raw * scale[f % n] + shift[f % n]");
        nn_build_array(build, "/data/input/shift", NN_F64, 1, &facts->data.scale_count,
                       facts->data.shift, NULL, NULL);
    }
}

static void put_test(nn_build *build, const nn_test_result *test)
{
    size_t square[] = {test->class_count, test->class_count},
           outputs[] = {test->rows, test->outputs};
    nn_build_group(build, "/test");
    nn_build_mark_count(build, "/test", "epoch", test->epoch);
    nn_build_count(build, "/test/rows", test->rows, "samples tested");
    nn_build_real(build, "/test/cost", test->cost, NULL, "mean cost, without penalties");
    if (test->has_accuracy) {
        nn_build_real(build, "/test/accuracy", test->accuracy, NULL, "share told right");
    }
    if (test->confusion != NULL) {
        nn_build_array(build, "/test/confusion", NN_U64, 2, square, test->confusion, NULL,
                       "[true class x predicted class]");
    }
    if (test->predictions != NULL) {
        nn_build_array(build, "/test/predictions", NN_I32, 1, &test->rows, test->predictions, NULL,
                       "predicted class of each sample, in the loader's order");
    }
    if (test->output_values != NULL) {
        nn_build_array(build, "/test/outputs", test->bits == 64 ? NN_F64 : NN_F32, 2, outputs,
                       test->output_values, NULL, "[sample x output]");
    }
}

/* Whose weights /model holds: those that were tested, else the last. */
static uint64_t epoch_of(const nn_history *history, const nn_test_result *test)
{
    if (test != NULL) {
        return test->epoch;
    }
    return history->count > 0 ? history->records[history->count - 1].epoch : 0;
}

/* Room for what grows with the samples, so that a model is not copied for it. */
static size_t bytes_of(const nn_run_facts *facts, const nn_engine *engine,
                       const nn_test_result *test)
{
    size_t bytes = engine == NULL ? 0 : nn_parts_bytes(engine, 0);
    bytes += (size_t)(facts->data.train_count + facts->data.validation_count) * sizeof(uint32_t);
    if (test != NULL) {
        size_t output_bytes =
            test->output_values == NULL ? 0 : test->outputs * (size_t)(test->bits / 8);
        bytes += test->rows * (sizeof(int32_t) + output_bytes);
    }
    return bytes;
}

nn_status nn_results_write(nn_run_folder *folder, const nn_run_facts *facts,
                           const nn_history *history, const nn_engine *engine,
                           const nn_test_result *test, bool sync)
{
    nn_build *build;
    void *bytes = NULL;
    size_t length;
    NN_TRY(nn_build_create("run.h5", bytes_of(facts, engine, test), &build));
    nn_parts_head(build, "run", nn_run_folder_id(folder));
    put_spec(build, facts);
    put_provenance(build, facts);
    put_data(build, facts);
    nn_parts_metrics(build, history);
    if (engine != NULL) {
        nn_parts_model(build, engine);
        nn_build_mark_count(build, "/model", "epoch", epoch_of(history, test));
    }
    if (test != NULL) {
        put_test(build, test);
    }
    nn_status status = nn_build_take(build, &bytes, &length);
    nn_build_destroy(build);
    if (status == NN_OK) {
        status = nn_run_folder_write(folder, "run.h5", bytes, length, sync);
    }
    nn_free(bytes);
    return status;
}
