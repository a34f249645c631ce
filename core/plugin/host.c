/* SPDX-License-Identifier: MIT */
/* What components may ask of nnrun: base/ behind a table of functions. */
#include "base/memory.h"
#include "base/random.h"
#include "plugin/bind.h"

#include <stdarg.h>
#include <string.h>

struct context {
    const nn_log *log;
};

static void *alloc(const nn_host *host, size_t bytes)
{
    (void)host;
    void *memory;
    return nn_alloc_raw(bytes > 0 ? bytes : 1, 1, "a plugin", &memory) == NN_OK ? memory : NULL;
}

static void release(const nn_host *host, void *memory)
{
    (void)host;
    nn_free(memory);
}

static void log_line(const nn_host *host, int level, const char *format, ...)
{
    static const nn_log_level levels[] = {
        [NN_LOG_DEBUG] = NN_DEBUG,
        [NN_LOG_INFO] = NN_INFO,
        [NN_LOG_WARNING] = NN_WARNING,
        [NN_LOG_ERROR] = NN_ERROR,
    };
    const struct context *context = host->context;
    va_list arguments;
    va_start(arguments, format);
    nn_log_line_va(context->log, level >= 0 && level <= NN_LOG_ERROR ? levels[level] : NN_ERROR, format,
                   arguments);
    va_end(arguments);
}

static void uniform(const nn_host *host, const nn_stream *stream, uint64_t first, size_t count,
                    double *out)
{
    (void)host;
    nn_random_uniform(stream, first, count, out);
}

static void normal(const nn_host *host, const nn_stream *stream, uint64_t first, size_t count,
                   double *out)
{
    (void)host;
    nn_random_normal(stream, first, count, out);
}

static nn_status fail(const nn_host *host, nn_status code, const char *format, ...)
{
    (void)host;
    va_list arguments;
    va_start(arguments, format);
    /* A plugin that fails with NN_OK means to fail. */
    nn_status status = nn_fail_va(code == NN_OK ? NN_ERR_PLUGIN : code, format, arguments);
    va_end(arguments);
    return status;
}

nn_status nn_host_create(nn_arena *arena, unsigned bits, const nn_log *log, const char *base_dir,
                         nn_host **out)
{
    nn_host *host;
    struct context *context;
    NN_TRY(NN_ARENA_ALLOC(arena, &host, 1));
    NN_TRY(NN_ARENA_ALLOC(arena, &context, 1));
    const char *base = base_dir == NULL ? "" : base_dir;
    NN_TRY(nn_arena_text(arena, base, strlen(base), &base));
    context->log = log;
    *host = (nn_host){
        .size = sizeof *host,
        .bits = bits,
        .context = context,
        .base_dir = base,
        .alloc = alloc,
        .free = release,
        .log = log_line,
        .uniform = uniform,
        .normal = normal,
        .fail = fail,
    };
    *out = host;
    return NN_OK;
}
