/* SPDX-License-Identifier: MIT */
/* The story is a fixed buffer of each thread, so that reporting never allocates. */
#include "base/status.h"

#include <stdio.h>
#include <string.h>

enum { STORY_BYTES = 16384 };

static _Thread_local char story[STORY_BYTES];

static void append_va(size_t at, const char *format, va_list arguments)
{
    vsnprintf(story + at, STORY_BYTES - at, format, arguments);
}

nn_status nn_fail_va(nn_status code, const char *format, va_list arguments)
{
    append_va(0, format, arguments);
    return code;
}

nn_status nn_fail(nn_status code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append_va(0, format, arguments);
    va_end(arguments);
    return code;
}

nn_status nn_fail_errno(int number, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append_va(0, format, arguments);
    va_end(arguments);
    size_t at = strlen(story);
    snprintf(story + at, STORY_BYTES - at, ": %s", strerror(number));
    return NN_ERR_IO;
}

nn_status nn_fail_memory(const char *what, size_t bytes)
{
    return nn_fail(NN_ERR_MEMORY, "out of memory: %zu bytes for %s", bytes, what);
}

void nn_note(const char *format, ...)
{
    size_t at = strlen(story);
    if (at > 0 && at + 1 < STORY_BYTES) {
        story[at++] = '\n';
    }
    va_list arguments;
    va_start(arguments, format);
    append_va(at, format, arguments);
    va_end(arguments);
}

const char *nn_story(void)
{
    return story;
}

void nn_story_clear(void)
{
    story[0] = '\0';
}

void nn_story_set(const char *text)
{
    snprintf(story, STORY_BYTES, "%s", text);
}

#define NN_STATUS_NAME(name, value, sentence)                                                      \
    case name:                                                                                     \
        return #name;
#define NN_STATUS_SENTENCE(name, value, sentence)                                                  \
    case name:                                                                                     \
        return sentence;

const char *nn_status_name(nn_status code)
{
    switch (code) {
        NN_STATUS_LIST(NN_STATUS_NAME)
    }
    return "unknown status";
}

const char *nn_status_sentence(nn_status code)
{
    switch (code) {
        NN_STATUS_LIST(NN_STATUS_SENTENCE)
    }
    return "unknown status";
}
