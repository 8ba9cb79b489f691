/* test_base.c - errors, buffers, time, and "did you mean". */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/near.h"
#include "unit.h"

#include <check.h>
#include <errno.h>
#include <string.h>

START_TEST(error_is_set)
{
    sopool_error err = {.pid = 7};

    ck_assert_int_eq(error_set(&err, SOPOOL_E_TASK, "%s is %d", "it", 3), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_TASK);
    ck_assert_str_eq(err.message, "it is 3");
    ck_assert_int_eq(err.pid, 0);
    ck_assert_int_eq(err.exit_status, -1);
}
END_TEST

START_TEST(error_has_reason)
{
    sopool_error err = {0};

    errno = ENOENT;
    ck_assert_int_eq(error_errno(&err, "cannot open %s", "x"), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_SYSTEM);
    ck_assert_int_eq(err.os_error, ENOENT);
    ck_assert_str_eq(err.message, "cannot open x: No such file or directory");
    errno = EMFILE;
    (void)error_errno(&err, "cannot open %s", "x");
    ck_assert_int_eq(err.code, SOPOOL_E_NOMEM);
}
END_TEST

START_TEST(error_is_prefixed)
{
    sopool_error err = {0};

    (void)error_set(&err, SOPOOL_E_CONFIG, "bad key");
    ck_assert_int_eq(error_prefix(&err, "file %d: ", 2), -1);
    ck_assert_str_eq(err.message, "file 2: bad key");
    ck_assert_int_eq(err.code, SOPOOL_E_CONFIG);
}
END_TEST

START_TEST(error_is_cut_at_its_room)
{
    sopool_error err = {0};
    char text[3000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)error_set(&err, SOPOOL_E_TASK, "%s", text);
    ck_assert_uint_eq(strlen(err.message), sizeof(err.message) - 1);
    (void)error_prefix(&err, "first: ");
    ck_assert_uint_eq(strlen(err.message), sizeof(err.message) - 1);
    ck_assert_int_eq(strncmp(err.message, "first: xxx", 10), 0);
}
END_TEST

START_TEST(error_may_be_null)
{
    ck_assert_int_eq(error_set(NULL, SOPOOL_E_TASK, "x"), -1);
    ck_assert_int_eq(error_errno(NULL, "x"), -1);
    ck_assert_int_eq(error_nomem(NULL), -1);
    ck_assert_int_eq(error_prefix(NULL, "x"), -1);
}
END_TEST

START_TEST(codes_have_names)
{
    for (int code = 0; code < SOPOOL_E_COUNT; code++) {
        const char *name = sopool_code_name(code);

        ck_assert_str_ne(name, "unknown");
        for (int other = 0; other < code; other++)
            ck_assert_str_ne(name, sopool_code_name(other));
    }
    ck_assert_str_eq(sopool_code_name(SOPOOL_E_DIED), "died");
    ck_assert_str_eq(sopool_code_name(SOPOOL_E_COUNT), "unknown");
    ck_assert_str_eq(sopool_code_name(-1), "unknown");
    ck_assert_str_eq(sopool_ender_name(SOPOOL_BY_ITSELF), "self");
    ck_assert_str_eq(sopool_ender_name(SOPOOL_BY_NOBODY), "");
}
END_TEST

START_TEST(buf_grows)
{
    struct buf b = {0};

    for (int i = 0; i < 10000; i++)
        ck_assert_int_eq(buf_add(&b, &i, sizeof(i)), 0);
    ck_assert_uint_eq(b.size, 10000 * sizeof(int));
    for (int i = 0; i < 10000; i++) {
        int found = 0;

        memcpy(&found, b.data + (size_t)i * sizeof(int), sizeof(found));
        ck_assert_int_eq(found, i);
    }
    buf_finish(&b);
    ck_assert_uint_eq(b.size, 0);
    ck_assert_ptr_null(b.data);
}
END_TEST

START_TEST(buf_survives_too_much)
{
    struct buf b = {0};

    ck_assert_int_eq(buf_add(&b, "abc", 3), 0);
    ck_assert_ptr_null(buf_room(&b, SIZE_MAX));
    ck_assert_ptr_null(buf_room(&b, SIZE_MAX - 3));
    ck_assert_uint_eq(b.size, 3);
    ck_assert_mem_eq(b.data, "abc", 3);
    buf_finish(&b);
}
END_TEST

START_TEST(deadlines)
{
    int64_t before = clock_now();
    int64_t at = clock_deadline(50);

    ck_assert_int_ge(at, before + 50 * NS_PER_MS);
    ck_assert_int_le(at, clock_now() + 50 * NS_PER_MS);
    ck_assert_int_eq(clock_deadline(-1), CLOCK_NEVER);
    ck_assert_int_ge(clock_deadline(INT64_MAX), at);
}
END_TEST

START_TEST(times_for_people_keep_their_distance)
{
    int64_t base = clock_now();
    int64_t first = clock_since_1970(base);

    ck_assert_int_gt(first, INT64_C(1700000000) * NS_PER_S);
    for (int64_t i = 0; i < 100000; i++)
        ck_assert_int_eq(clock_since_1970(base + i) - first, i);
}
END_TEST

START_TEST(near_words)
{
    const char *const list[] = {"processes", NULL, "timeout", "retries"};

    ck_assert_str_eq(near_find("proceses", list, 4), "processes");
    ck_assert_str_eq(near_find("timeuot", list, 4), "timeout");
    ck_assert_ptr_null(near_find("colour", list, 4));
    ck_assert_ptr_null(near_find("processes", list, 0));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("base");
    TCase *tc = tcase_create("base");

    tcase_add_test(tc, error_is_set);
    tcase_add_test(tc, error_has_reason);
    tcase_add_test(tc, error_is_prefixed);
    tcase_add_test(tc, error_is_cut_at_its_room);
    tcase_add_test(tc, error_may_be_null);
    tcase_add_test(tc, codes_have_names);
    tcase_add_test(tc, buf_grows);
    tcase_add_test(tc, buf_survives_too_much);
    tcase_add_test(tc, deadlines);
    tcase_add_test(tc, times_for_people_keep_their_distance);
    tcase_add_test(tc, near_words);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run_here(suite());
}
