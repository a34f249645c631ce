/* SPDX-License-Identifier: MIT */
/* A bounded queue of pointers between threads.  Lends nothing, owns nothing. */
#ifndef NN_BASE_QUEUE_H
#define NN_BASE_QUEUE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct nn_queue nn_queue;

nn_status nn_queue_create(size_t room, nn_queue **out);
void nn_queue_destroy(nn_queue *queue);
/* Waits while full; false once closed. */
bool nn_queue_put(nn_queue *queue, void *item);
/* Waits while empty; false once closed and empty. */
bool nn_queue_take(nn_queue *queue, void **item);
/* Wakes all who wait; what is inside may still be taken. */
void nn_queue_close(nn_queue *queue);

#endif
