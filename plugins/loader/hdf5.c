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
#include <nnrun/loader.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define H5_USE_110_API
#include <hdf5.h>

enum { RANK = 4, CHUNK = 4096, NAME = 256 };

struct hdf5 {
    const char *path, *images, *labels, *targets, *class_names;
};

struct hdf5_set {
    pthread_mutex_t mutex;
    hid_t file, images, labels, targets; /* < 0: none */
    char *names_text;                    /* class names, each with its 0 */
    const char **names;
};

#if NN_REAL_BITS == 32
#define REAL H5T_NATIVE_FLOAT
#else
#define REAL H5T_NATIVE_DOUBLE
#endif

/* ---- Errors ---- */

static herr_t keep_first(unsigned n, const H5E_error2_t *error, void *text)
{
    (void)n;
    if (error->desc != NULL && error->desc[0] != 0) {
        snprintf(text, NAME, "%s", error->desc);
    }
    return 0;
}

/* The innermost reason of the library; goes with the last call that failed. */
static const char *reason(char text[NAME])
{
    snprintf(text, NAME, "HDF5 gives no reason");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_first, text);
    H5Eclear2(H5E_DEFAULT);
    return text;
}

/* The library prints its errors unless told not to; what was set before comes back. */
struct quiet {
    H5E_auto2_t function;
    void *data;
};

static struct quiet be_quiet(void)
{
    struct quiet q;
    H5Eget_auto2(H5E_DEFAULT, &q.function, &q.data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return q;
}

static void be_loud(struct quiet q)
{
    H5Eset_auto2(H5E_DEFAULT, q.function, q.data);
}

/* ---- Datasets ---- */

static nn_status open_dataset(const nn_host *host, const struct hdf5 *s, hid_t file,
                              const char *name, hid_t *out, hsize_t *sizes, int *rank)
{
    char text[NAME];
    *out = H5Dopen2(file, name, H5P_DEFAULT);
    if (*out < 0) {
        return host->fail(host, NN_ERR_DATA, "%s: the dataset %s can't be opened: %s", s->path, name,
                          reason(text));
    }
    hid_t space = H5Dget_space(*out);
    *rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    if (*rank >= 1 && *rank <= RANK) {
        H5Sget_simple_extent_dims(space, sizes, NULL);
    }
    H5Sclose(space);
    if (*rank < 1 || *rank > RANK) {
        return host->fail(host, NN_ERR_DATA, "%s: %s has %d dimensions; 1 to %d are read", s->path,
                          name, *rank, RANK);
    }
    for (int d = 0; d < *rank; d++) {
        if (sizes[d] == 0) {
            return host->fail(host, NN_ERR_DATA, "%s: %s is empty (dimension %d is 0)", s->path,
                              name, d + 1);
        }
    }
    return NN_OK;
}

static H5T_class_t class_of(hid_t dataset, size_t *size, bool *is_signed)
{
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = H5Tget_class(type);
    *size = H5Tget_size(type);
    *is_signed = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
    H5Tclose(type);
    return class;
}

static nn_status check_numbers(const nn_host *host, const struct hdf5 *s, hid_t dataset,
                               const char *name, bool integers)
{
    size_t size;
    bool is_signed;
    H5T_class_t class = class_of(dataset, &size, &is_signed);
    if (class == H5T_INTEGER || (class == H5T_FLOAT && !integers)) {
        return NN_OK;
    }
    return host->fail(host, NN_ERR_DATA, "%s: %s holds no %s", s->path, name,
                      integers ? "whole numbers" : "numbers");
}

/* No filter of the library makes more of a byte than deflate (zlib's technical notes: 1032), so a
 * header that says more than the file can hold is a lie, found before anything is allocated. */
static nn_status check_size(const nn_host *host, const struct hdf5 *s, hid_t dataset,
                            const char *name, const hsize_t *sizes, int rank)
{
    enum { DEFLATE_MOST = 1032 };
    struct stat about;
    size_t bytes;
    bool is_signed, beyond = false;
    class_of(dataset, &bytes, &is_signed);
    for (int d = 0; d < rank; d++) {
        beyond = beyond || __builtin_mul_overflow(bytes, sizes[d], &bytes);
    }
    if (stat(s->path, &about) != 0) {
        return host->fail(host, NN_ERR_IO, "%s: can't be looked at: %s", s->path, strerror(errno));
    }
    if (beyond || bytes / DEFLATE_MOST > (size_t)about.st_size) {
        return host->fail(host, NN_ERR_DATA,
                          "%s: the header of %s says more than the file's %lld bytes can hold",
                          s->path, name, (long long)about.st_size);
    }
    return NN_OK;
}

/* Rows first .. first + n - 1 as `type`. */
static herr_t read_rows(hid_t dataset, size_t first, size_t n, hid_t type, void *out)
{
    hsize_t sizes[RANK], start[RANK] = {first};
    hid_t space = H5Dget_space(dataset);
    int rank = H5Sget_simple_extent_dims(space, sizes, NULL);
    sizes[0] = n;
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, sizes, NULL);
    hid_t memory = H5Screate_simple(rank, sizes, NULL);
    herr_t code = H5Dread(dataset, type, memory, space, H5P_DEFAULT, out);
    H5Sclose(memory);
    H5Sclose(space);
    return code;
}

/* ---- Labels ---- */

static nn_status count_classes(const nn_host *host, const struct hdf5 *s, const char *name,
                               const struct hdf5_set *set, size_t samples, size_t *count)
{
    int64_t chunk[CHUNK], highest = 0;
    char text[NAME];
    for (size_t at = 0; at < samples; at += CHUNK) {
        size_t n = samples - at < CHUNK ? samples - at : CHUNK;
        if (read_rows(set->labels, at, n, H5T_NATIVE_INT64, chunk) < 0) {
            return host->fail(host, NN_ERR_DATA, "%s: %s can't be read: %s", s->path, name,
                              reason(text));
        }
        for (size_t i = 0; i < n; i++) {
            if (chunk[i] < 0 || chunk[i] > 1000000) {
                return host->fail(host, NN_ERR_DATA,
                                  "%s: %s[%zu] is %lld; classes are numbered from 0 to at most "
                                  "1000000",
                                  s->path, name, at + i, (long long)chunk[i]);
            }
            highest = chunk[i] > highest ? chunk[i] : highest;
        }
    }
    *count = (size_t)highest + 1;
    return NN_OK;
}

/* The names the file gives, of fixed or variable length, into a block of `room` bytes each. */
static bool read_names(const nn_host *host, const struct hdf5 *s, const struct hdf5_set *set,
                       size_t wanted, size_t room, char *texts)
{
    hid_t dataset = H5Dopen2(set->file, s->class_names, H5P_DEFAULT);
    if (dataset < 0) {
        H5Eclear2(H5E_DEFAULT);
        return false;
    }
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    bool good = H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_ndims(space) == 1
                && (size_t)H5Sget_simple_extent_npoints(space) >= wanted;
    hid_t memory = H5Tcopy(H5T_C_S1);
    H5Tset_cset(memory, H5Tget_cset(type));
    if (good && H5Tis_variable_str(type) > 0) {
        H5Tset_size(memory, H5T_VARIABLE);
        char **strings = host->alloc(host, wanted * sizeof *strings);
        good = strings != NULL && read_rows(dataset, 0, wanted, memory, strings) >= 0;
        for (size_t i = 0; good && i < wanted; i++) {
            snprintf(texts + i * room, room, "%s", strings[i] == NULL ? "" : strings[i]);
            H5free_memory(strings[i]);
        }
        host->free(host, strings);
    } else if (good) {
        H5Tset_size(memory, room);
        good = read_rows(dataset, 0, wanted, memory, texts) >= 0;
        for (size_t i = 0; good && i < wanted; i++) {
            texts[i * room + room - 1] = 0;
        }
    }
    H5Tclose(memory);
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(dataset);
    return good;
}

static nn_status name_classes(const nn_host *host, const struct hdf5 *s, struct hdf5_set *set,
                              nn_source *source)
{
    size_t count = source->class_count;
    set->names_text = host->alloc(host, count * NAME);
    set->names = host->alloc(host, count * sizeof *set->names);
    if (set->names_text == NULL || set->names == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: %zu class names", count);
    }
    bool named = read_names(host, s, set, count, NAME, set->names_text);
    for (size_t c = 0; c < count; c++) {
        char *text = set->names_text + c * NAME;
        if (!named || text[0] == 0) {
            snprintf(text, NAME, "%zu", c);
        }
        set->names[c] = text;
    }
    source->class_names = set->names;
    return NN_OK;
}

/* ---- Opening ---- */

static void close_id(hid_t id, herr_t (*close)(hid_t))
{
    if (id >= 0) {
        close(id);
    }
}

static void close_source(const nn_host *host, const void *self, nn_source *source)
{
    (void)self;
    struct hdf5_set *set = source->handle;
    if (set == NULL) {
        return;
    }
    close_id(set->images, H5Dclose);
    close_id(set->labels, H5Dclose);
    close_id(set->targets, H5Dclose);
    close_id(set->file, H5Fclose);
    pthread_mutex_destroy(&set->mutex);
    host->free(host, set->names_text);
    host->free(host, set->names);
    host->free(host, set);
    source->handle = NULL;
}

static nn_status open_file(const nn_host *host, const struct hdf5 *s, hid_t *file)
{
    struct stat about;
    char text[NAME];
    if (stat(s->path, &about) != 0) {
        return host->fail(host, errno == ENOENT ? NN_ERR_NOT_FOUND : NN_ERR_DATA,
                          "%s: can't be opened: %s", s->path, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return host->fail(host, NN_ERR_DATA, "%s: is not a file", s->path);
    }
    H5PLset_loading_state(0);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1);
    *file = H5Fopen(s->path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    return *file >= 0 ? NN_OK
                      : host->fail(host, NN_ERR_DATA, "%s: can't be read as HDF5: %s", s->path,
                                   reason(text));
}

/* `given`, or `common` where nothing is given and the file has it; NULL: none. */
static const char *choose(hid_t file, const char *given, const char *common)
{
    return given != NULL ? given : H5Lexists(file, common, H5P_DEFAULT) > 0 ? common : NULL;
}

static nn_status open_images(const nn_host *host, const struct hdf5 *s, struct hdf5_set *set,
                             nn_source *source)
{
    hsize_t sizes[RANK];
    int rank;
    nn_status status = open_dataset(host, s, set->file, s->images, &set->images, sizes, &rank);
    if (status == NN_OK) {
        status = check_numbers(host, s, set->images, s->images, false);
    }
    if (status == NN_OK) {
        status = check_size(host, s, set->images, s->images, sizes, rank);
    }
    if (status != NN_OK) {
        return status;
    }
    size_t size;
    bool is_signed;
    H5T_class_t class = class_of(set->images, &size, &is_signed);
    source->dtype = class == H5T_INTEGER && size == 1 && !is_signed ? NN_DTYPE_UINT8 : NN_DTYPE_REAL;
    source->image = rank > 2;
    source->samples = sizes[0];
    source->height = rank > 2 ? sizes[1] : 1;
    source->width = rank > 2 ? sizes[2] : rank > 1 ? sizes[1] : 1;
    source->channels = rank > 3 ? sizes[3] : 1;
    return NN_OK;
}

static nn_status open_labels(const nn_host *host, const struct hdf5 *s, const char *name,
                             struct hdf5_set *set, nn_source *source)
{
    hsize_t sizes[RANK];
    int rank;
    nn_status status = open_dataset(host, s, set->file, name, &set->labels, sizes, &rank);
    if (status == NN_OK) {
        status = check_numbers(host, s, set->labels, name, true);
    }
    if (status != NN_OK) {
        return status;
    }
    if (rank != 1 || sizes[0] != source->samples) {
        return host->fail(host, NN_ERR_DATA,
                          "%s: %s holds %llu labels in %d dimensions; %s has %zu samples", s->path,
                          name, (unsigned long long)sizes[0], rank, s->images, source->samples);
    }
    source->targets = NN_TARGETS_CLASSES;
    status = count_classes(host, s, name, set, source->samples, &source->class_count);
    return status == NN_OK ? name_classes(host, s, set, source) : status;
}

static nn_status open_targets(const nn_host *host, const struct hdf5 *s, const char *name,
                              struct hdf5_set *set, nn_source *source)
{
    hsize_t sizes[RANK];
    int rank;
    nn_status status = open_dataset(host, s, set->file, name, &set->targets, sizes, &rank);
    if (status == NN_OK) {
        status = check_numbers(host, s, set->targets, name, false);
    }
    if (status == NN_OK) {
        status = check_size(host, s, set->targets, name, sizes, rank);
    }
    if (status != NN_OK) {
        return status;
    }
    if (rank > 2 || sizes[0] != source->samples) {
        return host->fail(host, NN_ERR_DATA,
                          "%s: %s holds %llu targets in %d dimensions; %s has %zu samples", s->path,
                          name, (unsigned long long)sizes[0], rank, s->images, source->samples);
    }
    source->targets = NN_TARGETS_REALS;
    source->outputs = rank == 2 ? sizes[1] : 1;
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
        status = open_images(host, s, set, source);
    }
    if (status != NN_OK) {
        return status;
    }
    const char *labels = s->targets != NULL ? NULL : choose(set->file, s->labels, "labels");
    if (labels != NULL) {
        return open_labels(host, s, labels, set, source);
    }
    const char *targets = choose(set->file, s->targets, "targets");
    return targets != NULL ? open_targets(host, s, targets, set, source) : NN_OK;
}

static nn_status open_source(const nn_host *host, const void *self, nn_source *source)
{
    struct hdf5_set *set = host->alloc(host, sizeof *set);
    if (set == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: an HDF5 data set");
    }
    *set = (struct hdf5_set){.file = -1, .images = -1, .labels = -1, .targets = -1};
    pthread_mutex_init(&set->mutex, NULL);
    source->handle = set;
    struct quiet quiet = be_quiet();
    nn_status status = open_all(host, self, set, source);
    be_loud(quiet);
    if (status != NN_OK) {
        close_source(host, self, source);
    }
    return status;
}

/* ---- Reading ---- */

static nn_status reader_create(const nn_host *host, const void *self, const nn_source *source,
                               void **reader)
{
    (void)host;
    (void)self;
    (void)source;
    *reader = NULL;
    return NN_OK;
}

static void reader_destroy(const nn_host *host, const void *self, void *reader)
{
    (void)host;
    (void)self;
    (void)reader;
}

static nn_status read_samples(const nn_host *host, const void *self, const nn_source *source,
                              void *reader, size_t first, size_t n, void *x, int32_t *labels,
                              nn_real *y, nn_read_status *status)
{
    (void)reader;
    (void)status;
    const struct hdf5 *s = self;
    struct hdf5_set *set = source->handle;
    if (n > source->samples || first > source->samples - n) {
        return host->fail(host, NN_ERR_STATE, "samples %zu to %zu of %zu are asked for", first,
                          first + n, source->samples);
    }
    if (n == 0) {
        return NN_OK;
    }
    char text[NAME];
    nn_status code = NN_OK;
    hid_t type = source->dtype == NN_DTYPE_UINT8 ? H5T_NATIVE_UINT8 : REAL;
    pthread_mutex_lock(&set->mutex);
    struct quiet quiet = be_quiet();
    if (read_rows(set->images, first, n, type, x) < 0
        || (labels != NULL && read_rows(set->labels, first, n, H5T_NATIVE_INT32, labels) < 0)
        || (y != NULL && read_rows(set->targets, first, n, REAL, y) < 0)) {
        code = host->fail(host, NN_ERR_DATA, "%s: samples %zu to %zu can't be read: %s", s->path,
                          first, first + n - 1, reason(text));
    }
    be_loud(quiet);
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

/* ---- Writing ---- */

static bool put(hid_t file, const char *name, int rank, const hsize_t *sizes, hid_t stored,
                hid_t held, const void *values)
{
    hid_t space = H5Screate_simple(rank, sizes, NULL);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(create, 0);
    hid_t dataset = H5Dcreate2(file, name, stored, space, H5P_DEFAULT, create, H5P_DEFAULT);
    bool good = dataset >= 0
                && H5Dwrite(dataset, held, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    close_id(dataset, H5Dclose);
    H5Pclose(create);
    H5Sclose(space);
    return good;
}

static bool put_names(hid_t file, const nn_source *source)
{
    hsize_t count = source->class_count;
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    bool good = put(file, "class_names", 1, &count, type, type, source->class_names);
    H5Tclose(type);
    return good;
}

static bool put_all(hid_t file, const nn_source *source, const void *x, const int32_t *labels,
                    const nn_real *y)
{
    bool bytes = source->dtype == NN_DTYPE_UINT8;
    hsize_t image[RANK] = {source->samples, source->height, source->width, source->channels};
    hsize_t vector[2] = {source->samples, source->width};
    hsize_t targets[2] = {source->samples, source->outputs};
    int rank = source->image == 0 ? 2 : source->channels > 1 ? 4 : 3;
    return put(file, "images", rank, rank == 2 ? vector : image,
               bytes ? H5T_STD_U8LE : NN_REAL_BITS == 32 ? H5T_IEEE_F32LE : H5T_IEEE_F64LE,
               bytes ? H5T_NATIVE_UINT8 : REAL, x)
           && (labels == NULL
               || (put(file, "labels", 1, image, H5T_STD_I32LE, H5T_NATIVE_INT32, labels)
                   && put_names(file, source)))
           && (y == NULL
               || put(file, "targets", 2, targets,
                      NN_REAL_BITS == 32 ? H5T_IEEE_F32LE : H5T_IEEE_F64LE, REAL, y));
}

static nn_status write_samples(const nn_host *host, const void *self, const char *path,
                               const nn_source *source, const void *x, const int32_t *labels,
                               const nn_real *y)
{
    (void)self;
    char aside[4096], text[NAME];
    if (snprintf(aside, sizeof aside, "%s.tmp-%ld", path, (long)getpid()) >= (int)sizeof aside) {
        return host->fail(host, NN_ERR_IO, "%s: the path is too long", path);
    }
    if (access(path, F_OK) == 0) {
        return host->fail(host, NN_ERR_IO, "%s: is there already", path);
    }
    struct quiet quiet = be_quiet();
    hid_t file = H5Fcreate(aside, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    bool good = file >= 0 && put_all(file, source, x, labels, y);
    good = file >= 0 && H5Fclose(file) >= 0 && good;
    nn_status status = NN_OK;
    if (!good) {
        status = host->fail(host, NN_ERR_IO, "%s: can't be written: %s", path, reason(text));
    } else if (rename(aside, path) != 0) {
        status = host->fail(host, NN_ERR_IO, "%s: can't be written: %s", path, strerror(errno));
    }
    if (status != NN_OK) {
        unlink(aside);
    }
    be_loud(quiet);
    return status;
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
    .reader_create = reader_create,
    .reader_destroy = reader_destroy,
    .read = read_samples,
    .sample_name = sample_name,
    .write = write_samples,
};
