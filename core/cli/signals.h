/* SPDX-License-Identifier: MIT */
/* SIGINT, SIGTERM and SIGUSR1: the first asks for a checkpoint and an end, a second aborts (130). */
#ifndef NN_CLI_SIGNALS_H
#define NN_CLI_SIGNALS_H

#include <signal.h>

/* Installs the handlers; the flag they set belongs to the process.  SIGPIPE is left to write(). */
const volatile sig_atomic_t *nn_signals_watch(void);

#endif
