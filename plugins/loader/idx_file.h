/* SPDX-License-Identifier: MIT */
/* Part of idx.c: a file of either kind, opened and read. */
#ifndef NN_LOADER_IDX_FILE_H
#define NN_LOADER_IDX_FILE_H

#include "idx_gzip.h"

#include <fcntl.h>

static inline void idx_close_file(const nn_host *host, struct idx_file *f)
{
    if (f->fd >= 0) {
        close(f->fd);
    }
    host->free(host, f->unpacked);
}

static inline nn_status idx_open_file(const nn_host *host, const char *path, struct idx_file *f)
{
    struct stat about = {0};
    f->path = path;
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    nn_status status = source_check_file(host, path, f->fd < 0 ? -1 : fstat(f->fd, &about), &about);
    if (status != NN_OK) {
        return status;
    }
    f->length = (uint64_t)about.st_size;
    f->stat[0] = (uint64_t)about.st_ino;
    f->stat[1] = f->length;
    f->stat[2] = (uint64_t)about.st_mtim.tv_sec * 1000000000u + (uint64_t)about.st_mtim.tv_nsec;
    f->stat[3] = (uint64_t)about.st_ctim.tv_sec * 1000000000u + (uint64_t)about.st_ctim.tv_nsec;
    uint8_t header[IDX_HEADER];
    ssize_t held = pread(f->fd, header, sizeof header, 0);
    if (held < 0) {
        return host->fail(host, NN_ERR_IO, "%s: can't be read: %s", path, strerror(errno));
    }
    if (held >= 2 && header[0] == 0x1f && header[1] == 0x8b) {
        return idx_open_packed(host, f);
    }
    status = idx_read_header(host, f, header, (size_t)held);
    if (status == NN_OK && f->length != (uint64_t)f->header + f->bytes) {
        status = idx_lengths_differ(host, f, f->length);
    }
    return status;
}

/* Bytes `at` .. of the data. */
static inline nn_status idx_read(const nn_host *host, const struct idx_file *f, size_t at,
                                 size_t count, uint8_t *out)
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

#endif
