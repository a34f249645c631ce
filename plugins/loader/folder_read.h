/* SPDX-License-Identifier: MIT */
/* Part of folder.h: the files themselves, read and asked for their stat tuples. */
#ifndef NN_LOADER_FOLDER_READ_H
#define NN_LOADER_FOLDER_READ_H

#include "folder_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifdef O_PATH
enum {
    FOLDER_PASS = O_PATH
}; /* to a file that is named one need not be allowed to list its folder */
#else
enum { FOLDER_PASS = O_RDONLY };
#endif

/* One thread's way to the files: the folder it reads from now, and a buffer it reuses. */
struct folder_reader {
    int fd; /* of `group`'s folder */
    uint32_t group;
    uint8_t *bytes;
    size_t length, room;
};

static inline void folder_reader_init(struct folder_reader *r)
{
    *r = (struct folder_reader){.fd = -1, .group = UINT32_MAX};
}

static inline void folder_reader_finish(const nn_host *host, struct folder_reader *r)
{
    if (r->fd >= 0) {
        close(r->fd);
    }
    host->free(host, r->bytes);
}

/* The descriptor names of this file's group are relative to; -1 with errno. */
static inline int folder_reach(const struct folder *f, struct folder_reader *r, size_t index)
{
    uint32_t group = f->files[index].group;
    const char *path = f->names + f->groups[group].path;
    if (path[0] == 0) {
        return AT_FDCWD;
    }
    if (group != r->group) {
        if (r->fd >= 0) {
            close(r->fd);
        }
        r->fd = openat(f->root_fd, path, FOLDER_PASS | O_DIRECTORY | O_CLOEXEC);
        r->group = r->fd >= 0 ? group : UINT32_MAX;
    }
    return r->fd;
}

static inline void folder_bad(nn_read_status *status, nn_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline void folder_bad(nn_read_status *status, nn_status code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(status->message, sizeof status->message, format, arguments);
    va_end(arguments);
    status->code = code;
}

static inline const char *folder_type_name(uint32_t type)
{
    return type == S_IFDIR    ? "it is a folder, not a file"
           : type == S_IFIFO  ? "it is a FIFO, not a file"
           : type == S_IFSOCK ? "it is a socket, not a file"
           : type == S_IFLNK  ? "it is a link to nothing"
                              : "it is a device, not a file";
}

/* Whose fault an errno is: the file's own, which makes it bad, or the machine's. */
static inline nn_status folder_blame(int number)
{
    switch (number) {
    case ENOMEM:
        return NN_ERR_MEMORY;
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case EACCES:
    case EPERM:
    case EISDIR:
    case ENXIO:
    case ENODEV:
    case EAGAIN:
    case EOVERFLOW:
        return NN_ERR_DATA;
    default:
        return NN_ERR_IO;
    }
}

/* Reads the rest of `fd` behind r->length bytes; at most `most` in all. */
static inline bool folder_read_rest(const nn_host *host, struct folder_reader *r, int fd,
                                    size_t most, nn_read_status *status)
{
    for (;;) {
        if (r->length == r->room) {
            if (r->length >= most) {
                folder_bad(status, NN_ERR_DATA, "the file is longer than %zu MB", most >> 20);
                return false;
            }
            nn_status grown = folder_grow(host, (void **)&r->bytes, r->length, &r->room,
                                          r->room == 0 ? (size_t)1 << 16 : 2 * r->room, 1);
            if (grown != NN_OK) {
                folder_bad(status, grown, "out of memory: the file is longer than %zu bytes",
                           r->length);
                return false;
            }
        }
        ssize_t got = read(fd, r->bytes + r->length, r->room - r->length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            folder_bad(status, folder_blame(errno), "it can't be read: %s", strerror(errno));
            return false;
        }
        r->length += (size_t)got;
        /* A regular file gives less than asked for at its end only. */
        if (r->length < r->room) {
            return true;
        }
    }
}

/* Reads file `index` whole into r->bytes; false: *status says why not.  Never blocks: what was no
 * regular file when the folder was walked is not opened, and what became none since is not waited
 * for. */
static inline bool folder_read(const struct folder *f, struct folder_reader *r, size_t index,
                               size_t most, nn_read_status *status)
{
    const struct folder_file *file = &f->files[index];
    if (file->type != 0) {
        folder_bad(status, NN_ERR_DATA, "%s", folder_type_name(file->type));
        return false;
    }
    int at = folder_reach(f, r, index);
    int fd = at == -1 ? -1
                      : openat(at, f->names + file->name,
                               O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        folder_bad(status, folder_blame(errno), "it can't be opened: %s", strerror(errno));
        return false;
    }
    r->length = 0;
    bool good = folder_read_rest(f->host, r, fd, most, status);
    close(fd);
    if (good && r->length == 0) {
        folder_bad(status, NN_ERR_DATA, "the file is empty");
        return false;
    }
    return good;
}

/* nn_loader.stat for these files. */
static inline void folder_stat(const struct folder *f, struct folder_reader *r, size_t first,
                               size_t n, uint64_t hash[2])
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    for (size_t i = first; i < first + n; i++) {
        struct stat about = {0};
        int at = folder_reach(f, r, i);
        if (at != -1) {
            (void)fstatat(at, f->names + f->files[i].name, &about, 0);
        }
        const uint64_t tuple[] = {
            (uint64_t)about.st_dev,          (uint64_t)about.st_ino,
            (uint64_t)about.st_size,         (uint64_t)about.st_mtim.tv_sec,
            (uint64_t)about.st_mtim.tv_nsec, (uint64_t)about.st_ctim.tv_sec,
            (uint64_t)about.st_ctim.tv_nsec, f->files[i].type,
        };
        XXH3_128bits_update(&state, tuple, sizeof tuple);
    }
    XXH128_hash_t out = XXH3_128bits_digest(&state);
    hash[0] = out.low64;
    hash[1] = out.high64;
}

#endif
