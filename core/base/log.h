/* SPDX-License-Identifier: MIT */
/* The log: lines for a person, on stderr.  A sink of the caller's may take them instead. */
#ifndef NN_BASE_LOG_H
#define NN_BASE_LOG_H

#include <stdarg.h>

typedef enum nn_log_level { NN_DEBUG, NN_INFO, NN_WARNING, NN_ERROR } nn_log_level;

/* Receives whole lines without their newline.  May be called from any thread. */
typedef struct nn_log {
    nn_log_level least; /* lines below are dropped */
    void (*line)(void *context, nn_log_level level, const char *text);
    void *context;
} nn_log;

/* A NULL log drops everything. */
void nn_log_line(const nn_log *log, nn_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void nn_log_line_va(const nn_log *log, nn_log_level level, const char *format, va_list arguments);

/* "nnrun: warning: ..." to stderr in one write. */
void nn_log_to_stderr(void *context, nn_log_level level, const char *text);

#endif
