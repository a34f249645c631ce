/* SPDX-License-Identifier: MIT */
#include "base/thread.h"

#include <signal.h>

int nn_thread_start(pthread_t *thread, void *(*work)(void *), void *argument)
{
    sigset_t others, old;
    sigfillset(&others);
    sigdelset(&others, SIGSEGV);
    sigdelset(&others, SIGBUS);
    sigdelset(&others, SIGFPE);
    sigdelset(&others, SIGILL);
    pthread_sigmask(SIG_SETMASK, &others, &old);
    int number = pthread_create(thread, NULL, work, argument);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return number;
}
