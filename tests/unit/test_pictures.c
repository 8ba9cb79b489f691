/* test_pictures.c - what traces and reports count, drawn from calls that come
 * late, take long or are very many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "gaps.h"
#include "histogram.h"
#include "reasons.h"
#include "sample.h"
#include "timeline.h"
#include "unit.h"

enum { MS = 1000000 };

/* ---- gaps -------------------------------------------------------------- */

struct told {
    size_t count;
    struct gap gap[GAPS_HELD + 100];
};

static void tell(void *ctx, const struct gap *gap)
{
    struct told *told = ctx;

    ck_assert_uint_lt(told->count, GAPS_HELD + 100);
    told->gap[told->count++] = *gap;
}

static struct told told;
static struct gaps gaps;

static void begin_gaps(void)
{
    memset(&told, 0, sizeof(told));
    memset(&gaps, 0, sizeof(gaps));
    gaps.tell = tell;
    gaps.ctx = &told;
}

START_TEST(a_late_call_takes_its_time_out_of_a_gap)
{
    begin_gaps();
    gaps_add(&gaps, 1, 10 * MS, 50 * MS);
    gaps_add(&gaps, 2, 10 * MS, 50 * MS);
    gaps_cut(&gaps, 1, 20 * MS, 30 * MS);
    gaps_end(&gaps);
    ck_assert_uint_eq(told.count, 3);
    ck_assert_int_eq(told.gap[0].from_ns, 10 * MS);
    ck_assert_int_eq(told.gap[0].to_ns, 20 * MS);
    ck_assert_uint_eq(told.gap[1].worker, 2);
    ck_assert_int_eq(told.gap[1].to_ns, 50 * MS);
    ck_assert_uint_eq(told.gap[2].worker, 1);
    ck_assert_int_eq(told.gap[2].from_ns, 30 * MS);
    ck_assert_int_eq(told.gap[2].to_ns, 50 * MS);
}
END_TEST

START_TEST(a_gap_that_calls_fill_is_none)
{
    begin_gaps();
    gaps_add(&gaps, 1, 10 * MS, 14 * MS);
    gaps_cut(&gaps, 1, 5 * MS, 12 * MS);
    gaps_cut(&gaps, 1, 12 * MS, 20 * MS);
    gaps_add(&gaps, 1, 30 * MS, 31 * MS - 1);
    gaps_end(&gaps);
    ck_assert_uint_eq(told.count, 0);
}
END_TEST

START_TEST(gaps_are_held_back_for_a_number_of_calls)
{
    begin_gaps();
    gaps_add(&gaps, 1, 10 * MS, 20 * MS);
    for (size_t i = 0; i < GAPS_WAIT; i++)
        gaps_pass(&gaps);
    gaps_add(&gaps, 1, 30 * MS, 40 * MS);
    ck_assert_uint_eq(told.count, 0);
    gaps_pass(&gaps);
    ck_assert_uint_eq(told.count, 1);
    ck_assert_int_eq(told.gap[0].to_ns, 20 * MS);
}
END_TEST

START_TEST(gaps_without_number_have_no_room)
{
    begin_gaps();
    for (int64_t i = 0; i < GAPS_HELD + 10; i++)
        gaps_add(&gaps, 1, i * 10 * MS, (i * 10 + 5) * MS);
    ck_assert_uint_eq(told.count, 10);
    /* Of a full ring, the oldest makes room for what is left behind a call. */
    gaps_cut(&gaps, 1, 101 * MS, 102 * MS);
    ck_assert_uint_eq(told.count, 11);
    ck_assert_int_eq(told.gap[10].to_ns, 101 * MS);
    gaps_end(&gaps);
    ck_assert_uint_eq(told.count, GAPS_HELD + 11);
    ck_assert_int_eq(told.gap[told.count - 1].from_ns, 102 * MS);
}
END_TEST

/* ---- the crew ---------------------------------------------------------- */

START_TEST(a_worker_takes_the_seat_of_one_that_ended)
{
    struct crew *crew = crew_new();
    struct hand *hand;

    ck_assert_ptr_nonnull(crew);
    ck_assert_uint_eq(crew_find(crew, 1, 5)->seat, 0);
    ck_assert_uint_eq(crew_find(crew, 2, 5)->seat, 1);
    hand = crew_find(crew, 1, 9);
    crew_leave(crew, hand, 10);
    ck_assert_uint_eq(crew_find(crew, 3, 11)->seat, 0);
    ck_assert_uint_eq(crew_find(crew, 4, 11)->seat, 2);
    /* What is heard of it later is still its own. */
    ck_assert_uint_eq(crew_find(crew, 1, 9)->seat, 0);
    ck_assert_int_eq(crew_find(crew, 1, 9)->ended_ns, 10);
    crew_free(crew);
}
END_TEST

START_TEST(any_number_of_workers_has_room)
{
    struct crew *crew = crew_new();

    ck_assert_ptr_nonnull(crew);
    for (uint32_t i = 1; i <= 5 * CREW_ROOM; i++) {
        struct hand *hand = crew_find(crew, i, i);

        ck_assert_uint_eq(hand->number, i);
        ck_assert_uint_lt(hand->seat, 20);
        if (i > 20)
            crew_leave(crew, crew_find(crew, i - 19, i), i);
        if (i == 20)
            crew_leave(crew, crew_find(crew, 1, i), i);
    }
    ck_assert_uint_le(crew->seats, 20);
    crew_free(crew);
}
END_TEST

/* ---- the timeline ------------------------------------------------------ */

static struct slice slice_of(int64_t from_ns, int64_t to_ns)
{
    return (struct slice){.worker = 1, .from_ns = from_ns, .to_ns = to_ns};
}

static uint64_t busy(const struct lane *lane)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < TIMELINE_BINS; i++)
        sum += lane->bin[i].busy_ns;
    return sum;
}

START_TEST(bins_grow_with_the_run_and_lose_nothing)
{
    struct timeline timeline;
    struct slice slice;

    ck_assert_int_eq(timeline_init(&timeline, 1000), 0);
    for (int64_t i = 0; i < 100000; i++) {
        int64_t from = 1000 + i * i * 3;

        slice = slice_of(from, from + 2 * i);
        slice.failed = i % 10 == 0;
        timeline_call(&timeline, 0, &slice);
    }
    ck_assert_uint_eq(busy(timeline.lane[0]), UINT64_C(99999) * 100000);
    ck_assert_uint_eq(timeline.lane[0]->calls, 100000);
    ck_assert_uint_eq(timeline.lane[0]->failed, 10000);
    for (size_t i = 0; i < TIMELINE_BINS; i++)
        ck_assert_uint_le(timeline.lane[0]->bin[i].busy_ns,
                          UINT64_C(1) << timeline.shift);
    /* The run fills at least half of them. */
    ck_assert_uint_gt((uint64_t)(slice.to_ns - 1000) >> timeline.shift,
                      TIMELINE_BINS / 2 - 2);
    timeline_finish(&timeline);
}
END_TEST

START_TEST(calls_are_kept_one_by_one_while_they_are_few)
{
    struct timeline timeline;
    struct slice slice = slice_of(5, 9);

    ck_assert_int_eq(timeline_init(&timeline, 0), 0);
    for (size_t i = 0; i < TIMELINE_SLICES; i++)
        timeline_call(&timeline, 0, &slice);
    ck_assert_uint_eq(timeline.slices, TIMELINE_SLICES);
    timeline_call(&timeline, 0, &slice);
    ck_assert_ptr_null(timeline.slice);
    ck_assert_uint_eq(timeline.slices, 0);
    timeline_finish(&timeline);
}
END_TEST

START_TEST(lanes_are_shared_where_workers_are_very_many)
{
    struct timeline timeline;
    struct slice slice = slice_of(0, 100);
    uint64_t calls = 0, restarts = 0;

    ck_assert_int_eq(timeline_init(&timeline, 0), 0);
    for (uint32_t seat = 0; seat < 1000; seat++) {
        timeline_call(&timeline, seat, &slice);
        timeline_restart(&timeline, seat, 200);
    }
    ck_assert_uint_eq(timeline.seats, 8);
    ck_assert_uint_eq(timeline.lanes, 125);
    for (size_t i = 0; i < timeline.lanes; i++) {
        ck_assert_uint_eq(busy(timeline.lane[i]), 800);
        calls += timeline.lane[i]->calls;
        restarts += timeline.lane[i]->restarts;
    }
    ck_assert_uint_eq(calls, 1000);
    ck_assert_uint_eq(restarts, 1000);
    ck_assert_uint_eq(timeline.slice[999].lane, 124);
    timeline_finish(&timeline);
}
END_TEST

/* ---- durations --------------------------------------------------------- */

START_TEST(a_time_is_in_the_bin_that_begins_below_it)
{
    static const int64_t times[] = {
        1, 2, 3, 15, 16, 17, 1000, 123456, 1 << 20, 999999999, INT64_MAX};

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        static struct histogram h;
        size_t bin = 0;

        memset(&h, 0, sizeof(h));
        histogram_add(&h, times[i], 0);
        while (h.count[bin] == 0)
            bin++;
        ck_assert_int_le(histogram_floor(bin), times[i]);
        /* Below 16 ns, bins are finer than whole numbers. */
        ck_assert_int_ge(histogram_floor(bin + 1) + (times[i] < 16),
                         times[i] < INT64_MAX ? times[i] + 1 : times[i]);
        ck_assert_int_eq(histogram_quantile(&h, 0.5), times[i]);
    }
}
END_TEST

START_TEST(quantiles_are_near)
{
    static struct histogram h;

    for (int64_t i = 1; i <= 100000; i++)
        histogram_add(&h, i * 1000, 0);
    ck_assert_int_eq(h.least_ns, 1000);
    ck_assert_int_eq(h.most_ns, 100000000);
    for (int percent = 1; percent < 100; percent++) {
        double got = (double)histogram_quantile(&h, percent / 100.0);

        ck_assert_double_ge(got, percent * 1e6 * 0.94);
        ck_assert_double_le(got, percent * 1e6 * 1.06);
    }
}
END_TEST

/* ---- reasons and samples ----------------------------------------------- */

static void add(struct reasons *reasons, int code, const char *message)
{
    static uint64_t index;
    sopool_error error = {.code = code};
    struct ended ended = {
        .index = index++, .file = "-", .text = "x", .size = 1, .error = &error};

    (void)snprintf(error.message, sizeof(error.message), "%s", message);
    reasons_add(reasons, &ended);
}

START_TEST(reasons_that_differ_in_numbers_are_one)
{
    struct reasons *reasons = calloc(1, sizeof(*reasons));

    ck_assert_ptr_nonnull(reasons);
    add(reasons, SOPOOL_E_TASK, "cannot open \"a\"");
    add(reasons, SOPOOL_E_DIED, "worker 17 died at 0x7ffe");
    add(reasons, SOPOOL_E_DIED, "worker 9 died at 0x1");
    add(reasons, SOPOOL_E_TASK, "worker 9 died at 0x1");
    add(reasons, SOPOOL_E_DIED, "worker 171 died at 0xabc");
    add(reasons, SOPOOL_E_TASK, "cannot open \"b c\"");
    add(reasons, SOPOOL_E_TASK, "cannot open \"b");
    reasons_sort(reasons);
    ck_assert_uint_eq(reasons->count, 4);
    ck_assert_uint_eq(reasons->reason[0].count, 3);
    ck_assert_str_eq(reasons->reason[0].message, "worker 17 died at 0x7ffe");
    ck_assert_uint_eq(reasons->reason[1].count, 2);
    ck_assert_str_eq(reasons->reason[1].message, "cannot open \"a\"");
    free(reasons);
}
END_TEST

START_TEST(reasons_without_number_share_a_last_group)
{
    struct reasons *reasons = calloc(1, sizeof(*reasons));
    char message[2] = "A";

    ck_assert_ptr_nonnull(reasons);
    for (int i = 0; i < 58; i++, message[0]++)
        add(reasons, SOPOOL_E_TASK, message);
    reasons_sort(reasons);
    ck_assert_uint_eq(reasons->count, REASONS + 1);
    ck_assert_uint_eq(reasons->reason[REASONS].count, 58 - REASONS);
    free(reasons);
}
END_TEST

START_TEST(a_cut_breaks_no_character)
{
    ck_assert_uint_eq(sample_cut("abc", 3, 5), 3);
    ck_assert_uint_eq(sample_cut("abcdef", 6, 5), 5);
    ck_assert_uint_eq(sample_cut("abc\xc3\xa9", 5, 4), 3);
    ck_assert_uint_eq(sample_cut("\xf0\x9f\x98\x80z", 5, 3), 0);
    /* What is no text is cut anywhere. */
    ck_assert_uint_gt(sample_cut("\x80\x80\x80\x80\x80\x80\x80", 7, 6), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pictures");
    TCase *tests = tcase_create("all");

    tcase_add_test(tests, a_late_call_takes_its_time_out_of_a_gap);
    tcase_add_test(tests, a_gap_that_calls_fill_is_none);
    tcase_add_test(tests, gaps_are_held_back_for_a_number_of_calls);
    tcase_add_test(tests, gaps_without_number_have_no_room);
    tcase_add_test(tests, a_worker_takes_the_seat_of_one_that_ended);
    tcase_add_test(tests, any_number_of_workers_has_room);
    tcase_add_test(tests, bins_grow_with_the_run_and_lose_nothing);
    tcase_add_test(tests, calls_are_kept_one_by_one_while_they_are_few);
    tcase_add_test(tests, lanes_are_shared_where_workers_are_very_many);
    tcase_add_test(tests, a_time_is_in_the_bin_that_begins_below_it);
    tcase_add_test(tests, quantiles_are_near);
    tcase_add_test(tests, reasons_that_differ_in_numbers_are_one);
    tcase_add_test(tests, reasons_without_number_share_a_last_group);
    tcase_add_test(tests, a_cut_breaks_no_character);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
