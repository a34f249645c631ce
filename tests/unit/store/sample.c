/* SPDX-License-Identifier: MIT */
#include "sample.h"

#include "base/memory.h"
#include "base/path.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char scratch[256];

const char *sample_folder(void)
{
    const char *root = getenv("TMPDIR");
    snprintf(scratch, sizeof scratch, "%s/nnrun-store-XXXXXX", root == NULL ? "/tmp" : root);
    assert_non_null(mkdtemp(scratch));
    return scratch;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *walk)
{
    (void)about;
    (void)type;
    (void)walk;
    return remove(path);
}

void sample_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

nn_history *sample_history(size_t epochs, bool validation)
{
    nn_history *history;
    assert_int_equal(nn_history_create(true, validation, 2, &history), NN_OK);
    for (size_t i = 0; i < epochs; i++) {
        double e = (double)i, norms[] = {1 / (e + 1), 2 / (e + 3)};
        nn_record record = {
            .epoch = i + 1, .step = 100 * (i + 1), .seconds = 0.25 * e + 0.1, .train_seconds = 0.2,
            .train_cost = 1 / (e + 3), .train_accuracy = e / (e + 1), .validation_cost = 1 / (e + 2),
            .validation_accuracy = e / (e + 2), .rate = 0.5,
        };
        record.probe[NN_PROBE_GRADIENT_NORM] = norms;
        assert_int_equal(nn_history_append(history, &record), NN_OK);
    }
    return history;
}

nn_run_facts sample_facts(void)
{
    static const nn_fact provenance[] = {
        {"host", "a"}, {"libraries/hdf5", "1.10.8"}, {"argv", "nnrun 'a b'"}};
    static const nn_plugin_fact plugins[] = {
        {"activation", "sigmoid", "/x/sigmoid.so", "abc", "gcc 12"},
        {"cost", "quadratic", "/x/quadratic.so", "def", "gcc 12"},
    };
    static const char *const classes[] = {"cat", "d\xC3\xB6g"};
    static const uint32_t train[] = {4, 0, 2}, validation[] = {1, 3};
    static const double scale[] = {1.0 / 255}, shift[] = {-0.1307};
    nn_run_facts facts = {
        .spec_source = "nnrun: 1\n", .spec_resolved = "nnrun: 1\nseed: 1\n", .spec_origin = "# x\n",
        .provenance = provenance, .provenance_count = 3, .plugins = plugins, .plugin_count = 2,
    };
    facts.data.train = (nn_hash128){1, 2};
    facts.data.test = (nn_hash128){3, 0};
    facts.data.class_names = classes;
    facts.data.class_count = 2;
    facts.data.train_count = 3;
    facts.data.validation_count = 2;
    facts.data.test_count = 4;
    facts.data.skipped = 1;
    facts.data.train_indices = train;
    facts.data.validation_indices = validation;
    facts.data.scale = scale;
    facts.data.shift = shift;
    facts.data.scale_count = 1;
    facts.data.height = 5;
    facts.data.width = facts.data.channels = 1;
    return facts;
}

char *sample_read(const char *folder, const char *name, size_t *length)
{
    char path[512], *bytes;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(nn_file_read(path, 1u << 30, &bytes, length), NN_OK);
    return bytes;
}

void sample_write(const char *folder, const char *name, const void *bytes, size_t length)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(nn_file_write(path, bytes, length, false), NN_OK);
}
