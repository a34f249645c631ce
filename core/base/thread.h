/* SPDX-License-Identifier: MIT */
#ifndef NN_BASE_THREAD_H
#define NN_BASE_THREAD_H

#include <pthread.h>

/* pthread_create() of a thread that leaves signals to the main thread, but for those that a fault
 * of its own raises: blocked, they would end the process without a word.  0, or an errno number. */
int nn_thread_start(pthread_t *thread, void *(*work)(void *), void *argument);

#endif
