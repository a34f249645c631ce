/* SPDX-License-Identifier: MIT */
#include "base/memory.h"
#include "base/pool.h"
#include "check.h"

struct shared {
    atomic_size_t next;
    atomic_int seen[1000];
    nn_barrier barrier;
    size_t turns[8];
    size_t failing;
};

static nn_status count(void *context, size_t thread)
{
    (void)thread;
    struct shared *s = context;
    size_t i;
    while (nn_next(&s->next, 1000, &i)) {
        atomic_fetch_add(&s->seen[i], 1);
    }
    return NN_OK;
}

static void every_piece_is_done_once(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 5; threads++) {
        nn_pool *pool;
        static struct shared s;
        assert_ok(nn_pool_create(threads, &pool));
        assert_int_equal(nn_pool_threads(pool), threads);
        for (int round = 1; round <= 20; round++) {
            atomic_store(&s.next, 0);
            assert_ok(nn_pool_run(pool, count, &s));
        }
        for (size_t i = 0; i < 1000; i++) {
            assert_int_equal(atomic_exchange(&s.seen[i], 0), 20);
        }
        nn_pool_destroy(pool);
    }
}

static nn_status march(void *context, size_t thread)
{
    struct shared *s = context;
    for (size_t turn = 1; turn <= 2000; turn++) {
        s->turns[thread] = turn;
        nn_barrier_wait(&s->barrier);
        for (size_t t = 0; t < s->barrier.threads; t++) {
            if (s->turns[t] != turn) {
                return nn_fail(NN_ERR_STATE, "thread %zu is at %zu", t, s->turns[t]);
            }
        }
        nn_barrier_wait(&s->barrier);
    }
    return NN_OK;
}

static void nobody_passes_the_barrier_early(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 7; threads += 2) {
        nn_pool *pool;
        static struct shared s;
        assert_ok(nn_pool_create(threads, &pool));
        nn_barrier_init(&s.barrier, pool);
        assert_ok(nn_pool_run(pool, march, &s));
        nn_pool_destroy(pool);
    }
}

static nn_status fail_from(void *context, size_t thread)
{
    struct shared *s = context;
    return thread >= s->failing ? nn_fail(NN_ERR_DATA, "thread %zu", thread) : NN_OK;
}

static void the_first_failing_thread_tells_its_story(void **state)
{
    (void)state;
    nn_pool *pool;
    static struct shared s;
    assert_ok(nn_pool_create(4, &pool));
    s.failing = 2;
    assert_int_equal(nn_pool_run(pool, fail_from, &s), NN_ERR_DATA);
    assert_string_equal(nn_story(), "thread 2");
    s.failing = 9;
    assert_ok(nn_pool_run(pool, fail_from, &s));
    nn_pool_destroy(pool);
}

static void a_pool_that_cannot_be_made_leaves_nothing(void **state)
{
    (void)state;
    nn_pool *pool = NULL;
    for (long k = 0; k < 2; k++) {
        nn_memory_fail_after(k, 1);
        assert_int_equal(nn_pool_create(3, &pool), NN_ERR_MEMORY);
        nn_memory_fail_after(0, 0);
    }
    assert_null(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_piece_is_done_once),
        cmocka_unit_test(nobody_passes_the_barrier_early),
        cmocka_unit_test(the_first_failing_thread_tells_its_story),
        cmocka_unit_test(a_pool_that_cannot_be_made_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
