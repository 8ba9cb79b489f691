/* Small objects of threads. */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/slab.h"

static int held;
static atomic_int released;

static void hold(void *owner)
{
    (void)owner;
    held++;
}

static void release(void *owner)
{
    (void)owner;
    (void)atomic_fetch_add(&released, 1);
}

static const struct slab_kind plain = {.number = 0};
static const struct slab_kind owned = {1, hold, release};

START_TEST(objects_are_apart_and_aligned)
{
    uint8_t *object[1000];

    for (int i = 0; i < 1000; i++) {
        size_t size = (size_t)i % SLAB_MOST + 1;

        object[i] = slab_alloc(&plain, NULL, size);
        ck_assert_ptr_nonnull(object[i]);
        ck_assert_uint_eq((uintptr_t)object[i] % 8, 0);
        memset(object[i], i & 0xff, size);
    }
    for (int i = 0; i < 1000; i++) {
        size_t size = (size_t)i % SLAB_MOST + 1;

        ck_assert_uint_eq(object[i][0], i & 0xff);
        ck_assert_uint_eq(object[i][size - 1], i & 0xff);
        slab_free(object[i]);
    }
}
END_TEST

START_TEST(one_at_a_time_uses_the_same_memory)
{
    void *first = slab_alloc(&plain, NULL, 100);
    bool again = false;

    slab_free(first);
    for (int i = 0; i < 2 * SLAB_SIZE / 100; i++) {
        void *object = slab_alloc(&plain, NULL, 100);

        again = again || object == first;
        slab_free(object);
    }
    ck_assert(again);
}
END_TEST

START_TEST(a_slab_holds_its_owner_until_all_is_freed)
{
    int one = 0, two = 0;
    void *a = slab_alloc(&owned, &one, 8);
    void *b = slab_alloc(&owned, &one, 8);
    void *c = slab_alloc(&owned, &two, 8); /* closes the other */

    ck_assert_int_eq(held, 2);
    slab_free(b);
    ck_assert_int_eq(released, 0);
    slab_free(a);
    ck_assert_int_eq(released, 1);
    slab_close(&owned, &one); /* not open any more */
    slab_close(&owned, &two);
    ck_assert_int_eq(released, 1);
    slab_free(c);
    ck_assert_int_eq(released, 2);
}
END_TEST

static void *make(void *arg)
{
    (void)arg;
    return slab_alloc(&owned, &held, 8);
}

START_TEST(a_thread_that_ends_leaves_its_objects)
{
    pthread_t thread;
    void *object;

    ck_assert_int_eq(pthread_create(&thread, NULL, make, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, &object), 0);
    ck_assert_int_eq(released, 0);
    slab_free(object);
    ck_assert_int_eq(released, 1);
}
END_TEST

static void *free_all(void *arg)
{
    void **objects = arg;

    for (int i = 0; i < 1000; i++)
        slab_free(objects[i]);
    return NULL;
}

START_TEST(any_thread_frees)
{
    for (int round = 0; round < 20; round++) {
        void *objects[1000];
        pthread_t thread;

        for (int i = 0; i < 1000; i++)
            objects[i] = slab_alloc(&owned, &held, 100);
        ck_assert_int_eq(pthread_create(&thread, NULL, free_all, objects), 0);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
    }
    slab_close(&owned, &held);
    ck_assert_int_eq(released, held);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("slab");
    TCase *tc = tcase_create("slab");

    tcase_add_test(tc, objects_are_apart_and_aligned);
    tcase_add_test(tc, one_at_a_time_uses_the_same_memory);
    tcase_add_test(tc, a_slab_holds_its_owner_until_all_is_freed);
    tcase_add_test(tc, a_thread_that_ends_leaves_its_objects);
    tcase_add_test(tc, any_thread_frees);
    suite_add_tcase(s, tc);
    return unit_run(s);
}
