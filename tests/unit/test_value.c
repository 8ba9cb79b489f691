/* test_value.c - arguments as bytes, and values that programs own. */
#include "base/buf.h"
#include "sopool.h"
#include "unit.h"
#include "value/args.h"
#include "value/value.h"

#include <check.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define B(bytes) bytes, sizeof(bytes) - 1

static int frame(sopool_args args, struct buf *out, sopool_error *err)
{
    return args_frame(&args, args_payload(&args), out, err);
}

/* The arguments are encoded as exactly those bytes, behind their size. */
static void encodes(sopool_args args, const void *bytes, size_t size)
{
    struct buf out = {0};
    sopool_error err = {0};
    uint32_t framed;

    ck_assert_msg(frame(args, &out, &err) == 0, "%s", err.message);
    ck_assert_uint_eq(out.size, sizeof(framed) + size);
    memcpy(&framed, out.data, sizeof(framed));
    ck_assert_uint_eq(framed, size);
    ck_assert_mem_eq(out.data + sizeof(framed), bytes, size);
    buf_finish(&out);
}

/* They are refused, and what the buffer held before is still all it holds. */
static const char *refused(sopool_args args, int code)
{
    static sopool_error err;
    struct buf out = {0};

    memset(&err, 0, sizeof(err));
    ck_assert_int_eq(buf_add(&out, "before", 6), 0);
    ck_assert_int_eq(frame(args, &out, &err), -1);
    ck_assert_int_eq(err.code, code);
    ck_assert_uint_eq(out.size, 6);
    ck_assert_mem_eq(out.data, "before", 6);
    buf_finish(&out);
    return err.message;
}

START_TEST(args_of_c_types)
{
    encodes(SOPOOL_NO_ARGS, B("\x80"));
    encodes(SOPOOL_ARGS(9, "text", 2.5), B("\x83\x09\x64text\xf9\x41\x00"));
    encodes(SOPOOL_ARGS((bool)true, -1L, 24u), B("\x83\xf5\x20\x18\x18"));
    encodes(SOPOOL_ARGS(UINT64_MAX, INT64_MIN),
            B("\x82\x1b\xff\xff\xff\xff\xff\xff\xff\xff"
              "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"));
    encodes(SOPOOL_ARGS(1, 2, 3, 4, 5, 6, 7, 8),
            B("\x88\x01\x02\x03\x04\x05\x06\x07\x08"));
    encodes(SOPOOL_ARGS(sopool_arg_bytes("\xff\0", 2), (float)0.5),
            B("\x82\x42\xff\x00\xf9\x38\x00"));
    encodes(SOPOOL_ARGS(sopool_arg_cbor(B("\xa1\x61k\xf6"))),
            B("\x81\xa1\x61k\xf6"));
    encodes(SOPOOL_ARGS((sopool_arg){0}), B("\x81\xf6"));
    encodes(SOPOOL_ARGS(NAN), B("\x81\xf9\x7e\x00"));
}
END_TEST

START_TEST(args_of_cbor)
{
    encodes(sopool_args_cbor(B("\x82\x01\x61x")), B("\x82\x01\x61x"));
    ck_assert_str_eq(refused(sopool_args_cbor(B("\x01")), SOPOOL_E_ARGS),
                     "what was given as arguments is not a list");
    ck_assert_str_eq(refused(sopool_args_cbor(B("\x82\x01")), SOPOOL_E_ARGS),
                     "what was given as arguments ends within a list");
    (void)refused(sopool_args_cbor(B("\x80\x80")), SOPOOL_E_ARGS);
    (void)refused(sopool_args_cbor(B("\x81\x62\xff\xff")), SOPOOL_E_ARGS);
    (void)refused(sopool_args_cbor("", 0), SOPOOL_E_ARGS);
    (void)refused(sopool_args_cbor(B("\xa0")), SOPOOL_E_ARGS);
}
END_TEST

START_TEST(args_that_are_wrong)
{
    ck_assert_str_eq(refused(SOPOOL_ARGS(1, "x\xff"), SOPOOL_E_ARGS),
                     "argument 2 is not UTF-8 from its byte 2 on");
    ck_assert_str_eq(
        refused(SOPOOL_ARGS(sopool_arg_cbor(B("\x62x"))), SOPOOL_E_ARGS),
        "argument 1 ends within text or bytes");
    (void)refused(SOPOOL_ARGS(sopool_arg_cbor("", 0)), SOPOOL_E_ARGS);
    (void)refused(SOPOOL_ARGS((sopool_arg){.type = 99}), SOPOOL_E_USAGE);
}
END_TEST

START_TEST(args_of_any_size)
{
    enum { SIZE = 1 << 20 };
    static char text[SIZE];
    struct buf out = {0};
    sopool_args args = SOPOOL_ARGS(1, sopool_arg_text(text, SIZE), 2);

    memset(text, 't', SIZE);
    for (int i = 0; i < 3; i++) /* each behind the one before */
        ck_assert_int_eq(frame(args, &out, NULL), 0);
    ck_assert_uint_eq(out.size, 3 * (4 + 1 + 1 + 5 + (size_t)SIZE + 1));
    ck_assert_mem_eq(out.data + 4, "\x83\x01\x7a\x00\x10\x00\x00ttt", 10);
    ck_assert_mem_eq(out.data + out.size / 3 + 4,
                     "\x83\x01\x7a\x00\x10\x00\x00", 7);
    ck_assert_int_eq(out.data[out.size - 1], 2);
    buf_finish(&out);
}
END_TEST

/* A value is of one type: the readers of all others refuse it. */
static int types_read(const sopool_value *v, sopool_error *err)
{
    const void *data;
    const char *text;
    size_t size;
    int64_t i;
    uint64_t u;
    double f;
    bool b;

    return (sopool_value_bool(v, &b, err) == 0) << SOPOOL_BOOL |
           (sopool_value_i64(v, &i, err) == 0) << SOPOOL_I64 |
           (sopool_value_u64(v, &u, err) == 0) << SOPOOL_U64 |
           (sopool_value_f64(v, &f, err) == 0) << SOPOOL_F64 |
           (sopool_value_str(v, &text, &size, err) == 0) << SOPOOL_STR |
           (sopool_value_bytes(v, &data, &size, err) == 0) << SOPOOL_BYTES;
}

START_TEST(values_are_of_one_type)
{
    enum { I = 1 << SOPOOL_I64, U = 1 << SOPOOL_U64, F = 1 << SOPOOL_F64 };
    static const struct {
        const char *item;
        size_t size;
        int types;
    } cases[] = {
        {B("\xf5"), 1 << SOPOOL_BOOL},
        {B("\x05"), I | U | F},
        {B("\x24"), I | F},
        {B("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), U | F},
        {B("\xf9\x3e\x00"), F},
        {B("\x61x"), 1 << SOPOOL_STR},
        {B("\x41x"), 1 << SOPOOL_BYTES},
        {B("\x80"), 0},
        {B("\xf6"), 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sopool_value *v = value_copy(cases[i].item, cases[i].size);
        sopool_error err = {0};

        ck_assert_ptr_nonnull(v);
        ck_assert_msg(types_read(v, &err) == cases[i].types, "case %zu", i);
        ck_assert_int_eq(err.code, SOPOOL_E_VALUE);
        sopool_value_free(v);
    }
}
END_TEST

START_TEST(values_are_read)
{
    char item[] = "\x38\x63";
    sopool_value *v = value_copy(item, 2);
    sopool_error err = {0};
    int64_t i = 0;
    double f = 0;
    size_t size = 0;

    memset(item, 0, sizeof(item)); /* it has a copy */
    ck_assert_int_eq(sopool_value_i64(v, &i, &err), 0);
    ck_assert_int_eq(i, -100);
    ck_assert_int_eq(sopool_value_f64(v, &f, &err), 0);
    ck_assert_double_eq(f, -100);
    ck_assert_int_eq(err.code, 0);
    ck_assert_mem_eq(sopool_value_cbor(v, &size), "\x38\x63", 2);
    ck_assert_uint_eq(size, 2);
    ck_assert_ptr_nonnull(sopool_value_cbor(v, NULL));
    sopool_value_free(v);
    sopool_value_free(NULL);
}
END_TEST

START_TEST(texts_are_read)
{
    sopool_value *v = value_copy(B("\x63"
                                   "a\0b"));
    const char *text = NULL;
    const void *data = NULL;
    size_t size = 0;

    ck_assert_int_eq(sopool_value_str(v, &text, &size, NULL), 0);
    ck_assert_uint_eq(size, 3);
    ck_assert_mem_eq(text, "a\0b", 3);
    sopool_value_free(v);
    v = value_copy(B("\x42\xff\x00"));
    ck_assert_int_eq(sopool_value_bytes(v, &data, &size, NULL), 0);
    ck_assert_uint_eq(size, 2);
    ck_assert_mem_eq(data, "\xff\0", 2);
    sopool_value_free(v);
}
END_TEST

START_TEST(values_own_their_mapping)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char resident;
    sopool_value *v;
    bool b = false;

    ck_assert_ptr_ne(map, MAP_FAILED);
    map[page + 7] = 0xf5;
    v = value_mapped(map, 2 * page, page + 7, 1);
    ck_assert_int_eq(sopool_value_bool(v, &b, NULL), 0);
    ck_assert(b);
    ck_assert_ptr_eq(sopool_value_cbor(v, NULL), map + page + 7);
    sopool_value_free(v);
    /* Of what is not mapped any more, the kernel knows nothing. */
    ck_assert_int_eq(mincore(map, page, &resident), -1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("value");
    TCase *tc = tcase_create("value");

    tcase_add_test(tc, args_of_c_types);
    tcase_add_test(tc, args_of_cbor);
    tcase_add_test(tc, args_that_are_wrong);
    tcase_add_test(tc, args_of_any_size);
    tcase_add_test(tc, values_are_of_one_type);
    tcase_add_test(tc, values_are_read);
    tcase_add_test(tc, texts_are_read);
    tcase_add_test(tc, values_own_their_mapping);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run_here(suite());
}
