/* SPDX-License-Identifier: MIT */
/* What a loader's source, included into a fuzz target, needs of a host. */
#ifndef NN_FUZZ_LOADER_HOST_H
#define NN_FUZZ_LOADER_HOST_H

#include <nnrun/plugin.h>

#include <stdlib.h>

static void *host_alloc(const nn_host *host, size_t bytes)
{
    (void)host;
    /* More than any input of a fuzzer can rightly ask for. */
    return bytes > (size_t)1 << 30 ? NULL : malloc(bytes > 0 ? bytes : 1);
}

static void host_free(const nn_host *host, void *memory)
{
    (void)host;
    free(memory);
}

static nn_status host_fail(const nn_host *host, nn_status code, const char *text, ...)
    __attribute__((format(printf, 3, 4)));
static nn_status host_fail(const nn_host *host, nn_status code, const char *text, ...)
{
    (void)host;
    (void)text;
    return code;
}

static void host_log(const nn_host *host, int level, const char *text, ...)
    __attribute__((format(printf, 3, 4)));
static void host_log(const nn_host *host, int level, const char *text, ...)
{
    (void)host;
    (void)level;
    (void)text;
}

static const nn_host host = {.size = sizeof host, .bits = 32, .base_dir = "", .alloc = host_alloc,
                             .free = host_free, .log = host_log, .fail = host_fail};

#endif
