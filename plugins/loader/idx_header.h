/* SPDX-License-Identifier: MIT */
/* Part of idx.c: a file as its header describes it. */
#ifndef NN_LOADER_IDX_HEADER_H
#define NN_LOADER_IDX_HEADER_H

#include "source.h"

enum {
    IDX_BYTES = 8, /* the type of unsigned bytes */
    IDX_HEADER = 4 + 4 * SOURCE_RANK, /* bytes at most */
    IDX_CLASSES_MOST = 256
};

/* One opened file. */
struct idx_file {
    const char *path;
    int fd;            /* -1 once unpacked */
    uint64_t length;   /* of the file */
    uint64_t stat[4];
    size_t rank, dimension[SOURCE_RANK];
    size_t header;     /* bytes before the data */
    size_t bytes;      /* of data */
    uint8_t *unpacked; /* NULL: read from fd */
};

static inline size_t idx_big_endian(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* `held` bytes of the (unpacked) beginning. */
static inline nn_status idx_read_header(const nn_host *host, struct idx_file *f,
                                        const uint8_t *bytes, size_t held)
{
    static const char *const types[] = {
        [0x09] = "signed bytes", [0x0b] = "16 bit integers", [0x0c] = "32 bit integers",
        [0x0d] = "floats",       [0x0e] = "doubles",
    };
    if (held < 4 || bytes[0] != 0 || bytes[1] != 0) {
        return host->fail(host, NN_ERR_DATA,
                          "%s: this is no IDX file: it does not begin with two zero bytes", f->path);
    }
    if (bytes[2] != IDX_BYTES) {
        bool known = bytes[2] < sizeof types / sizeof types[0] && types[bytes[2]] != NULL;
        return host->fail(host, NN_ERR_DATA,
                          "%s: the IDX file holds type 0x%02x (%s); only unsigned bytes (0x08) are "
                          "read",
                          f->path, bytes[2], known ? types[bytes[2]] : "unknown");
    }
    f->rank = bytes[3];
    if (f->rank < 1 || f->rank > SOURCE_RANK) {
        return host->fail(host, NN_ERR_DATA, "%s: the IDX file has %zu dimensions; 1 to %d are read",
                          f->path, f->rank, SOURCE_RANK);
    }
    f->header = 4 + 4 * f->rank;
    if (held < f->header) {
        return host->fail(host, NN_ERR_DATA, "%s: the file ends within its header", f->path);
    }
    f->bytes = 1;
    for (size_t d = 0; d < f->rank; d++) {
        f->dimension[d] = idx_big_endian(bytes + 4 + 4 * d);
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

static inline nn_status idx_lengths_differ(const nn_host *host, const struct idx_file *f,
                                           uint64_t held)
{
    uint64_t wanted = (uint64_t)f->header + f->bytes;
    return host->fail(host, NN_ERR_DATA,
                      held < wanted ? "%s: cut short: %llu bytes of the %llu its header says"
                                    : "%s: %llu bytes, but its header says %llu: something follows "
                                      "the data",
                      f->path, (unsigned long long)held, (unsigned long long)wanted);
}

#endif
