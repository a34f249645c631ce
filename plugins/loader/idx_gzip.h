/* SPDX-License-Identifier: MIT */
/* Part of idx.c: a compressed file, unpacked once when it is opened. */
#ifndef NN_LOADER_IDX_GZIP_H
#define NN_LOADER_IDX_GZIP_H

#include "idx_header.h"

#include <unistd.h>
#include <zlib.h>

struct idx_unpacker {
    z_stream stream;
    int fd;
    bool ended; /* the file */
    uint8_t in[1 << 16];
};

/* The file's next bytes, or its end, where none are left. */
static inline nn_status idx_refill(const nn_host *host, const char *path, struct idx_unpacker *u)
{
    if (u->stream.avail_in > 0 || u->ended) {
        return NN_OK;
    }
    ssize_t n = read(u->fd, u->in, sizeof u->in);
    if (n < 0) {
        return host->fail(host, NN_ERR_IO, "%s: can't be read: %s", path, strerror(errno));
    }
    u->ended = n == 0;
    u->stream.next_in = u->in;
    u->stream.avail_in = (uInt)n;
    return NN_OK;
}

/* Fills `out`; *got tells how much there was.  Files of several gzip members are one text. */
static inline nn_status idx_unpack(const nn_host *host, const char *path, struct idx_unpacker *u,
                                   uint8_t *out, size_t room, size_t *got)
{
    *got = 0;
    while (*got < room) {
        nn_status status = idx_refill(host, path, u);
        if (status != NN_OK) {
            return status;
        }
        size_t part = room - *got < 1u << 30 ? room - *got : 1u << 30;
        u->stream.next_out = out + *got;
        u->stream.avail_out = (uInt)part;
        int code = inflate(&u->stream, Z_NO_FLUSH);
        *got += part - u->stream.avail_out;
        if (code == Z_STREAM_END) {
            status = idx_refill(host, path, u);
            if (status != NN_OK || u->stream.avail_in == 0) {
                return status;
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

static inline nn_status idx_unpack_whole(const nn_host *host, struct idx_file *f,
                                         struct idx_unpacker *u)
{
    uint8_t header[IDX_HEADER], beyond;
    size_t held, got, over;
    nn_status status = idx_unpack(host, f->path, u, header, 4, &held);
    /* The header's own length is known from its fourth byte. */
    if (status == NN_OK && held == 4 && header[3] >= 1 && header[3] <= SOURCE_RANK) {
        status = idx_unpack(host, f->path, u, header + 4, 4u * header[3], &got);
        held += got;
    }
    if (status == NN_OK) {
        status = idx_read_header(host, f, header, held);
    }
    if (status != NN_OK) {
        return status;
    }
    if (f->bytes / SOURCE_DEFLATE_MOST > f->length) {
        return host->fail(host, NN_ERR_DATA,
                          "%s: cut short: %llu bytes of gzip can't hold the %zu its header says",
                          f->path, (unsigned long long)f->length, f->bytes);
    }
    f->unpacked = host->alloc(host, f->bytes);
    if (f->unpacked == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: %zu bytes of %s", f->bytes, f->path);
    }
    status = idx_unpack(host, f->path, u, f->unpacked, f->bytes, &got);
    if (status == NN_OK && got < f->bytes) {
        status = idx_lengths_differ(host, f, f->header + got);
    }
    if (status == NN_OK) {
        status = idx_unpack(host, f->path, u, &beyond, 1, &over);
    }
    if (status == NN_OK && over > 0) {
        status = idx_lengths_differ(host, f, (uint64_t)f->header + f->bytes + 1);
    }
    return status;
}

static inline nn_status idx_open_packed(const nn_host *host, struct idx_file *f)
{
    enum { GZIP = 16 + MAX_WBITS };
    struct idx_unpacker *u = host->alloc(host, sizeof *u);
    if (u == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: unpacking %s", f->path);
    }
    memset(&u->stream, 0, sizeof u->stream);
    u->fd = f->fd;
    u->ended = false;
    nn_status status;
    if (inflateInit2(&u->stream, GZIP) == Z_OK) {
        status = idx_unpack_whole(host, f, u);
        inflateEnd(&u->stream);
    } else {
        status = host->fail(host, NN_ERR_MEMORY, "out of memory: unpacking %s", f->path);
    }
    host->free(host, u);
    close(f->fd);
    f->fd = -1;
    return status;
}

#endif
