/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdio.h>

void nn_log_line_va(const nn_log *log, nn_log_level level, const char *format, va_list arguments)
{
    if (log == NULL || log->line == NULL || level < log->least) {
        return;
    }
    char text[4096];
    vsnprintf(text, sizeof text, format, arguments);
    log->line(log->context, level, text);
}

void nn_log_line(const nn_log *log, nn_log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    nn_log_line_va(log, level, format, arguments);
    va_end(arguments);
}

void nn_log_to_stderr(void *context, nn_log_level level, const char *text)
{
    (void)context;
    static const char *const prefix[] = {"debug: ", "", "warning: ", "error: "};
    fprintf(stderr, "nnrun: %s%s\n", prefix[level], text);
}
