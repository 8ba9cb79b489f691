/* test_text.c - scalars from text: sopool_arg_parse. */
#include "sopool.h"
#include "unit.h"

#include <check.h>
#include <locale.h>
#include <math.h>
#include <string.h>

static sopool_arg parsed(int type, const char *text)
{
    sopool_error err = {0};
    sopool_arg out = {0};

    ck_assert_msg(sopool_arg_parse(type, text, strlen(text), &out, &err) == 0,
                  "'%s': %s", text, err.message);
    ck_assert_int_eq(err.code, 0);
    ck_assert_int_eq(out.type, type);
    return out;
}

/* Refused, and why. */
static const char *refused(int type, const char *text, size_t size)
{
    static sopool_error err;
    sopool_arg out = {.type = -7};

    memset(&err, 0, sizeof(err));
    ck_assert_msg(sopool_arg_parse(type, text, size, &out, &err) == -1,
                  "'%s' was taken as %s", text, sopool_type_name(type));
    ck_assert_int_eq(err.code, SOPOOL_E_ARGS);
    ck_assert_int_eq(out.type, -7);
    return err.message;
}

#define ck_assert_has_range(message)                                           \
    ck_assert_ptr_nonnull(strstr(message, "0 to 18446744073709551615"))

#define refused_text(type, text) refused(type, text, strlen(text))

START_TEST(bools)
{
    static const char *const wrong[] = {"",      "TRUE",  "yes", "2",
                                        "true ", "truex", "tru", "on"};

    ck_assert(parsed(SOPOOL_BOOL, "true").as.b);
    ck_assert(parsed(SOPOOL_BOOL, "1").as.b);
    ck_assert(!parsed(SOPOOL_BOOL, "false").as.b);
    ck_assert(!parsed(SOPOOL_BOOL, "0").as.b);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        (void)refused_text(SOPOOL_BOOL, wrong[i]);
    ck_assert_str_eq(refused_text(SOPOOL_BOOL, "maybe"),
                     "'maybe' is not a bool; allowed: true, false, 1, 0");
}
END_TEST

START_TEST(signed_integers)
{
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"+5", 5},
        {"007", 7},
        {"-42", -42},
        {"0x10", 16},
        {"-0Xff", -255},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"-0x8000000000000000", INT64_MIN},
        {"00000000000000000000000000000000000001", 1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_int_eq(parsed(SOPOOL_I64, cases[i].text).as.i,
                         cases[i].value);
}
END_TEST

START_TEST(unsigned_integers)
{
    ck_assert_uint_eq(parsed(SOPOOL_U64, "18446744073709551615").as.u,
                      UINT64_MAX);
    ck_assert_uint_eq(parsed(SOPOOL_U64, "0xFFFFFFFFFFFFFFFF").as.u,
                      UINT64_MAX);
    ck_assert_uint_eq(parsed(SOPOOL_U64, "+12").as.u, 12);
    ck_assert_uint_eq(parsed(SOPOOL_U64, "-0").as.u, 0);
    ck_assert_has_range(refused_text(SOPOOL_U64, "-1"));
    ck_assert_has_range(refused_text(SOPOOL_U64, "18446744073709551616"));
    ck_assert_has_range(
        refused_text(SOPOOL_U64, "99999999999999999999999999999999999999"));
}
END_TEST

START_TEST(what_is_no_integer)
{
    static const char *const wrong[] = {"",    "-",   "+",   "--1", "+-1",
                                        "1.0", "1e3", " 1",  "1 ",  "0x",
                                        "0xg", "x10", "12a", "1_0", "\xc2\xb2"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        (void)refused_text(SOPOOL_I64, wrong[i]);
        (void)refused_text(SOPOOL_U64, wrong[i]);
    }
    (void)refused(SOPOOL_I64, "1\0", 2);
    ck_assert_str_eq(refused_text(SOPOOL_I64, "nine"),
                     "'nine' is not an i64; allowed: a whole number");
    ck_assert_str_eq(refused_text(SOPOOL_I64, "9223372036854775808"),
                     "'9223372036854775808' is not an i64; allowed: "
                     "-9223372036854775808 to 9223372036854775807");
    (void)refused_text(SOPOOL_I64, "-9223372036854775809");
    (void)refused_text(SOPOOL_I64, "18446744073709551617"); /* 2^64 + 1 */
}
END_TEST

/* The text is not ended by a NUL: only `size` bytes of it count. */
START_TEST(only_its_bytes_count)
{
    sopool_arg out;

    ck_assert_int_eq(sopool_arg_parse(SOPOOL_I64, "123456", 3, &out, NULL), 0);
    ck_assert_int_eq(out.as.i, 123);
    ck_assert_int_eq(sopool_arg_parse(SOPOOL_F64, "1.2567", 3, &out, NULL), 0);
    ck_assert_double_eq(out.as.f, 1.2);
    ck_assert_int_eq(sopool_arg_parse(SOPOOL_BOOL, "1x", 1, &out, NULL), 0);
    ck_assert(out.as.b);
    ck_assert_int_eq(sopool_arg_parse(SOPOOL_I64, "x", 1, &out, NULL), -1);
}
END_TEST

START_TEST(floats)
{
    ck_assert_double_eq(parsed(SOPOOL_F64, "2.5").as.f, 2.5);
    ck_assert_double_eq(parsed(SOPOOL_F64, "-1e-3").as.f, -0.001);
    ck_assert_double_eq(parsed(SOPOOL_F64, "7").as.f, 7);
    ck_assert_double_eq(parsed(SOPOOL_F64, ".5").as.f, 0.5);
    ck_assert_double_eq(parsed(SOPOOL_F64, "1.7976931348623157e308").as.f,
                        1.7976931348623157e308);
    ck_assert_double_eq(parsed(SOPOOL_F64, "1e-400").as.f, 0);
    ck_assert(isinf(parsed(SOPOOL_F64, "inf").as.f));
    ck_assert(parsed(SOPOOL_F64, "-inf").as.f < 0);
    ck_assert(isnan(parsed(SOPOOL_F64, "nan").as.f));
}
END_TEST

START_TEST(what_is_no_float)
{
    static const char *const wrong[] = {"",    " 1",   "\n1", "\v1", "1 ",
                                        "1,5", "1.5x", "e3",  "--1", "."};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        (void)refused_text(SOPOOL_F64, wrong[i]);
    (void)refused(SOPOOL_F64, "1\0", 2);
    ck_assert_str_eq(refused_text(SOPOOL_F64, "much"),
                     "'much' is not an f64; allowed: a number, inf, nan");
    ck_assert_str_eq(refused_text(SOPOOL_F64, "1e999"),
                     "'1e999' is not an f64: it is too large");
}
END_TEST

START_TEST(floats_know_no_language)
{
    static const char *const comma[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE",
                                        "fr_FR.UTF-8"};

    for (size_t i = 0; i < sizeof(comma) / sizeof(comma[0]); i++)
        if (setlocale(LC_ALL, comma[i]) != NULL)
            break;
    ck_assert_double_eq(parsed(SOPOOL_F64, "2.5").as.f, 2.5);
    (void)refused_text(SOPOOL_F64, "2,5");
}
END_TEST

START_TEST(texts)
{
    static const char text[] = "Gr\xc3\xbc\xc3\x9f"
                               "e\0!";
    sopool_arg out = {0};

    ck_assert_int_eq(
        sopool_arg_parse(SOPOOL_STR, text, sizeof(text) - 1, &out, NULL), 0);
    ck_assert_int_eq(out.type, SOPOOL_STR);
    ck_assert_ptr_eq(out.as.data.ptr, text); /* borrowed, not copied */
    ck_assert_uint_eq(out.as.data.size, sizeof(text) - 1);
    ck_assert_uint_eq(parsed(SOPOOL_STR, "").as.data.size, 0);
    ck_assert_str_eq(refused_text(SOPOOL_STR, "ab\xff"),
                     "the text is not UTF-8 from its byte 3 on; only tasks "
                     "that take bytes take any bytes");
    (void)refused_text(SOPOOL_STR, "\xed\xa0\x80"); /* a surrogate */
    (void)refused_text(SOPOOL_STR, "\xc0\x80");     /* too long a form */
    (void)refused_text(SOPOOL_STR, "cut off \xe2\x82");
}
END_TEST

START_TEST(bytes_are_any)
{
    sopool_arg out = {0};

    ck_assert_int_eq(sopool_arg_parse(SOPOOL_BYTES, "\xff\0\n", 3, &out, NULL),
                     0);
    ck_assert_int_eq(out.type, SOPOOL_BYTES);
    ck_assert_uint_eq(out.as.data.size, 3);
}
END_TEST

START_TEST(no_text_form)
{
    static const int types[] = {SOPOOL_LIST, SOPOOL_MAP, SOPOOL_ANY, 0, 99};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        sopool_error err = {0};
        sopool_arg out;

        ck_assert_int_eq(sopool_arg_parse(types[i], "1", 1, &out, &err), -1);
        ck_assert_int_eq(err.code, SOPOOL_E_USAGE);
        ck_assert_ptr_nonnull(strstr(err.message, " has no text form"));
    }
}
END_TEST

/* What goes into a message is short, printable and UTF-8. */
START_TEST(messages_stay_clean)
{
    char text[3000];
    const char *message;

    memset(text, 'x', sizeof(text));
    message = refused(SOPOOL_I64, text, sizeof(text));
    ck_assert_uint_lt(strlen(message), 120);
    ck_assert_ptr_nonnull(strstr(message, "xxx...'"));
    message = refused(SOPOOL_I64, "\x1b[2J\n\xff", 6);
    for (const char *c = message; *c != '\0'; c++)
        ck_assert_msg(*c >= 32 && *c < 127, "byte %d", *c);
    for (size_t i = 0; i + 1 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    message = refused(SOPOOL_I64, text + 1, sizeof(text) - 1);
    ck_assert_ptr_nonnull(message);
    message = refused(SOPOOL_F64, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(message, "\xc3\xa4..."));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("text");
    TCase *tc = tcase_create("text");

    tcase_add_test(tc, bools);
    tcase_add_test(tc, signed_integers);
    tcase_add_test(tc, unsigned_integers);
    tcase_add_test(tc, what_is_no_integer);
    tcase_add_test(tc, only_its_bytes_count);
    tcase_add_test(tc, floats);
    tcase_add_test(tc, what_is_no_float);
    tcase_add_test(tc, floats_know_no_language);
    tcase_add_test(tc, texts);
    tcase_add_test(tc, bytes_are_any);
    tcase_add_test(tc, no_text_form);
    tcase_add_test(tc, messages_stay_clean);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run_here(suite());
}
