/* SPDX-License-Identifier: MIT */
/* A library for LD_PRELOAD that makes trouble for who reads.
 *
 *     NNRUN_TROUBLE_READ=ENDING    reading from a file whose path ends so fails with an I/O error
 *     NNRUN_TROUBLE_MEMORY=LIBRARY malloc() fails where it is called from a library whose path holds this
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *ending, *library;

__attribute__((constructor)) static void read_environment(void)
{
    ending = getenv("NNRUN_TROUBLE_READ");
    library = getenv("NNRUN_TROUBLE_MEMORY");
}

static bool is_bad(int file)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    size_t wanted = strlen(ending), found = strlen(path);
    return found >= wanted && strcmp(path + found - wanted, ending) == 0;
}

ssize_t read(int file, void *bytes, size_t count)
{
    if (ending != NULL && is_bad(file)) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_read, file, bytes, count);
}

void *__libc_malloc(size_t bytes);

void *malloc(size_t bytes)
{
    static __thread bool asking; /* dladdr() may allocate */
    Dl_info from;
    if (library != NULL && !asking) {
        asking = true;
        bool refused = dladdr(__builtin_return_address(0), &from) != 0 && from.dli_fname != NULL
                    && strstr(from.dli_fname, library) != NULL;
        asking = false;
        if (refused) {
            errno = ENOMEM;
            return NULL;
        }
    }
    return __libc_malloc(bytes);
}
