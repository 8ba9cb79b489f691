/* test_pack.c - values by a format, and their parts. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <sopool/cbor.h>

#include "sopool.h"
#include "unit.h"

static sopool_error err;

/* The value is these bytes; freed. */
static void expect(sopool_value *value, const char *bytes, size_t size)
{
    const void *item;
    size_t got;

    ck_assert_msg(value != NULL, "%s", err.message);
    item = sopool_value_cbor(value, &got);
    ck_assert_uint_eq(got, size);
    ck_assert_mem_eq(item, bytes, size);
    sopool_value_free(value);
}

#define EXPECT(value, bytes) expect(value, bytes, sizeof(bytes) - 1)

static void refused(sopool_value *value, int code, const char *why)
{
    ck_assert_ptr_null(value);
    ck_assert_int_eq(err.code, code);
    ck_assert_msg(strstr(err.message, why) != NULL, "%s", err.message);
}

static sopool_value *pack(sopool_value *value)
{
    ck_assert_msg(value != NULL, "%s", err.message);
    return value;
}

/* ---- packing ----------------------------------------------------------- */

START_TEST(each_letter_gives_its_type)
{
    sopool_value *seven = pack(sopool_pack(&err, "i", 7));

    EXPECT(sopool_pack(&err, "n"), "\xf6");
    EXPECT(sopool_pack(&err, "b", 5), "\xf5");
    EXPECT(sopool_pack(&err, "b", 0), "\xf4");
    EXPECT(sopool_pack(&err, "i", -1), "\x20");
    EXPECT(sopool_pack(&err, "I", INT64_MIN),
           "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff");
    EXPECT(sopool_pack(&err, "u", 24u), "\x18\x18");
    EXPECT(sopool_pack(&err, "U", UINT64_MAX),
           "\x1b\xff\xff\xff\xff\xff\xff\xff\xff");
    EXPECT(sopool_pack(&err, "f", 1.5), "\xf9\x3e\x00");
    EXPECT(sopool_pack(&err, "s", "ab"), "\x62"
                                         "ab");
    EXPECT(sopool_pack(&err, "S", "abc", (size_t)1), "\x61"
                                                     "a");
    EXPECT(sopool_pack(&err, "B", "\xff\x00", (size_t)2), "\x42\xff\x00");
    EXPECT(sopool_pack(&err, "v", seven), "\x07");
    EXPECT(sopool_pack(&err, " [v, v : i ] ", seven, seven, 8),
           "\x83\x07\x07\x08");
    sopool_value_free(seven);
}
END_TEST

START_TEST(maps_are_sorted)
{
    EXPECT(sopool_pack(&err, "{}"), "\xa0");
    EXPECT(sopool_pack(&err, "[]"), "\x80");
    EXPECT(
        sopool_pack(&err, "{s:i,s:i,S:[]}", "bb", 1, "c", 2, "abc", (size_t)1),
        "\xa3"
        "\x61"
        "a\x80\x61"
        "c\x02\x62"
        "bb\x01");
    EXPECT(sopool_pack(&err, "{s{s[i]}}", "a", "b", 1), "\xa1\x61"
                                                        "a\xa1\x61"
                                                        "b\x81\x01");
    refused(sopool_pack(&err, "{s:i,s:i}", "a", 1, "a", 2), SOPOOL_E_VALUE,
            "same key twice");
}
END_TEST

START_TEST(wrong_formats_are_refused)
{
    static const struct {
        const char *format, *why;
    } cases[] = {
        {"", "no item"},          {"  ", "no item"},
        {"ii", "place 2"},        {"x", "no such letter"},
        {"[i", "inside a list"},  {"i]", "more than one"},
        {"]", "closes"},          {"[i}", "closes"},
        {"{i:i}", "a key is s"},  {"{s}", "without a value"},
        {"{[]:i}", "a key is s"}, {"[i]i", "more than one"},
        {"*", "no such letter"},  {"{s:i,s}", "without a value"},
    };
    char deep[80];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        refused(sopool_pack(&err, cases[i].format), SOPOOL_E_USAGE,
                cases[i].why);
    memset(deep, '[', 33);
    memset(deep + 33, ']', 33);
    deep[66] = '\0';
    refused(sopool_pack(&err, deep), SOPOOL_E_USAGE, "too deep");
}
END_TEST

START_TEST(wrong_values_are_refused)
{
    sopool_value *deep = pack(sopool_pack(&err, "[]"));

    refused(sopool_pack(&err, "s", "a\xff"), SOPOOL_E_VALUE, "byte 2");
    refused(sopool_pack(&err, "{S:i}", "\xc0", (size_t)1, 1), SOPOOL_E_VALUE,
            "UTF-8");
    for (int i = 1; i < 32; i++) {
        sopool_value *outer = pack(sopool_pack(&err, "[v]", deep));

        sopool_value_free(deep);
        deep = outer;
    }
    refused(sopool_pack(&err, "[v]", deep), SOPOOL_E_VALUE, "deep");
    sopool_value_free(deep);
}
END_TEST

/* ---- unpacking --------------------------------------------------------- */

START_TEST(what_was_packed_can_be_unpacked)
{
    sopool_value *inner = pack(sopool_pack(&err, "i", 9));
    sopool_value *value =
        pack(sopool_pack(&err, "[nbiIuUfsB{s:i,s:[ii]}v]", 1, -3, INT64_MIN,
                         UINT_MAX, UINT64_MAX, 0.1, "text", "\x00\x01",
                         (size_t)2, "one", 1, "two", 2, 3, inner));
    int b, i, one, two, three, nine;
    int64_t big;
    unsigned u;
    uint64_t huge;
    double f;
    const char *text;
    const void *data;
    size_t text_size, data_size;
    sopool_value *last;

    ck_assert_msg(sopool_unpack(value, &err,
                                "[n b i I u U f S B "
                                "{s:[ii], s:i} v]",
                                &b, &i, &big, &u, &huge, &f, &text, &text_size,
                                &data, &data_size, "two", &two, &three, "one",
                                &one, &last) == 0,
                  "%s", err.message);
    ck_assert(b == 1 && i == -3 && big == INT64_MIN && u == UINT_MAX);
    ck_assert(huge == UINT64_MAX && one == 1 && two == 2 && three == 3);
    ck_assert_double_eq(f, 0.1);
    ck_assert(text_size == 4 && memcmp(text, "text", 4) == 0);
    ck_assert(data_size == 2 && memcmp(data, "\x00\x01", 2) == 0);
    ck_assert_int_eq(sopool_unpack(last, &err, "i", &nine), 0);
    ck_assert_int_eq(nine, 9);
    sopool_value_free(last);
    ck_assert_int_eq(sopool_unpack(value, &err, "[***********]"), 0);
    ck_assert_int_eq(sopool_unpack(value, &err, "[**********]"), -1);
    ck_assert_int_eq(sopool_unpack(value, &err, "[**********{}]"), -1);
    sopool_value_free(value);
    sopool_value_free(inner);
}
END_TEST

START_TEST(an_error_says_where)
{
    sopool_value *value = pack(
        sopool_pack(&err, "[i{s:[s]}I]", 1, "key", "x", (int64_t)INT_MAX + 1));
    sopool_value *kept = NULL;
    int i;

    ck_assert_int_eq(
        sopool_unpack(value, &err, "[v{s:[i]}*]", &kept, "key", &i), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_VALUE);
    ck_assert_str_eq(err.message, "the value at [1].key[0] is not of type i64");
    ck_assert_ptr_null(kept); /* given back */
    ck_assert_int_eq(sopool_unpack(value, &err, "[*{s:*}*]", "kez"), -1);
    ck_assert_str_eq(err.message, "the value at [1].kez is missing");
    ck_assert_int_eq(sopool_unpack(value, &err, "[**i]", &i), -1);
    ck_assert_str_eq(err.message, "the value at [2] does not fit in an int");
    ck_assert_int_eq(sopool_unpack(value, &err, "[**]"), -1);
    ck_assert_str_eq(err.message,
                     "the value is a list of another length than the format");
    ck_assert_int_eq(sopool_unpack(value, &err, "{}"), -1);
    ck_assert_str_eq(err.message, "the value is not a map");
    ck_assert_int_eq(sopool_unpack(value, &err, "s"), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_USAGE);
    sopool_value_free(value);
}
END_TEST

START_TEST(parts_come_one_by_one)
{
    sopool_value *list = pack(sopool_pack(&err, "[i[]s]", 4, "x"));
    sopool_value *map = pack(sopool_pack(&err, "{s:i,s:s}", "a", 1, "bc", "y"));
    sopool_value *part;
    size_t count;
    int64_t one;

    ck_assert_int_eq(sopool_value_count(list, &count, &err), 0);
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(sopool_value_count(map, &count, &err), 0);
    ck_assert_uint_eq(count, 2);
    EXPECT(sopool_value_at(list, 1, &err), "\x80");
    EXPECT(sopool_value_at(list, 2, &err), "\x61x");
    refused(sopool_value_at(list, 3, &err), SOPOOL_E_VALUE, "no item 3");
    refused(sopool_value_at(map, 0, &err), SOPOOL_E_VALUE, "not a list");
    part = pack(sopool_value_find(map, "a", &err));
    ck_assert_int_eq(sopool_value_i64(part, &one, &err), 0);
    ck_assert_int_eq(one, 1);
    ck_assert_int_eq(sopool_value_count(part, &count, &err), -1);
    refused(sopool_value_find(map, "b", &err), SOPOOL_E_VALUE, "no key 'b'");
    refused(sopool_value_find(list, "b", &err), SOPOOL_E_VALUE, "not a map");
    ck_assert_int_eq(sopool_arg_value(list).type, SOPOOL_ANY);
    ck_assert_ptr_nonnull(sopool_args_value(list).cbor);
    sopool_value_free(part);
    sopool_value_free(list);
    sopool_value_free(map);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pack");
    TCase *t = tcase_create("pack");

    tcase_add_test(t, each_letter_gives_its_type);
    tcase_add_test(t, maps_are_sorted);
    tcase_add_test(t, wrong_formats_are_refused);
    tcase_add_test(t, wrong_values_are_refused);
    tcase_add_test(t, what_was_packed_can_be_unpacked);
    tcase_add_test(t, an_error_says_where);
    tcase_add_test(t, parts_come_one_by_one);
    suite_add_tcase(s, t);
    return unit_run_here(s);
}
