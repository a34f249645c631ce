/* SPDX-License-Identifier: MIT */
/* HDF5 files: images or vectors in one dataset, labels or real targets in another.
 *
 *   images   n x height x width [x channels] or n x features; unsigned bytes stay bytes, other numbers
 *            become reals
 *   labels   n class numbers from 0
 *   targets  n or n x outputs reals (regression)
 *   class_names  optional, one string a class
 *
 * The library is not built for threads: one lock a source guards every call.  Filters of other
 * packages are not loaded for a file somebody gave us.
 */
#define _GNU_SOURCE 1
#include "hdf5_classes.h"
#include "hdf5_write.h"

#include <pthread.h>

struct hdf5 {
    const char *path, *images, *labels, *targets, *class_names;
};

struct hdf5_set {
    pthread_mutex_t mutex;
    hid_t file; /* < 0: none */
    struct hdf5_dataset images, labels, targets;
    struct hdf5_names names; /* of the classes */
};

/* ---- Opening ---- */

static void close_source(const nn_host *host, const void *self, nn_source *source)
{
    (void)self;
    struct hdf5_set *set = source->handle;
    if (set == NULL) {
        return;
    }
    hdf5_close_id(set->images.id, H5Dclose);
    hdf5_close_id(set->labels.id, H5Dclose);
    hdf5_close_id(set->targets.id, H5Dclose);
    hdf5_close_id(set->file, H5Fclose);
    pthread_mutex_destroy(&set->mutex);
    host->free(host, set->names.text);
    host->free(host, set->names.list);
    host->free(host, set);
    source->handle = NULL;
}

static nn_status open_file(const nn_host *host, const struct hdf5 *s, hid_t *file)
{
    struct stat about = {0};
    char text[HDF5_NAME];
    nn_status status = source_check_file(host, s->path, stat(s->path, &about), &about);
    if (status != NN_OK) {
        return status;
    }
    H5PLset_loading_state(0);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1);
    *file = H5Fopen(s->path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    return *file >= 0 ? NN_OK
                      : host->fail(host, NN_ERR_DATA, "%s: can't be read as HDF5: %s", s->path,
                                   hdf5_reason(text));
}

/* `given`, or `common` where nothing is given and the file has it; NULL: none. */
static const char *choose(hid_t file, const char *given, const char *common)
{
    return given != NULL ? given : H5Lexists(file, common, H5P_DEFAULT) > 0 ? common : NULL;
}

static nn_status open_images(const nn_host *host, struct hdf5_set *set, nn_source *source)
{
    struct hdf5_dataset *images = &set->images;
    nn_status status = hdf5_open_numbers(host, set->file, false, images);
    if (status != NN_OK) {
        return status;
    }
    size_t size;
    bool is_signed;
    H5T_class_t class = hdf5_class_of(images->id, &size, &is_signed);
    source->dtype = class == H5T_INTEGER && size == 1 && !is_signed ? NN_DTYPE_UINT8 : NN_DTYPE_REAL;
    source->samples = images->sizes[0];
    source_take_shape(source, images->rank, images->sizes);
    return NN_OK;
}

/* `what` there are as many as samples, in at most `most` dimensions. */
static nn_status check_rows(const nn_host *host, const struct hdf5_set *set,
                            const struct hdf5_dataset *d, size_t most, const char *what)
{
    size_t samples = set->images.sizes[0];
    if (d->rank <= most && d->sizes[0] == samples) {
        return NN_OK;
    }
    return host->fail(host, NN_ERR_DATA, "%s: %s holds %zu %s in %zu dimensions; %s has %zu samples",
                      d->path, d->name, d->sizes[0], what, d->rank, set->images.name, samples);
}

static nn_status open_labels(const nn_host *host, const struct hdf5 *s, struct hdf5_set *set,
                             nn_source *source)
{
    nn_status status = hdf5_open_numbers(host, set->file, true, &set->labels);
    if (status == NN_OK) {
        status = check_rows(host, set, &set->labels, 1, "labels");
    }
    if (status == NN_OK) {
        status = hdf5_count_classes(host, &set->labels, &source->class_count);
    }
    if (status == NN_OK) {
        status = hdf5_name_classes(host, set->file, s->class_names, source->class_count, &set->names);
    }
    if (status != NN_OK) {
        return status;
    }
    source->targets = NN_TARGETS_CLASSES;
    source->class_names = set->names.list;
    return NN_OK;
}

static nn_status open_targets(const nn_host *host, struct hdf5_set *set, nn_source *source)
{
    nn_status status = hdf5_open_numbers(host, set->file, false, &set->targets);
    if (status == NN_OK) {
        status = check_rows(host, set, &set->targets, 2, "targets");
    }
    if (status != NN_OK) {
        return status;
    }
    source->targets = NN_TARGETS_REALS;
    source->outputs = set->targets.rank == 2 ? set->targets.sizes[1] : 1;
    return NN_OK;
}

static nn_status open_all(const nn_host *host, const struct hdf5 *s, struct hdf5_set *set,
                          nn_source *source)
{
    if (s->labels != NULL && s->targets != NULL) {
        return host->fail(host, NN_ERR_PARAM, "labels and targets exclude each other: leave one out");
    }
    nn_status status = open_file(host, s, &set->file);
    if (status == NN_OK) {
        status = open_images(host, set, source);
    }
    if (status != NN_OK) {
        return status;
    }
    set->labels.name = s->targets != NULL ? NULL : choose(set->file, s->labels, "labels");
    if (set->labels.name != NULL) {
        return open_labels(host, s, set, source);
    }
    set->targets.name = choose(set->file, s->targets, "targets");
    return set->targets.name != NULL ? open_targets(host, set, source) : NN_OK;
}

static nn_status open_source(const nn_host *host, const void *self, nn_source *source)
{
    struct hdf5_set *set = host->alloc(host, sizeof *set);
    if (set == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: an HDF5 data set");
    }
    const struct hdf5 *s = self;
    *set = (struct hdf5_set){
        .file = -1,
        .images = {.path = s->path, .name = s->images, .id = -1},
        .labels = {.path = s->path, .id = -1},
        .targets = {.path = s->path, .id = -1},
    };
    pthread_mutex_init(&set->mutex, NULL);
    source->handle = set;
    struct hdf5_quiet quiet = hdf5_be_quiet();
    nn_status status = open_all(host, s, set, source);
    hdf5_be_loud(quiet);
    if (status != NN_OK) {
        close_source(host, self, source);
    }
    return status;
}

/* ---- Reading ---- */

static nn_status read_samples(const nn_host *host, const void *self, const nn_source *source,
                              void *reader, size_t first, size_t n, void *x, int32_t *labels,
                              nn_real *y, nn_read_status *status)
{
    (void)reader;
    (void)status;
    const struct hdf5 *s = self;
    struct hdf5_set *set = source->handle;
    nn_status code = source_check_samples(host, source, first, n);
    if (code != NN_OK || n == 0) {
        return code;
    }
    char text[HDF5_NAME];
    hid_t type = source->dtype == NN_DTYPE_UINT8 ? H5T_NATIVE_UINT8 : HDF5_REAL;
    pthread_mutex_lock(&set->mutex);
    struct hdf5_quiet quiet = hdf5_be_quiet();
    if (hdf5_read_rows(set->images.id, first, n, type, x) < 0
        || (labels != NULL && hdf5_read_rows(set->labels.id, first, n, H5T_NATIVE_INT32, labels) < 0)
        || (y != NULL && hdf5_read_rows(set->targets.id, first, n, HDF5_REAL, y) < 0)) {
        code = host->fail(host, NN_ERR_DATA, "%s: samples %zu to %zu can't be read: %s", s->path,
                          first, first + n - 1, hdf5_reason(text));
    }
    hdf5_be_loud(quiet);
    pthread_mutex_unlock(&set->mutex);
    return code;
}

static void sample_name(const void *self, const nn_source *source, size_t index, size_t room,
                        char *name)
{
    (void)source;
    const struct hdf5 *s = self;
    snprintf(name, room, "%s:%s[%zu]", s->path, s->images, index);
}

static nn_status write_samples(const nn_host *host, const void *self, const char *path,
                               const nn_source *source, const void *x, const int32_t *labels,
                               const nn_real *y)
{
    (void)self;
    return hdf5_write(host, path, source, x, labels, y);
}

static const nn_param params[] = {
    NN_PARAM_PATH(struct hdf5, path, NULL, NN_REQUIRED, "HDF5 file."),
    NN_PARAM_TEXT(struct hdf5, images, "images", 0, "Dataset of the inputs."),
    NN_PARAM_TEXT(struct hdf5, labels, NULL, NN_OPTIONAL,
                  "Dataset of class numbers; left out: `labels`, where there is one."),
    NN_PARAM_TEXT(struct hdf5, targets, NULL, NN_OPTIONAL,
                  "Dataset of real targets; left out: `targets`, where there is one and no labels."),
    NN_PARAM_TEXT(struct hdf5, class_names, "class_names", 0, "Dataset of strings, if it is there."),
    NN_PARAM_END,
};

NN_LOADER {
    .name = "hdf5",
    .summary = "Images or vectors with labels or real targets in an HDF5 file.",
    .formula = "x = bytes or reals of the dataset",
    .reference = "The HDF Group: HDF5 File Format Specification, version 3.0",
    .params = params,
    .self_size = sizeof(struct hdf5),
    .flags = NN_HASH_CONTENT,
    .open = open_source,
    .close = close_source,
    .reader_create = source_no_reader,
    .reader_destroy = source_no_reader_end,
    .read = read_samples,
    .sample_name = sample_name,
    .write = write_samples,
};
