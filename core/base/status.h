/* SPDX-License-Identifier: MIT */
/* How failure travels: a status by value, the story beside it.
 *
 * A function that can fail returns nn_status.  The message is made where the fact is known, by
 * nn_fail(); callers on the way up add lines of place by nn_note().  The story belongs to the
 * thread that failed; nn_pool_run() carries a worker's story to the caller.
 */
#ifndef NN_BASE_STATUS_H
#define NN_BASE_STATUS_H

#include <nnrun/status.h>

#include <stdarg.h>
#include <stddef.h>

/* Forwards a failure to the caller. */
#define NN_TRY(call)                                                                               \
    do {                                                                                           \
        nn_status nn_try_status_ = (call);                                                         \
        if (nn_try_status_ != NN_OK) {                                                             \
            return nn_try_status_;                                                                 \
        }                                                                                          \
    } while (0)

/* The same where something must be released: sets `status` and jumps to `done`. */
#define NN_TRY_DONE(call)                                                                          \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != NN_OK) {                                                                     \
            goto done;                                                                             \
        }                                                                                          \
    } while (0)

/* Starts a new story of this thread and returns `code`.  No newline at the end. */
nn_status nn_fail(nn_status code, const char *format, ...) __attribute__((format(printf, 2, 3)));
nn_status nn_fail_va(nn_status code, const char *format, va_list arguments);

/* nn_fail() with NN_ERR_IO and ": " + strerror(number) at the end. */
nn_status nn_fail_errno(int number, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* nn_fail(NN_ERR_MEMORY), allocating nothing. */
nn_status nn_fail_memory(const char *what, size_t bytes);

/* Adds a line of place to the story: "while loading data/train". */
void nn_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The story of the last failure of this thread, lines separated by \n; "" where there was none.
 * Valid until the next call of this header on this thread. */
const char *nn_story(void);
void nn_story_clear(void);
/* Replaces this thread's story (a worker's, carried over). */
void nn_story_set(const char *story);

/* "NN_ERR_IO" and "a file could not be read or written". */
const char *nn_status_name(nn_status code);
const char *nn_status_sentence(nn_status code);

#endif
