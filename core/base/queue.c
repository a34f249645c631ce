/* SPDX-License-Identifier: MIT */
#include "base/queue.h"

#include "base/memory.h"

#include <pthread.h>

struct nn_queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty, not_full;
    size_t room, head, count;
    bool closed;
    void **items; /* a ring of `room` */
};

nn_status nn_queue_create(size_t room, nn_queue **out)
{
    nn_queue *queue;
    NN_TRY(NN_ALLOC(&queue, 1, "a queue"));
    nn_status status = NN_ALLOC(&queue->items, room, "a queue");
    if (status != NN_OK) {
        nn_free(queue);
        return status;
    }
    queue->room = room;
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->not_empty, NULL);
    pthread_cond_init(&queue->not_full, NULL);
    *out = queue;
    return NN_OK;
}

void nn_queue_destroy(nn_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    pthread_cond_destroy(&queue->not_full);
    pthread_cond_destroy(&queue->not_empty);
    pthread_mutex_destroy(&queue->mutex);
    nn_free(queue->items);
    nn_free(queue);
}

bool nn_queue_put(nn_queue *queue, void *item)
{
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == queue->room && !queue->closed) {
        pthread_cond_wait(&queue->not_full, &queue->mutex);
    }
    bool open = !queue->closed;
    if (open) {
        queue->items[(queue->head + queue->count++) % queue->room] = item;
        pthread_cond_signal(&queue->not_empty);
    }
    pthread_mutex_unlock(&queue->mutex);
    return open;
}

bool nn_queue_take(nn_queue *queue, void **item)
{
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == 0 && !queue->closed) {
        pthread_cond_wait(&queue->not_empty, &queue->mutex);
    }
    bool got = queue->count > 0;
    if (got) {
        *item = queue->items[queue->head];
        queue->head = (queue->head + 1) % queue->room;
        queue->count--;
        pthread_cond_signal(&queue->not_full);
    }
    pthread_mutex_unlock(&queue->mutex);
    return got;
}

void nn_queue_close(nn_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_cond_broadcast(&queue->not_full);
    pthread_mutex_unlock(&queue->mutex);
}
