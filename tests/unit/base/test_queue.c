/* SPDX-License-Identifier: MIT */
#include "base/queue.h"
#include "check.h"

#include <pthread.h>

static int numbers[1000];

static void *produce(void *queue)
{
    for (size_t i = 0; i < 1000; i++) {
        if (!nn_queue_put(queue, &numbers[i])) {
            break;
        }
    }
    nn_queue_close(queue);
    return NULL;
}

static void items_come_in_order_and_all(void **state)
{
    (void)state;
    nn_queue *queue;
    pthread_t thread;
    assert_ok(nn_queue_create(3, &queue));
    assert_int_equal(pthread_create(&thread, NULL, produce, queue), 0);
    void *item;
    size_t count = 0;
    while (nn_queue_take(queue, &item)) {
        assert_ptr_equal(item, &numbers[count++]);
    }
    assert_int_equal(count, 1000);
    pthread_join(thread, NULL);
    nn_queue_destroy(queue);
}

static void a_closed_queue_takes_no_more(void **state)
{
    (void)state;
    nn_queue *queue;
    void *item;
    assert_ok(nn_queue_create(2, &queue));
    assert_true(nn_queue_put(queue, numbers));
    nn_queue_close(queue);
    assert_false(nn_queue_put(queue, numbers));
    assert_true(nn_queue_take(queue, &item));
    assert_false(nn_queue_take(queue, &item));
    nn_queue_destroy(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_in_order_and_all),
        cmocka_unit_test(a_closed_queue_takes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
