/* test_channel.c - the shared memory between pool and worker, both ends in one
 * process: what each state means when the worker stops there. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "channel/channel.h"
#include "channel/layout.h"
#include "channel/more.h"
#include "unit.h"

static struct parent_end parent;
static struct worker_end worker;
static int rings;

static void count_ring(void *ctx)
{
    (void)ctx;
    rings++;
}

static void set_up(void)
{
    struct shared *shared;
    int fd;

    ck_assert_int_eq(channel_create(&shared, &fd, NULL), 0);
    parent_init(&parent, shared);
    ck_assert_int_eq(channel_attach(&shared, fd, NULL), 0);
    (void)close(fd);
    worker_init(&worker, shared, count_ring, NULL);
    rings = 0;
}

static void tear_down(void)
{
    channel_unmap(parent.shared);
    channel_unmap(worker.shared);
}

/* Sends a range of `count` items, each a byte with its number. */
static uint64_t send_items(uint32_t count)
{
    const uint32_t one = 1;
    uint8_t *room = parent_room(&parent, count * 5);

    ck_assert_ptr_nonnull(room);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(room + i * 5, &one, 4);
        room[i * 5 + 4] = (uint8_t)i;
    }
    return parent_send(&parent, 7, count, 0, count * 5);
}

static void answer(uint32_t index, const char *text)
{
    worker_answer(&worker, index, 0, text, strlen(text));
}

static void expect_record(uint64_t seq, uint32_t index, const char *text)
{
    struct record record;
    const char *why = "";

    ck_assert_int_eq(parent_read(&parent, &record, &why), 1);
    ck_assert_uint_eq(record.seq, seq);
    ck_assert_uint_eq(record.index, index);
    ck_assert_uint_eq(record.size, strlen(text));
    ck_assert_mem_eq(record.data, text, strlen(text));
    parent_read_done(&parent);
}

static void expect_nothing(void)
{
    struct record record;
    const char *why = "";

    ck_assert_int_eq(parent_read(&parent, &record, &why), 0);
}

static int retire(void)
{
    const char *why = "";
    uint64_t seq;

    return parent_retire(&parent, &seq, &why);
}

START_TEST(a_range_goes_there_and_back)
{
    uint64_t seq = send_items(2);
    struct range_view view;

    ck_assert_int_eq(worker_next(&worker, &view), 1);
    ck_assert_uint_eq(view.task, 7);
    ck_assert_uint_eq(view.size, 10);
    ck_assert_uint_eq(view.args[9], 1);
    ck_assert_uint_eq(parent_begun(&parent, seq), 1);
    answer(0, "zero");
    ck_assert(worker_more(&worker, 0));
    ck_assert_uint_eq(parent_begun(&parent, seq), 2);
    ck_assert_int_eq(retire(), 0);
    answer(1, "");
    ck_assert(!worker_more(&worker, 0));
    expect_record(seq, 0, "zero");
    expect_record(seq, 1, "");
    expect_nothing();
    ck_assert_int_eq(retire(), 1);
    ck_assert_int_eq(retire(), 0);
}
END_TEST

/* The rings are gone round many times, with results of all sizes. */
START_TEST(rings_wrap_around)
{
    static char big[CHANNEL_INLINE];
    struct range_view view;

    memset(big, 'x', sizeof(big));
    for (size_t i = 0; i < 150; i++) {
        size_t size = i * 7919 % sizeof(big);
        uint64_t seq = send_items(1 + (uint32_t)(i % 9) * 1000);
        uint32_t index = 0;

        ck_assert_int_eq(worker_next(&worker, &view), 1);
        do {
            struct record record;
            const char *why = "";
            size_t bytes = index == 0 ? size : index % 100;

            worker_answer(&worker, index, 0, big, bytes);
            ck_assert_int_eq(parent_read(&parent, &record, &why), 1);
            ck_assert_uint_eq(record.size, bytes);
            ck_assert_uint_eq(record.index, index++);
            ck_assert_mem_eq(record.data, big, bytes);
            parent_read_done(&parent);
            (void)retire(); /* lets the worker know what was read */
        } while (worker_more(&worker, 0));
        ck_assert_int_eq(retire(), 1);
        ck_assert_uint_eq(seq, i);
    }
}
END_TEST

START_TEST(a_reserved_result_keeps_its_bytes_while_it_grows)
{
    struct range_view view;
    uint8_t *room;

    for (int i = 0; i < 50; i++) {
        uint64_t seq = send_items(1);
        struct record record;
        const char *why;

        ck_assert_int_eq(worker_next(&worker, &view), 1);
        room = worker_reserve(&worker, 10);
        memcpy(room, "0123456789", 10);
        room = worker_reserve(&worker, 20000);
        ck_assert_mem_eq(room, "0123456789", 10);
        memset(room + 10, 'y', 19990);
        worker_answer(&worker, 0, 0, room + 5, 19995);
        ck_assert(!worker_more(&worker, 0));
        ck_assert_int_eq(parent_read(&parent, &record, &why), 1);
        ck_assert_uint_eq(record.seq, seq);
        ck_assert_uint_eq(record.size, 19995);
        ck_assert_mem_eq(record.data, "56789yyyy", 9);
        parent_read_done(&parent);
        ck_assert_int_eq(retire(), 1);
    }
}
END_TEST

START_TEST(what_was_not_begun_is_taken_back)
{
    uint64_t first = send_items(10), second = send_items(3);
    struct range_view view;

    ck_assert_int_eq(worker_next(&worker, &view), 1);
    /* The running range gives half of the nine that are left, rounded up. */
    ck_assert_uint_eq(parent_take(&parent, first, TAKE_WHOLE), 0);
    ck_assert_uint_eq(parent_take(&parent, first, TAKE_HALF), 5);
    ck_assert_uint_eq(parent.range[0].end, 5);
    ck_assert_uint_eq(parent_take(&parent, second, TAKE_WHOLE), 3);
    ck_assert_uint_eq(parent_take(&parent, second, TAKE_WHOLE), 0);
    for (uint32_t i = 0; i < 5; i++) {
        answer(i, "r");
        ck_assert(worker_more(&worker, 0) == (i < 4));
        expect_record(first, i, "r");
    }
    ck_assert_int_eq(retire(), 1);
    ck_assert_int_eq(retire(), 0); /* the worker has not passed it */
    parent_quit(&parent);
    ck_assert_int_eq(worker_next(&worker, &view), 0);
    ck_assert_int_eq(retire(), 1);
}
END_TEST

START_TEST(slots_and_room_run_out_and_come_back)
{
    struct range_view view;

    for (int i = 0; i < CHANNEL_SLOTS; i++)
        (void)send_items(1);
    ck_assert_ptr_null(parent_room(&parent, 1));
    ck_assert_int_eq(worker_next(&worker, &view), 1);
    answer(0, "r");
    ck_assert(!worker_more(&worker, 0));
    expect_record(0, 0, "r");
    ck_assert_int_eq(retire(), 1);
    ck_assert_ptr_nonnull(parent_room(&parent, 1));
    ck_assert_ptr_null(parent_room(&parent, CHANNEL_ARGS + 1));
}
END_TEST

START_TEST(the_worker_rings_only_a_parent_that_sleeps)
{
    struct range_view view;

    (void)send_items(2);
    ck_assert_int_eq(worker_next(&worker, &view), 1);
    answer(0, "r");
    ck_assert(worker_more(&worker, 0));
    ck_assert_int_eq(rings, 0);
    ck_assert(parent_sleep(&parent)); /* there is something to read */
    parent_awake(&parent);
    expect_record(0, 0, "r");
    ck_assert(!parent_sleep(&parent));
    answer(1, "r");
    ck_assert(!worker_more(&worker, 0));
    ck_assert_int_eq(rings, 1);
}
END_TEST

/* ---- numbers ----------------------------------------------------------- */

/* Sends a range of `count` items of two numbers, 10 i and i. */
static uint64_t send_numbers(uint32_t count)
{
    const size_t size = count * 2 * sizeof(uint64_t);
    uint8_t *room = parent_room(&parent, size);

    ck_assert_ptr_nonnull(room);
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t item[] = {10 * i, i};

        memcpy(room + i * sizeof(item), item, sizeof(item));
    }
    return parent_send(&parent, 7, count, CHANNEL_NUMBERS, size);
}

/* What a worker does for an item: its result is 100 + its number. */
static void give_number(const struct range_view *view, uint32_t index)
{
    const uint64_t result = 100 + index;

    memcpy(view->args + index * 2 * sizeof(result), &result, sizeof(result));
}

static void expect_numbers(uint64_t seq, uint32_t first, uint32_t count)
{
    struct record record;
    const char *why = "";

    ck_assert_int_eq(parent_read(&parent, &record, &why), 1);
    ck_assert_uint_eq(record.seq, seq);
    ck_assert_uint_eq(record.index, first);
    ck_assert_uint_eq(record.numbers, count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number;

        memcpy(&number, (const uint8_t *)record.data + (size_t)i * record.size,
               sizeof(number));
        ck_assert_uint_eq(number, 100 + first + i);
    }
    parent_read_done(&parent);
}

/* Both in the slot itself and in the ring. */
START_TEST(numbers_go_there_and_back)
{
    const uint32_t count = _i == 0 ? 2 : 500;
    uint64_t seq = send_numbers(count);
    struct range_view view;

    ck_assert_int_eq(worker_next(&worker, &view), 1);
    ck_assert_uint_eq(view.flags, CHANNEL_NUMBERS);
    expect_nothing(); /* the first is running */
    for (uint32_t i = 0; i < count; i++) {
        give_number(&view, i);
        ck_assert(worker_more(&worker, 0) == (i < count - 1));
        if (i == 0)
            expect_numbers(seq, 0, 1);
    }
    expect_numbers(seq, 1, count - 1);
    expect_nothing();
    ck_assert_int_eq(retire(), 1);
}
END_TEST

/* What is not a number is a record, in its place. */
START_TEST(numbers_and_records_keep_their_order)
{
    uint64_t first = send_numbers(4), second = send_items(1);
    struct range_view view;

    ck_assert_int_eq(worker_next(&worker, &view), 1);
    for (uint32_t i = 0; i < 4; i++) {
        if (i == 2)
            answer(2, "no");
        else
            give_number(&view, i);
        ck_assert(worker_more(&worker, 0) == (i < 3));
    }
    ck_assert_int_eq(worker_next(&worker, &view), 1);
    answer(0, "of the next range");
    ck_assert(!worker_more(&worker, 0));
    expect_numbers(first, 0, 2);
    expect_record(first, 2, "no");
    expect_numbers(first, 3, 1);
    expect_record(second, 0, "of the next range");
    expect_nothing();
    ck_assert_int_eq(retire(), 1);
    ck_assert_int_eq(retire(), 1);
}
END_TEST

/* The word alone says it: who is about to sleep looks at it. */
START_TEST(a_number_keeps_the_parent_awake)
{
    uint64_t seq = send_numbers(2);
    struct range_view view;
    struct parent_seen seen = parent_see(&parent, seq);

    ck_assert_int_eq(worker_next(&worker, &view), 1);
    ck_assert(!parent_news(&seen));
    ck_assert(!parent_sleep(&parent));
    give_number(&view, 0);
    ck_assert(worker_more(&worker, 0));
    ck_assert_int_eq(rings, 1);
    ck_assert(parent_news(&seen));
    ck_assert(parent_sleep(&parent));
    expect_numbers(seq, 0, 1);
    seen = parent_see(&parent, seq);
    ck_assert(!parent_news(&seen));
    ck_assert(!parent_sleep(&parent));
    give_number(&view, 1);
    ck_assert(!worker_more(&worker, 0));
    ck_assert(parent_news(&seen));
    expect_numbers(seq, 1, 1);
    seen = parent_see(&parent, seq);
    ck_assert(!parent_news(&seen));
}
END_TEST

START_TEST(numbers_not_begun_are_taken_back)
{
    uint64_t seq = send_numbers(10);
    struct range_view view;

    ck_assert_int_eq(worker_next(&worker, &view), 1);
    for (uint32_t i = 0; i < 3; i++) {
        give_number(&view, i);
        ck_assert(worker_more(&worker, 0));
    }
    expect_numbers(seq, 0, 3);
    ck_assert_uint_eq(parent_begun(&parent, seq), 4);
    ck_assert_uint_eq(parent_take(&parent, seq, TAKE_REST), 6);
    give_number(&view, 3);
    ck_assert(!worker_more(&worker, 0));
    expect_numbers(seq, 3, 1);
    ck_assert_int_eq(retire(), 1);
}
END_TEST

/* ---- a worker that lies ------------------------------------------------ */

static void expect_numbers_of_any_value(uint32_t count)
{
    struct record record;
    const char *why = "";

    ck_assert_int_eq(parent_read(&parent, &record, &why), 1);
    ck_assert_uint_eq(record.numbers, count);
    parent_read_done(&parent);
}

static void expect_protocol_error(void)
{
    struct record record;
    const char *why = NULL;
    int got = 1;

    for (int i = 0; i < 100 && got == 1; i++) {
        got = parent_read(&parent, &record, &why);
        if (got == 1)
            parent_read_done(&parent);
    }
    ck_assert_int_eq(got, -1);
    ck_assert_ptr_nonnull(why);
}

/* Runs a range of one item. */
static void run_one(void)
{
    struct range_view view;

    ck_assert_int_eq(worker_next(&worker, &view), 1);
    answer(0, "done");
    ck_assert(!worker_more(&worker, 0));
}

/* Words that no worker writes: nothing is read by them. */
START_TEST(numbers_that_cannot_be)
{
    static const struct {
        enum slot_state state;
        uint32_t next, end;
    } lies[] = {{SLOT_RUNNING, 4, 3}, {SLOT_RUNNING, 3, 4}, {SLOT_DONE, 9, 3},
                {SLOT_DONE, 3, 9},    {SLOT_READY, 3, 3},   {SLOT_FREE, 3, 3},
                {SLOT_TAKEN, 3, 3},   {SLOT_RUNNING, 0, 3}};

    (void)send_numbers(3);
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        atomic_store(&parent.shared->slot[0].word,
                     word_of(lies[i].state, lies[i].next, lies[i].end));
        expect_nothing();
    }
    atomic_store(&parent.shared->slot[0].word, word_of(SLOT_DONE, 2, 3));
    expect_numbers_of_any_value(2);
    ck_assert_int_eq(retire(), -1);
}
END_TEST

START_TEST(an_easy_sleeper_is_woken_when_there_is_little_to_run)
{
    for (int i = 0; i < 4; i++)
        (void)send_items(1);
    ck_assert(!parent_sleep_easy(&parent));
    run_one();
    run_one();
    ck_assert_int_eq(rings, 0); /* two are left */
    run_one();
    ck_assert_int_eq(rings, 1);
    run_one();
    ck_assert_int_eq(rings, 1); /* who was woken is awake */
}
END_TEST

START_TEST(an_easy_sleeper_does_not_sleep_through_the_end)
{
    ck_assert(parent_sleep_easy(&parent)); /* nothing to run */
    parent_awake(&parent);
    (void)send_items(1);
    ck_assert(parent_sleep_easy(&parent));
    parent_awake(&parent);
    (void)send_items(1);
    (void)send_items(1);
    run_one();
    ck_assert(!parent_sleep_easy(&parent));
    parent_awake(&parent);
    run_one();
    ck_assert(parent_sleep_easy(&parent)); /* the last but one has run */
}
END_TEST

START_TEST(an_easy_sleeper_is_woken_when_there_is_much_to_read)
{
    static char big[CHANNEL_INLINE];
    struct range_view view;

    for (int i = 0; i < 8; i++)
        (void)send_items(1);
    ck_assert(!parent_sleep_easy(&parent));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(rings, i == 2);
        ck_assert_int_eq(worker_next(&worker, &view), 1);
        worker_answer(&worker, 0, 0, big, sizeof(big));
        ck_assert(!worker_more(&worker, 0));
    }
    ck_assert_int_eq(rings, 1);
    ck_assert(parent_sleep_easy(&parent));
}
END_TEST

START_TEST(arguments_of_any_size_arrive)
{
    struct range_view view;

    for (size_t size = 0; size <= 300; size++) {
        uint8_t *room = parent_room(&parent, size + size / 3);

        ck_assert_ptr_nonnull(room);
        memset(room, (int)size & 0xff, size);
        (void)parent_send(&parent, 1, 1, 0, size); /* maybe less than asked */
        ck_assert_int_eq(worker_next(&worker, &view), 1);
        ck_assert_uint_eq(view.size, size);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(view.args[i], size & 0xff);
        answer(0, "");
        ck_assert(!worker_more(&worker, 0));
        expect_record(size, 0, "");
        ck_assert_int_eq(retire(), 1);
    }
}
END_TEST

START_TEST(a_result_that_nobody_asked_for)
{
    answer(0, "r");
    expect_protocol_error();
}
END_TEST

START_TEST(a_result_out_of_order)
{
    struct range_view view;

    (void)send_items(3);
    ck_assert_int_eq(worker_next(&worker, &view), 1);
    answer(2, "r");
    expect_protocol_error();
}
END_TEST

START_TEST(a_ring_fuller_than_it_can_be)
{
    (void)send_items(1);
    atomic_store(&worker.shared->results_head, CHANNEL_RESULTS + 16);
    expect_protocol_error();
}
END_TEST

START_TEST(a_record_longer_than_its_ring)
{
    struct record_head head = {.size = CHANNEL_INLINE};

    (void)send_items(1);
    memcpy(worker.shared->results, &head, sizeof(head));
    atomic_store(&worker.shared->results_head, 64);
    expect_protocol_error();
}
END_TEST

START_TEST(done_without_a_result)
{
    const char *why = NULL;
    uint64_t seq;

    (void)send_items(1);
    atomic_store(&worker.shared->slot[0].word, word_of(SLOT_DONE, 1, 1));
    ck_assert_int_eq(parent_retire(&parent, &seq, &why), -1);
    ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(begun_is_bounded_whatever_is_written)
{
    uint64_t seq = send_items(4);

    for (unsigned state = 0; state < 256; state++) {
        atomic_store(&worker.shared->slot[0].word, UINT64_MAX << 8 | state);
        ck_assert_uint_le(parent_begun(&parent, seq), 4);
    }
}
END_TEST

/* Random bytes over the whole channel: an error or nothing, but no crash. */
/* Otherwise the call would be run, and settled, twice. */
START_TEST(what_is_answered_is_never_taken_back)
{
    struct range_view range;
    uint64_t seq = send_items(2);

    ck_assert_int_eq(worker_next(&worker, &range), 1);
    answer(0, "a");
    expect_record(seq, 0, "a");
    atomic_store(&parent.shared->slot[seq].word, word_of(SLOT_READY, 0, 2));
    ck_assert_uint_eq(parent_take(&parent, seq, TAKE_WHOLE), 0);
    ck_assert_uint_eq(parent_begun(&parent, seq), 1);
}
END_TEST

START_TEST(random_bytes_everywhere)
{
    uint64_t state = (uint64_t)_i + 1;

    (void)send_items(20);
    (void)send_items(1);
    for (int round = 0; round < 50; round++) {
        uint64_t *at = (uint64_t *)(void *)worker.shared;
        struct record record;
        const char *why = "";
        uint64_t seq;

        for (size_t i = 0; i < sizeof(struct shared) / 8; i += 1 + state % 7) {
            state = state * UINT64_C(6364136223846793005) + 1442695;
            at[i] = (state >> 60) ? state >> (state >> 58) : 0;
        }
        for (int i = 0; i < 100; i++) {
            if (parent_read(&parent, &record, &why) != 1)
                break;
            parent_read_done(&parent);
        }
        while (parent_retire(&parent, &seq, &why) == 1)
            ;
        (void)parent_take(&parent, 0, _i % 2 == 0 ? TAKE_WHOLE : TAKE_HALF);
        (void)parent_sleep(&parent);
    }
}
END_TEST

/* ---- two threads ------------------------------------------------------- */

enum { MANY = 200000 };

static void *run_worker(void *arg)
{
    struct range_view view;
    int got;

    while ((got = worker_next(&worker, &view)) != 0) {
        const uint8_t *at = view.args;
        uint32_t index = 0, size;

        if (got == 3) /* it has passed over some */
            continue;
        do {
            memcpy(&size, at, 4);
            worker_answer(&worker, index++, 0, at + 4, size);
            at += 4 + size;
        } while (worker_more(&worker, 0));
    }
    return arg;
}

/* Ranges are sent, taken back and read while the worker runs: each item is
 * answered or taken back, exactly once. */
START_TEST(nothing_is_lost_between_threads)
{
    uint64_t sent = 0, answered = 0, taken = 0;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, run_worker, NULL), 0);
    while (answered + taken < MANY) {
        struct record record;
        const char *why = "";
        uint64_t seq;

        if (sent < MANY && parent_room(&parent, 250) != NULL) {
            seq = send_items(50);
            sent += 50;
            parent_wake(&parent);
            if (sent % 350 == 0)
                taken += parent_take(&parent, seq,
                                     sent % 700 == 0 ? TAKE_WHOLE : TAKE_HALF);
        }
        while (parent_read(&parent, &record, &why) == 1) {
            ck_assert_uint_eq(*(const uint8_t *)record.data, record.index);
            parent_read_done(&parent);
            answered++;
        }
        ck_assert_str_eq(why, "");
        while (parent_retire(&parent, &seq, &why) == 1)
            ;
        parent_wake(&parent);
        ck_assert_str_eq(why, "");
    }
    ck_assert_uint_eq(answered + taken, MANY);
    parent_quit(&parent);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

/* Runs the range that is sent next, a call that takes so long, as the worker
 * sees it; and what it tells of that. */
static uint64_t told_of_one(int64_t ns)
{
    uint64_t seq = send_items(1);
    struct range_view view;

    ck_assert_int_eq(worker_next(&worker, &view), 1);
    answer(0, "a");
    ck_assert(!worker_more(&worker, clock_now() - ns));
    return parent_busy(&parent, seq);
}

/* A brief call is told with the time of the one before, but a long one is not
 * taken for brief. */
START_TEST(how_long_a_call_took_is_told)
{
    const uint64_t s = 1000000000;

    ck_assert_uint_ge(told_of_one(10 * (int64_t)s), 10 * s);
    for (int i = 0; i < 10; i++)
        ck_assert_uint_lt(told_of_one(0), s);
    ck_assert_uint_ge(told_of_one(10 * (int64_t)s), 10 * s);
    ck_assert_uint_lt(told_of_one(0), s);
}
END_TEST

START_TEST(what_is_to_be_forgotten_comes_before_the_next_range)
{
    struct range_view view;
    int64_t now;

    ck_assert_uint_eq(worker_forgets(&worker, 1), 0);
    (void)send_items(1);
    parent_forget(&parent, 1, 77);
    parent_forget(&parent, 3, 78);
    ck_assert(worker_look(&worker, &now));
    ck_assert_int_eq(worker_next(&worker, &view), 2);
    ck_assert_uint_eq(worker_forgets(&worker, 1), 77);
    ck_assert_uint_eq(worker_forgets(&worker, 3), 78);
    ck_assert_uint_eq(worker_forgets(&worker, 0), 0);
    ck_assert_int_eq(worker_next(&worker, &view), 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("channel");
    TCase *t = tcase_create("channel");

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, a_range_goes_there_and_back);
    tcase_add_test(t, rings_wrap_around);
    tcase_add_test(t, a_reserved_result_keeps_its_bytes_while_it_grows);
    tcase_add_test(t, what_was_not_begun_is_taken_back);
    tcase_add_test(t, slots_and_room_run_out_and_come_back);
    tcase_add_test(t, the_worker_rings_only_a_parent_that_sleeps);
    tcase_add_test(t, an_easy_sleeper_is_woken_when_there_is_little_to_run);
    tcase_add_test(t, an_easy_sleeper_does_not_sleep_through_the_end);
    tcase_add_test(t, an_easy_sleeper_is_woken_when_there_is_much_to_read);
    tcase_add_test(t, how_long_a_call_took_is_told);
    tcase_add_test(t, what_is_to_be_forgotten_comes_before_the_next_range);
    tcase_add_test(t, arguments_of_any_size_arrive);
    tcase_add_test(t, a_result_that_nobody_asked_for);
    tcase_add_test(t, a_result_out_of_order);
    tcase_add_test(t, a_ring_fuller_than_it_can_be);
    tcase_add_test(t, a_record_longer_than_its_ring);
    tcase_add_test(t, done_without_a_result);
    tcase_add_test(t, begun_is_bounded_whatever_is_written);
    tcase_add_test(t, what_is_answered_is_never_taken_back);
    tcase_add_loop_test(t, numbers_go_there_and_back, 0, 2);
    tcase_add_test(t, numbers_and_records_keep_their_order);
    tcase_add_test(t, a_number_keeps_the_parent_awake);
    tcase_add_test(t, numbers_not_begun_are_taken_back);
    tcase_add_test(t, numbers_that_cannot_be);
    tcase_add_loop_test(t, random_bytes_everywhere, 0, 20);
    tcase_add_test(t, nothing_is_lost_between_threads);
    suite_add_tcase(s, t);
    return unit_run_here(s);
}
