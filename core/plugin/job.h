/* SPDX-License-Identifier: MIT */
/* One program run by its words, and what it said. */
#ifndef NN_PLUGIN_JOB_H
#define NN_PLUGIN_JOB_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    NN__JOB_WORDS = 96,
    NN__JOB_SAID = 4096 /* bytes of what it said that a message holds */
};

typedef struct nn__job {
    const char *words[NN__JOB_WORDS + 1];
    size_t count;
    const char *folder; /* where it works; NULL: here */
    pid_t pid;
    int said; /* a file its stdout and stderr go to */
    bool failed;
} nn__job;

/* One more word; NULL adds none. */
void nn__job_add(nn__job *job, const char *word);
/* Words between blanks: $CC may be "ccache gcc". */
nn_status nn__job_add_words(nn__job *job, nn_arena *arena, const char *words);
/* Starts it, with `number` naming the file of what it says in `folder`.  NN_ERR_PLUGIN: there is no such
 * program. */
nn_status nn__job_start(nn__job *job, const char *folder, size_t number);
/* Waits, sets job->failed and appends what it said: NN__JOB_SAID bytes, or all of it. */
void nn__job_finish(nn__job *job, bool all, nn_text *said);

#endif
