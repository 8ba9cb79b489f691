/* test_cbor.c - the codec: the vectors of RFC 8949, what the profile refuses,
 * damaged and hostile bytes, the writer's limits. */
#include "cbor_copy.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* RFC 8949, appendix A: those within the profile. */
static const char *const within[] = {
    "00",
    "01",
    "0a",
    "17",
    "1818",
    "1819",
    "1864",
    "1903e8",
    "1a000f4240",
    "1b000000e8d4a51000",
    "1bffffffffffffffff",
    "3bffffffffffffffff",
    "20",
    "29",
    "3863",
    "3903e7",
    "f90000",
    "f98000",
    "f93c00",
    "fb3ff199999999999a",
    "f93e00",
    "f97bff",
    "fa47c35000",
    "fa7f7fffff",
    "fb7e37e43c8800759c",
    "f90001",
    "f90400",
    "f9c400",
    "fbc010666666666666",
    "f97c00",
    "f97e00",
    "f9fc00",
    "f4",
    "f5",
    "f6",
    "40",
    "4401020304",
    "60",
    "6161",
    "6449455446",
    "62225c",
    "62c3bc",
    "63e6b0b4",
    "64f0908591",
    "80",
    "83010203",
    "8301820203820405",
    "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
    "a0",
    "a26161016162820203",
    "826161a161626163",
    "a56161614161626142616361436164614461656145",
};

/* The rest of that appendix: not in the profile. */
static const char *const outside[] = {
    "c249010000000000000000",
    "c349010000000000000000",
    "fa7f800000",
    "fa7fc00000",
    "faff800000",
    "fb7ff0000000000000",
    "fb7ff8000000000000",
    "fbfff0000000000000",
    "f7",
    "f0",
    "f8ff",
    "c074323031332d30332d32315432303a30343a30305a",
    "c11a514b67b0",
    "c1fb41d452d9e8200000",
    "d74401020304",
    "d818456449455446",
    "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
    "a201020304",
    "5f42010243030405ff",
    "7f657374726561646d696e67ff",
    "9fff",
    "9f018202039f0405ffff",
    "9f01820203820405ff",
    "83018202039f0405ff",
    "83019f0203ff820405",
    "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
    "bf61610161629f0203ffff",
    "826161bf61626163ff",
    "bf6346756ef563416d7421ff",
};

/* Bytes that no writer of the profile makes, and words of the complaint. */
static const struct {
    const char *hex;
    const char *word;
} refused[] = {
    /* heads that could be shorter, reserved or broken */
    {"1817", "shortest"},
    {"190018", "shortest"},
    {"1900ff", "shortest"},
    {"1a0000ffff", "shortest"},
    {"1b00000000ffffffff", "shortest"},
    {"3817", "shortest"},
    {"5800", "shortest"},
    {"580100", "shortest"},
    {"780161", "shortest"},
    {"9800", "shortest"},
    {"b800", "shortest"},
    {"d9004040", "shortest"},
    {"1c", "CBOR"},
    {"1d", "CBOR"},
    {"1e", "CBOR"},
    {"1f", "indefinite"},
    {"ff", "indefinite"},
    {"fc", "CBOR"},
    {"f814", "simple"},
    {"f820", "simple"},
    {"e0", "simple"},
    {"f3", "simple"},
    /* floats */
    {"fa00000000", "shortest"},
    {"fa3f800000", "shortest"},
    {"fa33800000", "shortest"}, /* 2^-24: f90001 */
    {"fb3ff0000000000000", "shortest"},
    {"f97e01", "shortest"},
    {"f9fe00", "shortest"},
    {"f97c01", "shortest"},
    {"fa7fc00001", "shortest"},
    /* text */
    {"6180", "UTF-8"},
    {"62c080", "UTF-8"},
    {"62c1bf", "UTF-8"},
    {"63e08080", "UTF-8"},
    {"63e09fbf", "UTF-8"},
    {"63eda080", "UTF-8"},
    {"63edbfbf", "UTF-8"},
    {"64f0808080", "UTF-8"},
    {"64f08fbfbf", "UTF-8"},
    {"64f4908080", "UTF-8"},
    {"64f5808080", "UTF-8"},
    {"61c3", "UTF-8"},
    {"62e6b0", "UTF-8"},
    {"62c328", "UTF-8"},

    {"696161616161616161ff", "UTF-8"},
    /* maps */
    {"a2616201616102", "sorted"},
    {"a262616101616202", "sorted"},
    {"a2616101616102", "twice"},
    {"a260016002", "twice"},
    {"a10102", "key"},
    {"a1f602", "key"},
    {"a1416102", "key"},
    {"a1800102", "key"},
    {"a1d8404100f6", "key"},
    {"a161", "ends"},
    /* counts and sizes above what is there */
    {"8101ff", "after"},
    {"9bffffffffffffffff", "ends"},
    {"9b7fffffffffffffff00", "ends"},
    {"bbffffffffffffffff", "ends"},
    {"bb800000000000000000", "ends"},
    {"a26161", "ends"},
    {"5bffffffffffffffff", "ends"},
    {"7bffffffffffffffff61", "ends"},
    {"9a00010000f6", "ends"},
    /* tags */
    {"d84c40", "tag"},
    {"d85840", "tag"},
    {"d83f40", "tag"},
    {"c0f6", "tag"},
    {"d840f6", "typed"},
    {"d84080", "typed"},
    {"d840d84040", "typed"},
    {"d8414100", "typed"},
    {"d85143000000", "typed"},
    {"d840", "ends"},
    {"d84041", "ends"},
    /* two items, and none */
    {"0000", "after"},
    {"", "ends"},
};

/* The digits' bytes in memory of just their size, so that a sanitizer sees a
 * read beyond it. */
static uint8_t *exactly(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static const char *complaint(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = exactly(bytes, size);
    const char *why = sopool_cbor_check(copy, size);

    free(copy);
    return why;
}

static void assert_copies(const uint8_t *bytes, size_t size)
{
    uint8_t room[512];
    sopool_reader r = sopool_reader_of(bytes, size);
    sopool_writer w = sopool_writer_of(room, sizeof(room));

    ck_assert_int_eq(copy_cbor(&r, &w), 0);
    ck_assert_ptr_eq(r.at, r.end);
    ck_assert_mem_eq(room, bytes, size);
    ck_assert_uint_eq(w.size, size);
}

START_TEST(vectors_within)
{
    uint8_t bytes[64];
    size_t size = hex_bytes(within[_i], bytes);

    ck_assert_msg(complaint(bytes, size) == NULL, "%s: %s", within[_i],
                  complaint(bytes, size));
    assert_copies(bytes, size);
}
END_TEST

START_TEST(vectors_cut_off)
{
    uint8_t bytes[64];
    size_t size = hex_bytes(within[_i], bytes);

    for (size_t cut = 0; cut < size; cut++)
        ck_assert_msg(complaint(bytes, cut) != NULL, "%s, %zu bytes of it",
                      within[_i], cut);
}
END_TEST

START_TEST(vectors_outside)
{
    uint8_t bytes[64];
    size_t size = hex_bytes(outside[_i], bytes);

    ck_assert_msg(complaint(bytes, size) != NULL, "%s", outside[_i]);
}
END_TEST

START_TEST(refused_bytes)
{
    uint8_t bytes[64];
    size_t size = hex_bytes(refused[_i].hex, bytes);
    const char *why = complaint(bytes, size);

    ck_assert_msg(why != NULL, "%s is taken", refused[_i].hex);
    ck_assert_msg(strstr(why, refused[_i].word) != NULL, "%s: %s",
                  refused[_i].hex, why);
}
END_TEST

/* ---- properties --------------------------------------------------------- */

/* What is accepted is written back byte for byte: there is one encoding. */
static void assert_one_encoding(const uint8_t *bytes, size_t size)
{
    if (complaint(bytes, size) == NULL)
        assert_copies(bytes, size);
}

START_TEST(all_short_inputs)
{
    uint8_t bytes[3];

    for (unsigned n = 0; n < 0x10000; n++) {
        bytes[0] = (uint8_t)(n >> 8);
        bytes[1] = (uint8_t)n;
        assert_one_encoding(bytes, 1);
        assert_one_encoding(bytes, 2);
    }
    for (unsigned n = 0; n < 0x10000; n++) { /* every half float */
        bytes[0] = 0xf9;
        bytes[1] = (uint8_t)(n >> 8);
        bytes[2] = (uint8_t)n;
        assert_one_encoding(bytes, 3);
        ck_assert((complaint(bytes, 3) == NULL) ==
                  ((n & 0x7fff) <= 0x7c00 || n == 0x7e00));
    }
}
END_TEST

START_TEST(vectors_damaged)
{
    uint8_t bytes[64];
    size_t size = hex_bytes(within[_i], bytes);

    for (size_t at = 0; at < size; at++) {
        uint8_t was = bytes[at];

        for (unsigned value = 0; value < 256; value++) {
            bytes[at] = (uint8_t)value;
            assert_one_encoding(bytes, size);
        }
        bytes[at] = was;
    }
}
END_TEST

/* Every double goes through unchanged, in the width it needs. */
static size_t assert_float(double value)
{
    uint8_t room[9];
    sopool_writer w = sopool_writer_of(room, sizeof(room));
    sopool_reader r;
    double back = 0;

    ck_assert_int_eq(sopool_put_f64(&w, value), 0);
    ck_assert_ptr_null(complaint(room, w.size));
    r = sopool_reader_of(room, w.size);
    ck_assert_int_eq(sopool_read_f64(&r, &back), 0);
    ck_assert_mem_eq(&back, &value, sizeof(value));
    return w.size;
}

START_TEST(floats)
{
    ck_assert_uint_eq(assert_float(0x1p-24), 3); /* smallest half */
    ck_assert_uint_eq(assert_float(0x1p-25), 5); /* below it */
    ck_assert_uint_eq(assert_float(65504.0), 3); /* largest half */
    ck_assert_uint_eq(assert_float(65505.0), 5);
    ck_assert_uint_eq(assert_float(65536.0), 5);
    ck_assert_uint_eq(assert_float(0x1.004p0), 3);
    ck_assert_uint_eq(assert_float(0x1.002p0), 5);
    ck_assert_uint_eq(assert_float(0x1.ff8p-15), 3); /* subnormal half */
    ck_assert_uint_eq(assert_float(0x1.ffcp-15), 5);
    ck_assert_uint_eq(assert_float(0x1p-149), 5); /* smallest single */
    ck_assert_uint_eq(assert_float(0x1p-150), 9);
    ck_assert_uint_eq(assert_float(0x1.8p-149), 9);
    ck_assert_uint_eq(assert_float(0x1.fffffep127), 5); /* largest single */
    ck_assert_uint_eq(assert_float(0x1.ffffffp127), 9);
    ck_assert_uint_eq(assert_float(0x1p128), 9);
    ck_assert_uint_eq(assert_float(0x1p-1074), 9);
    ck_assert_uint_eq(assert_float(-0x1.fffffffffffffp1023), 9);
    ck_assert_uint_eq(assert_float(0.1), 9);
    ck_assert_uint_eq(assert_float(-0.0), 3);
}
END_TEST

/* ---- nesting ------------------------------------------------------------ */

START_TEST(depth)
{
    uint8_t bytes[100];

    memset(bytes, 0x81, sizeof(bytes));
    bytes[SOPOOL_CBOR_DEPTH - 1] = 0x80;
    ck_assert_ptr_null(complaint(bytes, SOPOOL_CBOR_DEPTH));
    bytes[SOPOOL_CBOR_DEPTH - 1] = 0x81;
    bytes[SOPOOL_CBOR_DEPTH] = 0x80;
    ck_assert_ptr_nonnull(
        strstr(complaint(bytes, SOPOOL_CBOR_DEPTH + 1), "deep"));
    bytes[SOPOOL_CBOR_DEPTH] = 0x01; /* no list, so not too deep */
    ck_assert_ptr_null(complaint(bytes, SOPOOL_CBOR_DEPTH + 1));
}
END_TEST

START_TEST(depth_bomb)
{
    size_t size = 1 << 20;
    uint8_t *bytes = malloc(size);

    ck_assert_ptr_nonnull(bytes);
    memset(bytes, 0x81, size);
    ck_assert_ptr_nonnull(strstr(sopool_cbor_check(bytes, size), "deep"));
    memset(bytes, 0xd8, size);
    ck_assert_ptr_nonnull(sopool_cbor_check(bytes, size));
    free(bytes);
}
END_TEST

START_TEST(siblings_are_not_deep)
{
    uint8_t bytes[2 + 200];

    memset(bytes, 0x80, sizeof(bytes));
    bytes[0] = 0x98;
    bytes[1] = 200;
    ck_assert_ptr_null(complaint(bytes, sizeof(bytes)));
    memset(bytes + 2, 0xa0, 200);
    ck_assert_ptr_null(complaint(bytes, sizeof(bytes)));
}
END_TEST

/* ---- the typed reads ---------------------------------------------------- */

/* Of digits, until the next is made. */
static sopool_reader reader(const char *hex)
{
    static uint8_t bytes[64];

    return sopool_reader_of(bytes, hex_bytes(hex, bytes));
}

static void assert_i64(const char *hex, int status, int64_t want)
{
    sopool_reader r = reader(hex);
    int64_t got = 0;

    ck_assert_int_eq(sopool_read_i64(&r, &got), status);
    ck_assert_int_eq(got, want);
    ck_assert(status == 0 ? r.error == NULL : r.error != NULL);
}

START_TEST(integers)
{
    sopool_reader r;
    uint64_t u = 0;

    assert_i64("1b7fffffffffffffff", 0, INT64_MAX);
    assert_i64("1b8000000000000000", -1, 0);
    assert_i64("3b7fffffffffffffff", 0, INT64_MIN);
    assert_i64("3b8000000000000000", -1, 0);
    assert_i64("20", 0, -1);
    assert_i64("f93c00", -1, 0);
    assert_i64("6131", -1, 0);
    r = reader("1bffffffffffffffff");
    ck_assert_int_eq(sopool_read_u64(&r, &u), 0);
    ck_assert_uint_eq(u, UINT64_MAX);
    r = reader("20");
    ck_assert_int_eq(sopool_read_u64(&r, &u), -1);
}
END_TEST

START_TEST(float_of_integer)
{
    sopool_reader r = reader("8303390100f93e00");
    uint64_t count = 0;
    double x = 0;

    ck_assert_int_eq(sopool_read_array(&r, &count), 0);
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(sopool_read_f64(&r, &x), 0);
    ck_assert_double_eq(x, 3.0);
    ck_assert_int_eq(sopool_read_f64(&r, &x), 0);
    ck_assert_double_eq(x, -257.0);
    ck_assert_int_eq(sopool_read_f64(&r, &x), 0);
    ck_assert_double_eq(x, 1.5);
    ck_assert_ptr_eq(r.at, r.end);
}
END_TEST

START_TEST(other_kind_leaves_the_reader)
{
    sopool_reader r = reader("63616263");
    const uint8_t *at = r.at;
    sopool_text text = {NULL, 0};
    sopool_blob blob = {NULL, 0};
    bool b = false;

    ck_assert_int_eq(sopool_read_bool(&r, &b), -1);
    ck_assert_str_eq(r.error, "is not a bool");
    ck_assert_ptr_eq(r.at, at);
    ck_assert_int_eq(sopool_read_text(&r, &text), -1); /* errors stay */
    ck_assert_int_eq(sopool_read_bytes(&r, &blob), -1);
    ck_assert_str_eq(r.error, "is not a bool");
    r.error = NULL;
    ck_assert_uint_eq(sopool_peek(&r), SOPOOL_CBOR_TEXT);
    ck_assert_int_eq(sopool_read_text(&r, &text), 0);
    ck_assert(sopool_text_is(text, "abc"));
    ck_assert(!sopool_text_is(text, "abcd"));
    ck_assert_uint_eq(sopool_peek(&r), SOPOOL_CBOR_NONE);
}
END_TEST

/* A count is refused at the head already, before anyone makes room for it. */
START_TEST(counts_at_the_head)
{
    sopool_reader r = reader("a2616101");
    uint64_t count = 0;

    ck_assert_int_eq(sopool_read_map(&r, &count), -1);
    r = reader("830102");
    ck_assert_int_eq(sopool_read_array(&r, &count), -1);
    r = reader("820102");
    ck_assert_int_eq(sopool_read_array(&r, &count), 0);
    ck_assert_uint_eq(count, 2);
}
END_TEST

START_TEST(raw_items)
{
    sopool_reader r = reader("82a161610201");
    sopool_blob item = {NULL, 0};
    uint64_t count;
    int64_t last = 0;

    ck_assert_int_eq(sopool_read_array(&r, &count), 0);
    ck_assert_int_eq(sopool_read_raw(&r, &item), 0);
    ck_assert_uint_eq(item.size, 4);
    ck_assert_mem_eq(item.ptr, "\xa1\x61\x61\x02", 4);
    ck_assert_int_eq(sopool_read_i64(&r, &last), 0);
    ck_assert_int_eq(last, 1);
}
END_TEST

START_TEST(typed_arrays)
{
    const uint8_t elements[8] = {1, 0, 2, 0, 3, 0, 4, 0};
    uint8_t room[32];
    sopool_writer w = sopool_writer_of(room, sizeof(room));
    sopool_reader r;
    sopool_blob got = {NULL, 0};
    uint64_t tag = 0;

    ck_assert_int_eq(sopool_put_typed(&w, 69, elements, sizeof(elements)), 0);
    ck_assert_ptr_null(complaint(room, w.size));
    assert_copies(room, w.size);
    r = sopool_reader_of(room, w.size);
    ck_assert_int_eq(sopool_read_typed(&r, &tag, &got), 0);
    ck_assert_uint_eq(tag, 69);
    ck_assert_uint_eq(got.size, sizeof(elements));
    ck_assert_mem_eq(got.ptr, elements, sizeof(elements));
    ck_assert_int_eq(sopool_put_typed(&w, 69, elements, 3), -1);
    ck_assert_int_ne(w.failed, 0);
}
END_TEST

START_TEST(typed_element_sizes)
{
    static const uint8_t sizes[] = {1, 2, 4, 8, 1, 2, 4, 8,  1, 2, 4, 8,
                                    0, 2, 4, 8, 2, 4, 8, 16, 2, 4, 8, 16};

    for (uint64_t tag = 64; tag <= 87; tag++)
        ck_assert_uint_eq(sopool_typed_size(tag), sizes[tag - 64]);
    ck_assert_uint_eq(sopool_typed_size(63), 0);
    ck_assert_uint_eq(sopool_typed_size(88), 0);
}
END_TEST

/* ---- the writer --------------------------------------------------------- */

START_TEST(writer_fixed)
{
    uint8_t room[4] = {0};
    sopool_writer w = sopool_writer_of(room, sizeof(room));

    ck_assert_int_eq(sopool_put_text(&w, "abc", 3), 0);
    ck_assert_uint_eq(w.size, 4);
    ck_assert_int_eq(sopool_put_null(&w), -1);
    ck_assert_int_ne(w.failed, 0);
    ck_assert_uint_eq(w.size, 4);

    w = sopool_writer_of(room, sizeof(room));
    ck_assert_int_eq(sopool_put_text(&w, "abcd", 4), -1);
    ck_assert_uint_eq(w.size, 0);
    ck_assert_int_eq(sopool_put_null(&w), -1); /* it fits, but too late */
}
END_TEST

START_TEST(writer_huge)
{
    uint8_t room[16];
    sopool_writer w = sopool_writer_of(room, sizeof(room));

    ck_assert_int_eq(sopool_put_bytes(&w, room, UINT64_MAX), -1);
    w = sopool_writer_of(room, sizeof(room));
    ck_assert_int_eq(sopool_put_raw(&w, room, UINT64_MAX - 3), -1);
    w = sopool_writer_of(NULL, 0);
    ck_assert_int_eq(sopool_put_raw(&w, NULL, 0), 0);
    ck_assert_int_eq(sopool_put_null(&w), -1);
}
END_TEST

static void *grow_heap(void *ctx, void *data, size_t need)
{
    int *calls = ctx;

    return ++*calls > 20 ? NULL : realloc(data, need);
}

START_TEST(writer_grows)
{
    sopool_writer w = sopool_writer_of(NULL, 0);
    int calls = 0;

    w.grow = grow_heap;
    w.ctx = &calls;
    ck_assert_int_eq(sopool_put_array(&w, 10000), 0);
    for (int64_t i = 0; i < 10000; i++)
        ck_assert_int_eq(sopool_put_i64(&w, -i), 0);
    ck_assert_int_lt(calls, 12); /* geometric */
    ck_assert_ptr_null(sopool_cbor_check(w.data, w.size));
    calls = 20;
    ck_assert_int_eq(sopool_put_bytes(&w, w.data, w.room), -1);
    ck_assert_int_ne(w.failed, 0);
    free(w.data);
}
END_TEST

START_TEST(heads)
{
    static const uint64_t values[] = {0,         23,         24,
                                      255,       256,        65535,
                                      65536,     UINT32_MAX, UINT64_C(1) << 32,
                                      UINT64_MAX};
    static const size_t sizes[] = {1, 1, 2, 2, 3, 3, 5, 5, 9, 9};
    uint8_t room[9];

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        ck_assert_uint_eq(sopool_head_size(values[i]), sizes[i]);
        ck_assert_uint_eq(sopool_head_put(room, 0, values[i]), sizes[i]);
        ck_assert_ptr_null(complaint(room, sizes[i]));
    }
}
END_TEST

START_TEST(utf8_spans)
{
    ck_assert_uint_eq(sopool_utf8_span("", 0), 0);
    ck_assert_uint_eq(sopool_utf8_span("abcdefgh\xff", 9), 8);
    ck_assert_uint_eq(sopool_utf8_span("abc\xc3\xbc", 4), 3);
    ck_assert_uint_eq(sopool_utf8_span("abc\xc3\xbc", 5), 5);
    ck_assert_uint_eq(sopool_utf8_span("\xf4\x8f\xbf\xbf", 4), 4);
    ck_assert_uint_eq(sopool_utf8_span("\xed\x9f\xbf\xee\x80\x80", 6), 6);
    ck_assert_uint_eq(sopool_utf8_span("a\0b", 3), 3);
}
END_TEST

/* Wherever in a longer text it stands. */
START_TEST(utf8_spans_of_long_texts)
{
    char text[100];

    memset(text, 'x', sizeof(text));
    for (size_t size = 0; size <= sizeof(text); size++)
        ck_assert_uint_eq(sopool_utf8_span(text, size), size);
    for (size_t at = 0; at < sizeof(text) - 1; at++) {
        memset(text, 'x', sizeof(text));
        text[at] = '\xff';
        ck_assert_uint_eq(sopool_utf8_span(text, sizeof(text)), at);
        memcpy(text + at, "\xc3\xbc", 2);
        ck_assert_uint_eq(sopool_utf8_span(text, sizeof(text)), sizeof(text));
        ck_assert_uint_eq(sopool_utf8_span(text, at + 1), at);
    }
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
    Suite *s = suite_create("cbor");
    TCase *t = tcase_create("cbor");

    tcase_add_loop_test(t, vectors_within, 0, COUNT(within));
    tcase_add_loop_test(t, vectors_cut_off, 0, COUNT(within));
    tcase_add_loop_test(t, vectors_outside, 0, COUNT(outside));
    tcase_add_loop_test(t, vectors_damaged, 0, COUNT(within));
    tcase_add_loop_test(t, refused_bytes, 0, COUNT(refused));
    tcase_add_test(t, all_short_inputs);
    tcase_add_test(t, floats);
    tcase_add_test(t, depth);
    tcase_add_test(t, depth_bomb);
    tcase_add_test(t, siblings_are_not_deep);
    tcase_add_test(t, integers);
    tcase_add_test(t, float_of_integer);
    tcase_add_test(t, other_kind_leaves_the_reader);
    tcase_add_test(t, counts_at_the_head);
    tcase_add_test(t, raw_items);
    tcase_add_test(t, typed_arrays);
    tcase_add_test(t, typed_element_sizes);
    tcase_add_test(t, writer_fixed);
    tcase_add_test(t, writer_huge);
    tcase_add_test(t, writer_grows);
    tcase_add_test(t, heads);
    tcase_add_test(t, utf8_spans);
    tcase_add_test(t, utf8_spans_of_long_texts);
    suite_add_tcase(s, t);
    return unit_run_here(s);
}
