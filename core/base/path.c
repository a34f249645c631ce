/* SPDX-License-Identifier: MIT */
#include "base/path.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

nn_status nn_path_join(nn_arena *arena, const char *base, const char *name, const char **out)
{
    if (name[0] == '/' || base == NULL || base[0] == '\0') {
        return nn_arena_text(arena, name, strlen(name), out);
    }
    size_t front = strlen(base), back = strlen(name);
    size_t slash = base[front - 1] != '/';
    void *room;
    NN_TRY(nn_arena_alloc(arena, front + slash + back + 1, &room));
    char *path = room;
    memcpy(path, base, front);
    path[front] = '/'; /* or the name's first byte */
    memcpy(path + front + slash, name, back + 1);
    *out = path;
    return NN_OK;
}

const char *nn_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

nn_status nn_path_folder(nn_arena *arena, const char *path, const char **out)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return nn_arena_text(arena, ".", 1, out);
    }
    return nn_arena_text(arena, path, slash == path ? 1 : (size_t)(slash - path), out);
}

nn_status nn_path_stem(nn_arena *arena, const char *path, const char **out)
{
    const char *name = nn_path_name(path);
    const char *dot = strrchr(name, '.');
    size_t length = dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name);
    return nn_arena_text(arena, name, length, out);
}

nn_status nn_path_absolute(nn_arena *arena, const char *path, const char **out)
{
    char here[4096] = "/";
    if (path[0] != '/' && getcwd(here, sizeof here) == NULL) {
        return nn_fail_errno(errno, "the working folder can't be read");
    }
    nn_text text = {0};
    nn_text_printf(&text, "%s/%s/", path[0] == '/' ? "" : here, path);
    NN_TRY(nn_text_status(&text));
    char *to = text.bytes; /* end of what is clean; to[-1] is never a slash */
    for (const char *part = text.bytes; *part != '\0';) {
        const char *end = strchr(part, '/');
        size_t length = (size_t)(end - part);
        if (length == 2 && part[0] == '.' && part[1] == '.') {
            while (to > text.bytes && *--to != '/') {
            }
        } else if (length > 0 && !(length == 1 && part[0] == '.')) {
            *to++ = '/';
            memmove(to, part, length);
            to += length;
        }
        part = end + 1;
    }
    size_t length = (size_t)(to - text.bytes);
    nn_status status = length == 0 ? nn_arena_text(arena, "/", 1, out)
                                   : nn_arena_text(arena, text.bytes, length, out);
    nn_text_finish(&text);
    return status;
}

bool nn_path_is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

bool nn_path_is_file(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

nn_status nn_path_make(const char *path)
{
    char partial[4096];
    size_t length = strlen(path);
    if (length >= sizeof partial) {
        return nn_fail(NN_ERR_IO, "%s: the path is too long", path);
    }
    memcpy(partial, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (partial[i] != '/' && partial[i] != '\0') {
            continue;
        }
        partial[i] = '\0';
        if (mkdir(partial, 0777) != 0 && (errno != EEXIST || !nn_path_is_folder(partial))) {
            return nn_fail_errno(errno, "%s: the folder can't be made", partial);
        }
        partial[i] = path[i];
    }
    return NN_OK;
}

/* `expected` bytes are there by what the file system says; it may be wrong. */
static nn_status read_all(int file, const char *path, size_t expected, size_t most, char **bytes,
                          size_t *length)
{
    size_t used = 0, room = 0;
    char *buffer = NULL;
    nn_status status = NN_OK;
    for (;;) {
        if (used + 1 >= room) {
            size_t larger = room == 0 ? expected + 2 : room * 2;
            NN_TRY_DONE(nn_realloc((void **)&buffer, used, larger, 1, path));
            room = larger;
        }
        ssize_t got = read(file, buffer + used, room - used - 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            status = nn_fail_errno(errno, "%s: can't be read", path);
            goto done;
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
        if (used > most) {
            status = nn_fail(NN_ERR_IO, "%s: larger than the %zu bytes allowed", path, most);
            goto done;
        }
    }
    buffer[used] = '\0';
    *bytes = buffer;
    *length = used;
    return NN_OK;
done:
    nn_free(buffer);
    return status;
}

nn_status nn_file_read(const char *path, size_t most, char **bytes, size_t *length)
{
    /* O_NONBLOCK: opening a FIFO must not wait for a writer. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return nn_fail_errno(errno, "%s: can't be opened", path);
    }
    struct stat about;
    nn_status status;
    if (fstat(file, &about) != 0) {
        status = nn_fail_errno(errno, "%s: can't be looked at", path);
    } else if (!S_ISREG(about.st_mode)) {
        status = nn_fail(NN_ERR_IO, "%s: not a regular file but %s", path,
                         S_ISDIR(about.st_mode) ? "a folder" : "a device, pipe or socket");
    } else {
        size_t told = about.st_size > 0 ? (size_t)about.st_size : 65536;
        status = read_all(file, path, told < most ? told : most, most, bytes, length);
    }
    close(file);
    return status;
}

static nn_status write_all(int file, const char *path, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = write(file, bytes, length);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return nn_fail_errno(errno, "%s: can't be written", path);
        }
        bytes += put;
        length -= (size_t)put;
    }
    return NN_OK;
}

nn_status nn_path_sync(const char *folder)
{
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0 || fsync(file) != 0) {
        int number = errno;
        if (file >= 0) {
            close(file);
        }
        return nn_fail_errno(number, "%s: can't be synced", folder);
    }
    close(file);
    return NN_OK;
}

nn_status nn_file_write(const char *path, const void *bytes, size_t length, bool sync)
{
    char aside[4096];
    int n = snprintf(aside, sizeof aside, "%s.tmp-%ld", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof aside) {
        return nn_fail(NN_ERR_IO, "%s: the path is too long", path);
    }
    int file = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) {
        return nn_fail_errno(errno, "%s: can't be created", aside);
    }
    nn_status status = write_all(file, path, bytes, length);
    if (status == NN_OK && sync && fsync(file) != 0) {
        status = nn_fail_errno(errno, "%s: can't be synced", path);
    }
    if (close(file) != 0 && status == NN_OK) {
        status = nn_fail_errno(errno, "%s: can't be closed", path);
    }
    if (status == NN_OK && rename(aside, path) != 0) {
        status = nn_fail_errno(errno, "%s: can't be renamed into place", path);
    }
    if (status != NN_OK) {
        unlink(aside);
    }
    return status;
}
