/* SPDX-License-Identifier: MIT */
/* A folder of a test's own, and files in it. */
#ifndef NN_TEST_FILES_H
#define NN_TEST_FILES_H

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_PATH = 4096 };

static inline void files_make(char folder[FILES_PATH])
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, FILES_PATH, "%s/nnrun-test-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        abort();
    }
}

static inline int files_remove_one(const char *path, const struct stat *about, int type,
                                   struct FTW *ftw)
{
    (void)about;
    (void)ftw;
    if (type == FTW_DNR) {
        chmod(path, 0700);
    }
    return remove(path);
}

static inline void files_remove(const char *folder)
{
    nftw(folder, files_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* folder/format; returns a buffer of which four are in turn. */
static inline const char *files_path(const char *folder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline const char *files_path(const char *folder, const char *format, ...)
{
    static char buffers[4][2 * FILES_PATH];
    static unsigned turn;
    char *buffer = buffers[turn++ % 4], name[FILES_PATH];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    snprintf(buffer, sizeof buffers[0], "%s/%s", folder, name);
    return buffer;
}

static inline void files_write(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        perror(path);
        abort();
    }
}

static inline unsigned char *files_read(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        abort();
    }
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*length + 1);
    if (bytes == NULL || fread(bytes, 1, *length, file) != *length) {
        abort();
    }
    fclose(file);
    return bytes;
}

#endif
