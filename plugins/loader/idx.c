/* SPDX-License-Identifier: MIT */
/* IDX files, plain or compressed by gzip, as MNIST is published.
 *
 * A file is a big-endian header - two zero bytes, the type (8: unsigned bytes), the number of
 * dimensions, each dimension - and then the bytes.  Each number in it is held against the length of
 * the file before anything is allocated.  A plain file is read where it lies; a compressed one is
 * unpacked once, when it is opened.  A part of the samples can be taken, in the order of the file: the
 * books' last 10,000 of MNIST's training images, say.
 */
#define _GNU_SOURCE 1
#include <nnrun/loader.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    TYPE_BYTES = 8,
    DIMENSIONS = 4,          /* at most: samples, height, width, channels */
    HEADER = 4 + 4 * DIMENSIONS,
    CHUNK = 1 << 16,
    DEFLATE_MOST = 1032,     /* no byte of deflate gives more (zlib's technical notes) */
    CLASSES_MOST = 256
};

struct idx {
    const char *images, *labels;
    int64_t offset, samples; /* the part; samples 0: up to the end */
};

/* One opened file. */
struct file {
    const char *path;
    int fd;            /* -1 once unpacked */
    uint64_t length;   /* of the file */
    uint64_t stat[4];
    size_t rank, dimension[DIMENSIONS];
    size_t header;     /* bytes before the data */
    size_t bytes;      /* of data */
    uint8_t *unpacked; /* NULL: read from fd */
};

struct idx_set {
    struct file images, labels;
    bool labelled;
    const char *names[CLASSES_MOST];
    char digits[CLASSES_MOST][4];
};

static void close_file(const nn_host *host, struct file *f)
{
    if (f->fd >= 0) {
        close(f->fd);
    }
    host->free(host, f->unpacked);
}

/* ---- The header ---- */

static size_t big_endian(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* `held` bytes of the (unpacked) beginning. */
static nn_status read_header(const nn_host *host, struct file *f, const uint8_t *bytes, size_t held)
{
    static const char *const types[] = {
        [0x09] = "signed bytes", [0x0b] = "16 bit integers", [0x0c] = "32 bit integers",
        [0x0d] = "floats",       [0x0e] = "doubles",
    };
    if (held < 4 || bytes[0] != 0 || bytes[1] != 0) {
        return host->fail(host, NN_ERR_DATA,
                          "%s: this is no IDX file: it does not begin with two zero bytes", f->path);
    }
    if (bytes[2] != TYPE_BYTES) {
        bool known = bytes[2] < sizeof types / sizeof types[0] && types[bytes[2]] != NULL;
        return host->fail(host, NN_ERR_DATA,
                          "%s: the IDX file holds type 0x%02x (%s); only unsigned bytes (0x08) are "
                          "read",
                          f->path, bytes[2], known ? types[bytes[2]] : "unknown");
    }
    f->rank = bytes[3];
    if (f->rank < 1 || f->rank > DIMENSIONS) {
        return host->fail(host, NN_ERR_DATA, "%s: the IDX file has %zu dimensions; 1 to %d are read",
                          f->path, f->rank, DIMENSIONS);
    }
    f->header = 4 + 4 * f->rank;
    if (held < f->header) {
        return host->fail(host, NN_ERR_DATA, "%s: the file ends within its header", f->path);
    }
    f->bytes = 1;
    for (size_t d = 0; d < f->rank; d++) {
        f->dimension[d] = big_endian(bytes + 4 + 4 * d);
        if (f->dimension[d] == 0) {
            return host->fail(host, NN_ERR_DATA, "%s: dimension %zu is 0", f->path, d + 1);
        }
        if (__builtin_mul_overflow(f->bytes, f->dimension[d], &f->bytes)
            || f->bytes > SIZE_MAX / 2) {
            return host->fail(host, NN_ERR_DATA, "%s: the header's dimensions are beyond any memory",
                              f->path);
        }
    }
    return NN_OK;
}

static nn_status lengths_differ(const nn_host *host, const struct file *f, uint64_t held)
{
    uint64_t wanted = (uint64_t)f->header + f->bytes;
    return host->fail(host, NN_ERR_DATA,
                      held < wanted ? "%s: cut short: %llu bytes of the %llu its header says"
                                    : "%s: %llu bytes, but its header says %llu: something follows "
                                      "the data",
                      f->path, (unsigned long long)held, (unsigned long long)wanted);
}

/* ---- gzip ---- */

struct unpacker {
    z_stream stream;
    int fd;
    bool ended; /* the file */
    uint8_t in[CHUNK];
};

/* Fills `out`; *got tells how much there was.  Files of several gzip members are one text. */
static nn_status unpack(const nn_host *host, const char *path, struct unpacker *u, uint8_t *out,
                        size_t room, size_t *got)
{
    *got = 0;
    while (*got < room) {
        if (u->stream.avail_in == 0 && !u->ended) {
            ssize_t n = read(u->fd, u->in, sizeof u->in);
            if (n < 0) {
                return host->fail(host, NN_ERR_IO, "%s: can't be read: %s", path, strerror(errno));
            }
            u->ended = n == 0;
            u->stream.next_in = u->in;
            u->stream.avail_in = (uInt)n;
        }
        size_t part = room - *got < 1u << 30 ? room - *got : 1u << 30;
        u->stream.next_out = out + *got;
        u->stream.avail_out = (uInt)part;
        int code = inflate(&u->stream, Z_NO_FLUSH);
        *got += part - u->stream.avail_out;
        if (code == Z_STREAM_END) {
            if (u->stream.avail_in == 0 && !u->ended) {
                ssize_t n = read(u->fd, u->in, sizeof u->in);
                u->ended = n <= 0;
                u->stream.next_in = u->in;
                u->stream.avail_in = n > 0 ? (uInt)n : 0;
            }
            if (u->stream.avail_in == 0) {
                return NN_OK;
            }
            code = inflateReset(&u->stream);
        }
        if (code == Z_BUF_ERROR && u->ended) {
            return host->fail(host, NN_ERR_DATA, "%s: cut short: the gzip data do not end", path);
        }
        if (code != Z_OK && code != Z_BUF_ERROR) {
            return host->fail(host, NN_ERR_DATA, "%s: the gzip data are damaged: %s", path,
                              u->stream.msg != NULL ? u->stream.msg : zError(code));
        }
    }
    return NN_OK;
}

static nn_status unpack_whole(const nn_host *host, struct file *f, struct unpacker *u)
{
    uint8_t header[HEADER], beyond;
    size_t held, got, over;
    nn_status status = unpack(host, f->path, u, header, 4, &held);
    /* The header's own length is known from its fourth byte. */
    if (status == NN_OK && held == 4 && header[3] >= 1 && header[3] <= DIMENSIONS) {
        status = unpack(host, f->path, u, header + 4, 4u * header[3], &got);
        held += got;
    }
    if (status == NN_OK) {
        status = read_header(host, f, header, held);
    }
    if (status != NN_OK) {
        return status;
    }
    if (f->bytes / DEFLATE_MOST > f->length) {
        return host->fail(host, NN_ERR_DATA,
                          "%s: cut short: %llu bytes of gzip can't hold the %zu its header says",
                          f->path, (unsigned long long)f->length, f->bytes);
    }
    f->unpacked = host->alloc(host, f->bytes);
    if (f->unpacked == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: %zu bytes of %s", f->bytes, f->path);
    }
    status = unpack(host, f->path, u, f->unpacked, f->bytes, &got);
    if (status == NN_OK && got < f->bytes) {
        status = lengths_differ(host, f, f->header + got);
    }
    if (status == NN_OK) {
        status = unpack(host, f->path, u, &beyond, 1, &over);
    }
    if (status == NN_OK && over > 0) {
        status = lengths_differ(host, f, (uint64_t)f->header + f->bytes + 1);
    }
    return status;
}

static nn_status open_packed(const nn_host *host, struct file *f)
{
    enum { GZIP = 16 + MAX_WBITS };
    struct unpacker *u = host->alloc(host, sizeof *u);
    if (u == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: unpacking %s", f->path);
    }
    memset(&u->stream, 0, sizeof u->stream);
    u->fd = f->fd;
    u->ended = false;
    nn_status status;
    if (inflateInit2(&u->stream, GZIP) == Z_OK) {
        status = unpack_whole(host, f, u);
        inflateEnd(&u->stream);
    } else {
        status = host->fail(host, NN_ERR_MEMORY, "out of memory: unpacking %s", f->path);
    }
    host->free(host, u);
    close(f->fd);
    f->fd = -1;
    return status;
}

/* ---- Files ---- */

static nn_status open_file(const nn_host *host, const char *path, struct file *f)
{
    struct stat about;
    f->path = path;
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (f->fd < 0 || fstat(f->fd, &about) != 0) {
        return host->fail(host, errno == ENOENT ? NN_ERR_NOT_FOUND : NN_ERR_DATA,
                          "%s: can't be opened: %s", path, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return host->fail(host, NN_ERR_DATA, "%s: is not a file", path);
    }
    f->length = (uint64_t)about.st_size;
    f->stat[0] = (uint64_t)about.st_ino;
    f->stat[1] = f->length;
    f->stat[2] = (uint64_t)about.st_mtim.tv_sec * 1000000000u + (uint64_t)about.st_mtim.tv_nsec;
    f->stat[3] = (uint64_t)about.st_ctim.tv_sec * 1000000000u + (uint64_t)about.st_ctim.tv_nsec;
    uint8_t header[HEADER];
    ssize_t held = pread(f->fd, header, sizeof header, 0);
    if (held < 0) {
        return host->fail(host, NN_ERR_IO, "%s: can't be read: %s", path, strerror(errno));
    }
    if (held >= 2 && header[0] == 0x1f && header[1] == 0x8b) {
        return open_packed(host, f);
    }
    nn_status status = read_header(host, f, header, (size_t)held);
    if (status == NN_OK && f->length != (uint64_t)f->header + f->bytes) {
        status = lengths_differ(host, f, f->length);
    }
    return status;
}

/* Bytes `at` .. of the data. */
static nn_status read_data(const nn_host *host, const struct file *f, size_t at, size_t count,
                           uint8_t *out)
{
    if (f->unpacked != NULL) {
        memcpy(out, f->unpacked + at, count);
        return NN_OK;
    }
    for (size_t done = 0; done < count;) {
        ssize_t n = pread(f->fd, out + done, count - done, (off_t)(f->header + at + done));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return host->fail(host, NN_ERR_IO, "%s: can't be read: %s", f->path,
                              n < 0 ? strerror(errno) : "the file has become shorter");
        }
        done += (size_t)n;
    }
    return NN_OK;
}

static size_t sample_bytes(const struct file *images)
{
    return images->bytes / images->dimension[0];
}

/* Labels are looked at once: they say how many classes there are. */
static nn_status count_classes(const nn_host *host, const struct file *labels, size_t *count)
{
    uint8_t chunk[CHUNK];
    uint8_t highest = 0;
    for (size_t at = 0; at < labels->bytes; at += CHUNK) {
        size_t n = labels->bytes - at < CHUNK ? labels->bytes - at : CHUNK;
        nn_status status = read_data(host, labels, at, n, chunk);
        if (status != NN_OK) {
            return status;
        }
        for (size_t i = 0; i < n; i++) {
            highest = chunk[i] > highest ? chunk[i] : highest;
        }
    }
    *count = (size_t)highest + 1;
    return NN_OK;
}

static nn_status open_labels(const nn_host *host, const char *path, struct idx_set *set,
                             nn_source *source)
{
    set->labelled = true;
    nn_status status = open_file(host, path, &set->labels);
    if (status != NN_OK) {
        return status;
    }
    if (set->labels.rank != 1) {
        return host->fail(host, NN_ERR_DATA, "%s: labels have 1 dimension, this file has %zu", path,
                          set->labels.rank);
    }
    if (set->labels.dimension[0] != set->images.dimension[0]) {
        return host->fail(host, NN_ERR_DATA, "%s: %zu labels, but %s holds %zu images", path,
                          set->labels.dimension[0], set->images.path, set->images.dimension[0]);
    }
    status = count_classes(host, &set->labels, &source->class_count);
    for (size_t c = 0; c < source->class_count; c++) {
        snprintf(set->digits[c], sizeof set->digits[c], "%d", (int)c);
        set->names[c] = set->digits[c];
    }
    source->targets = NN_TARGETS_CLASSES;
    source->class_names = set->names;
    return status;
}

static void close_source(const nn_host *host, const void *self, nn_source *source)
{
    (void)self;
    struct idx_set *set = source->handle;
    if (set != NULL) {
        close_file(host, &set->images);
        close_file(host, &set->labels);
        host->free(host, set);
    }
    source->handle = NULL;
}

/* How many samples are taken of those the file holds. */
static nn_status take_part(const nn_host *host, const struct idx *params, size_t held, size_t *taken)
{
    size_t offset = (size_t)params->offset, samples = (size_t)params->samples;
    if (offset >= held) {
        return host->fail(host, NN_ERR_DATA, "%s: offset is %zu, but there are only %zu samples",
                          params->images, offset, held);
    }
    if (samples > held - offset) {
        return host->fail(host, NN_ERR_DATA, "%s: %zu samples are asked for, but there are only %zu%s",
                          params->images, samples, held - offset, offset > 0 ? " after the offset" : "");
    }
    *taken = samples > 0 ? samples : held - offset;
    return NN_OK;
}

static nn_status open_source(const nn_host *host, const void *self, nn_source *source)
{
    const struct idx *params = self;
    struct idx_set *set = host->alloc(host, sizeof *set);
    if (set == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: an IDX data set");
    }
    memset(set, 0, sizeof *set);
    set->images.fd = set->labels.fd = -1;
    source->handle = set;
    nn_status status = open_file(host, params->images, &set->images);
    if (status == NN_OK && set->images.rank < 2) {
        status = host->fail(host, NN_ERR_DATA,
                            "%s: images have 2 to 4 dimensions, this file has 1: are these labels?",
                            params->images);
    }
    if (status == NN_OK && params->labels != NULL) {
        status = open_labels(host, params->labels, set, source);
    }
    if (status == NN_OK) {
        status = take_part(host, params, set->images.dimension[0], &source->samples);
    }
    if (status != NN_OK) {
        close_source(host, self, source);
        return status;
    }
    const struct file *images = &set->images;
    source->dtype = NN_DTYPE_UINT8;
    source->image = images->rank > 2;
    source->height = images->rank > 2 ? images->dimension[1] : 1;
    source->width = images->dimension[images->rank > 2 ? 2 : 1];
    source->channels = images->rank > 3 ? images->dimension[3] : 1;
    /* Plain files are as fast as any cache. */
    if (images->unpacked != NULL) {
        const uint64_t tuples[3][4] = {
            {images->stat[0], images->stat[1], images->stat[2], images->stat[3]},
            {set->labels.stat[0], set->labels.stat[1], set->labels.stat[2], set->labels.stat[3]},
            {(uint64_t)params->offset, source->samples},
        };
        XXH128_hash_t hash = XXH3_128bits(tuples, sizeof tuples);
        source->stat[0] = hash.low64;
        source->stat[1] = hash.high64;
    }
    return NN_OK;
}

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
    (void)y;
    (void)status;
    const struct idx *params = self;
    const struct idx_set *set = source->handle;
    if (n > source->samples || first > source->samples - n) {
        return host->fail(host, NN_ERR_STATE, "samples %zu to %zu of %zu are asked for", first,
                          first + n, source->samples);
    }
    size_t bytes = sample_bytes(&set->images);
    first += (size_t)params->offset;
    nn_status code = read_data(host, &set->images, first * bytes, n * bytes, x);
    if (code != NN_OK || labels == NULL) {
        return code;
    }
    uint8_t chunk[256];
    for (size_t at = 0; at < n; at += sizeof chunk) {
        size_t count = n - at < sizeof chunk ? n - at : sizeof chunk;
        code = read_data(host, &set->labels, first + at, count, chunk);
        if (code != NN_OK) {
            return code;
        }
        for (size_t i = 0; i < count; i++) {
            labels[at + i] = chunk[i];
        }
    }
    return NN_OK;
}

static void sample_name(const void *self, const nn_source *source, size_t index, size_t room,
                        char *name)
{
    (void)source;
    const struct idx *params = self;
    snprintf(name, room, "%s[%zu]", params->images, (size_t)params->offset + index);
}

/* ---- Writing ---- */

static void put_big_endian(uint8_t *p, size_t value)
{
    for (size_t i = 0; i < 4; i++) {
        p[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static nn_status write_file(const nn_host *host, const char *folder, const char *name, size_t rank,
                            const size_t *dimensions, const uint8_t *bytes, size_t count)
{
    char path[4096];
    uint8_t header[HEADER] = {0, 0, TYPE_BYTES, (uint8_t)rank};
    for (size_t d = 0; d < rank; d++) {
        put_big_endian(header + 4 + 4 * d, dimensions[d]);
    }
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        return host->fail(host, NN_ERR_IO, "%s: the path is too long", folder);
    }
    FILE *file = fopen(path, "wbxe");
    if (file == NULL) {
        return host->fail(host, NN_ERR_IO, "%s: can't be made: %s", path, strerror(errno));
    }
    bool whole = fwrite(header, 1, 4 + 4 * rank, file) == 4 + 4 * rank
                 && fwrite(bytes, 1, count, file) == count;
    whole = fclose(file) == 0 && whole;
    if (!whole) {
        unlink(path);
        return host->fail(host, NN_ERR_IO, "%s: can't be written: %s", path, strerror(errno));
    }
    return NN_OK;
}

static nn_status write_labels(const nn_host *host, const char *path, const nn_source *source,
                              const int32_t *labels)
{
    if (source->class_count > CLASSES_MOST) {
        return host->fail(host, NN_ERR_UNSUPPORTED, "%zu classes; labels of an IDX file are bytes",
                          source->class_count);
    }
    uint8_t *bytes = host->alloc(host, source->samples);
    if (bytes == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: labels");
    }
    for (size_t i = 0; i < source->samples; i++) {
        bytes[i] = (uint8_t)labels[i];
    }
    nn_status status = write_file(host, path, "labels-idx1-ubyte", 1, &source->samples, bytes,
                                  source->samples);
    host->free(host, bytes);
    return status;
}

/* A new folder with the two files; names of classes are lost, IDX has none. */
static nn_status write_samples(const nn_host *host, const void *self, const char *path,
                               const nn_source *source, const void *x, const int32_t *labels,
                               const nn_real *y)
{
    (void)self;
    if (source->dtype != NN_DTYPE_UINT8 || y != NULL) {
        return host->fail(host, NN_ERR_UNSUPPORTED, "an IDX file holds bytes and classes alone");
    }
    if (mkdir(path, 0777) != 0) {
        return host->fail(host, NN_ERR_IO, "%s: the folder can't be made: %s", path,
                          strerror(errno));
    }
    const size_t image[] = {source->samples, source->height, source->width, source->channels};
    const size_t vector[] = {source->samples, source->width};
    size_t rank = source->image == 0 ? 2 : source->channels > 1 ? 4 : 3;
    char name[32];
    snprintf(name, sizeof name, "images-idx%zu-ubyte", rank);
    nn_status status = write_file(host, path, name, rank, rank == 2 ? vector : image, x,
                                  source->samples * source->height * source->width
                                      * source->channels);
    return status == NN_OK && labels != NULL ? write_labels(host, path, source, labels) : status;
}

static const nn_param params[] = {
    NN_PARAM_PATH(struct idx, images, NULL, NN_REQUIRED, "IDX file of the images, plain or gzip."),
    NN_PARAM_PATH(struct idx, labels, NULL, NN_OPTIONAL,
                  "IDX file of the labels, plain or gzip; left out: no classes."),
    NN_PARAM_INT(struct idx, offset, 0, 0, 4294967295, 0, "", "The first sample that is taken."),
    NN_PARAM_INT(struct idx, samples, 0, 0, 4294967295, 0, "",
                 "How many are taken, in the order of the file; 0: up to the end."),
    NN_PARAM_END,
};

NN_LOADER {
    .name = "idx",
    .summary = "IDX files, as MNIST is published; plain or gzip.",
    .formula = "x = bytes of the file",
    .reference = "LeCun, Cortes, Burges: The MNIST database, file formats; RFC 1952 (gzip)",
    .params = params,
    .self_size = sizeof(struct idx),
    .flags = NN_HASH_CONTENT,
    .open = open_source,
    .close = close_source,
    .reader_create = reader_create,
    .reader_destroy = reader_destroy,
    .read = read_samples,
    .sample_name = sample_name,
    .write = write_samples,
};
