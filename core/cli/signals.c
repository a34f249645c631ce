/* SPDX-License-Identifier: MIT */
#include "cli/signals.h"

#include <stddef.h>
#include <unistd.h>

/* A handler has no context to reach a session by; this flag is the process's, not a run's. */
static volatile sig_atomic_t asked;

static void handle(int number)
{
    (void)number;
    if (asked != 0) {
        _exit(130);
    }
    asked = 1;
}

const volatile sig_atomic_t *nn_signals_watch(void)
{
    struct sigaction action = {.sa_handler = handle};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file-size limit is then a failed write, which names its file */
    return &asked;
}
