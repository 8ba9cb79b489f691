/* test_signature.c - signatures: their text, and values checked by them. */
#include "sopool.h"
#include "unit.h"
#include "value/signature.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A signature, or the test fails. */
static struct signature made(const char *text)
{
    struct signature s;
    sopool_error err = {0};

    ck_assert_msg(signature_parse(&s, text, &err) == 0, "%s: %s", text,
                  err.message);
    return s;
}

static const char *refused_args(const char *signature, const void *args,
                                size_t size)
{
    static sopool_error err;
    struct signature s = made(signature);

    memset(&err, 0, sizeof(err));
    ck_assert_msg(signature_check_args(&s, args, size, &err) == -1,
                  "%s takes it", signature);
    ck_assert_int_eq(err.code, SOPOOL_E_ARGS);
    signature_finish(&s);
    return err.message;
}

static const char *refused_result(const char *signature, const void *item,
                                  size_t size)
{
    static sopool_error err;
    struct signature s = made(signature);

    memset(&err, 0, sizeof(err));
    ck_assert_msg(signature_check_result(&s, item, size, &err) == -1,
                  "%s gives it", signature);
    ck_assert_int_eq(err.code, SOPOOL_E_RESULT);
    signature_finish(&s);
    return err.message;
}

static void takes(const char *signature, const void *args, size_t size)
{
    struct signature s = made(signature);
    sopool_error err = {0};

    ck_assert_msg(signature_check_args(&s, args, size, &err) == 0, "%s: %s",
                  signature, err.message);
    ck_assert_int_eq(err.code, 0);
    signature_finish(&s);
}

/* Bytes as a pair of pointer and size. */
#define B(bytes) bytes, sizeof(bytes) - 1

START_TEST(is_read)
{
    struct signature s = made("(x: i64, long_name2: str, _: any) -> bytes");
    char params[100];

    ck_assert_int_eq(s.result, SOPOOL_BYTES);
    ck_assert_uint_eq(s.param_count, 3);
    ck_assert_str_eq(s.param[0].name, "x");
    ck_assert_int_eq(s.param[0].type, SOPOOL_I64);
    ck_assert_str_eq(s.param[1].name, "long_name2");
    ck_assert_int_eq(s.param[1].type, SOPOOL_STR);
    ck_assert_str_eq(s.param[2].name, "_");
    ck_assert_int_eq(s.param[2].type, SOPOOL_ANY);
    (void)signature_show_params(&s, params, sizeof(params));
    ck_assert_str_eq(params, "x: i64, long_name2: str, _: any");
    (void)signature_show_params(&s, params, 9);
    ck_assert_str_eq(params, "x: i64, ");
    signature_finish(&s);
    signature_finish(&s); /* an empty one is fine */
}
END_TEST

START_TEST(all_types_are_read)
{
    for (int type = SOPOOL_BOOL; type <= SOPOOL_ANY; type++) {
        struct signature s;
        char text[64];

        (void)snprintf(text, sizeof(text), "(p: %s) -> %s",
                       sopool_type_name(type), sopool_type_name(type));
        s = made(text);
        ck_assert_int_eq(s.param[0].type, type);
        ck_assert_int_eq(s.result, type);
        signature_finish(&s);
    }
    ck_assert_str_eq(sopool_type_name(0), "?");
    ck_assert_str_eq(sopool_type_name(SOPOOL_ANY + 1), "?");
    ck_assert_str_eq(sopool_type_name(-1), "?");
}
END_TEST

START_TEST(no_signatures)
{
    static const char *const wrong[] = {
        "",
        "i64",
        "()",
        "() ->",
        "() -> ",
        "() -> int",
        "() -> i64 ",
        " () -> i64",
        "() -> i64)",
        "() -> i64, i64",
        "( ) -> i64",
        "(x) -> i64",
        "(x:i64) -> i64",
        "(x: i64,y: i64) -> i64",
        "(x: i64, ) -> i64",
        "(, x: i64) -> i64",
        "(x: i64 -> i64",
        "(x: i65) -> i64",
        "(x: any1) -> i64",
        "(1x: i64) -> i64",
        "(x-y: i64) -> i64",
        "(\xc3\xa4: i64) -> i64",
        "(: i64) -> i64",
        "(x: i64, x: i64) -> i64",
        "(x: i64) -> i64\n",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        sopool_error err = {0};
        struct signature s;

        ck_assert_msg(signature_parse(&s, wrong[i], &err) == -1, "'%s'",
                      wrong[i]);
        ck_assert_int_eq(err.code, SOPOOL_E_PLUGIN);
        ck_assert_ptr_null(s.param);
        ck_assert_ptr_null(s.names);
    }
}
END_TEST

/* "(p0: i64, p1: i64, ...) -> i64" */
static void many_params(char *out, size_t room, int count)
{
    size_t used = 1;

    (void)snprintf(out, room, "(");
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(out + used, room - used, "%sp%d: i64",
                                 i > 0 ? ", " : "", i);
    (void)snprintf(out + used, room - used, ") -> i64");
}

START_TEST(parameters_are_limited)
{
    char text[1000];
    struct signature s;

    many_params(text, sizeof(text), 32);
    s = made(text);
    ck_assert_uint_eq(s.param_count, 32);
    ck_assert_str_eq(s.param[31].name, "p31");
    signature_finish(&s);
    many_params(text, sizeof(text), 33);
    ck_assert_int_eq(signature_parse(&s, text, NULL), -1);
}
END_TEST

START_TEST(arguments_that_fit)
{
    takes("() -> any", B("\x80"));
    takes("(x: bool) -> any", B("\x81\xf4"));
    takes("(x: i64) -> any", B("\x81\x09"));
    takes("(x: i64) -> any", B("\x81\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"));
    takes("(x: u64) -> any", B("\x81\x1b\xff\xff\xff\xff\xff\xff\xff\xff"));
    takes("(x: f64) -> any", B("\x81\xf9\x3e\x00"));
    takes("(x: f64) -> any", B("\x81\x05")); /* an integer will do */
    takes("(x: f64) -> any", B("\x81\x24"));
    takes("(x: str) -> any", B("\x81\x62\xc3\xbc"));
    takes("(x: bytes) -> any", B("\x81\x42\xff\x00"));
    takes("(x: list) -> any", B("\x81\x82\x01\x60"));
    takes("(x: list) -> any", B("\x81\xd8\x45\x44\x01\x00\x02\x00"));
    takes("(x: map) -> any", B("\x81\xa1\x61k\x01"));
    takes("(x: any) -> any", B("\x81\xf6"));
    takes("(x: any) -> any", B("\x81\xa2\x61"
                               "a\xf6\x61"
                               "b\x80"));
    takes("(x: i64, y: str) -> any", B("\x82\x01\x61y"));
}
END_TEST

/* Every kind of item against every type: what fits, and nothing else. */
START_TEST(types_are_told_apart)
{
    static const struct {
        const char *item;
        size_t size;
        const char *fits; /* the types, apart from any */
        const char *name;
    } kinds[] = {
        {B("\xf5"), "bool", "a bool"},
        {B("\x01"), "i64 u64 f64", "an integer"},
        {B("\x20"), "i64 f64", "integer"},
        {B("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), "u64 f64", "an integer"},
        {B("\xf9\x3c\x00"), "f64", "a float"},
        {B("\x61x"), "str", "text"},
        {B("\x41x"), "bytes", "bytes"},
        {B("\x80"), "list", "a list"},
        {B("\xd8\x40\x41x"), "list", "a list"},
        {B("\xa0"), "map", "a map"},
        {B("\xf6"), "", "null"},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        for (int type = SOPOOL_BOOL; type <= SOPOOL_ANY; type++) {
            const char *name = sopool_type_name(type);
            bool fits =
                type == SOPOOL_ANY || strstr(kinds[i].fits, name) != NULL;
            struct signature s;
            sopool_error err = {0};
            char text[40];

            (void)snprintf(text, sizeof(text), "() -> %s", name);
            s = made(text);
            ck_assert_msg((signature_check_result(&s, kinds[i].item,
                                                  kinds[i].size, &err) == 0) ==
                              fits,
                          "kind %zu as %s", i, name);
            if (!fits)
                ck_assert_msg(strstr(err.message, kinds[i].name) != NULL,
                              "'%s' lacks '%s'", err.message, kinds[i].name);
            signature_finish(&s);
        }
}
END_TEST

START_TEST(arguments_that_do_not_fit)
{
    ck_assert_str_eq(refused_args("(x: i64, y: str) -> any", B("\x83\1\2\3")),
                     "takes 2 arguments (x: i64, y: str), got 3");
    ck_assert_str_eq(refused_args("(x: i64) -> any", B("\x80")),
                     "takes 1 argument (x: i64), got 0");
    ck_assert_str_eq(refused_args("() -> any", B("\x81\x01")),
                     "takes 0 arguments (), got 1");
    ck_assert_str_eq(refused_args("(x: i64) -> any", B("\x81\x61y")),
                     "argument 1 (x) must be i64, got text");
    ck_assert_str_eq(refused_args("(x: i64, y: str) -> any", B("\x82\1\xf6")),
                     "argument 2 (y) must be str, got null");
    ck_assert_str_eq(
        refused_args("(x: i64) -> any",
                     B("\x81\x1b\x80\x00\x00\x00\x00\x00\x00\x00")),
        "argument 1 (x) must be i64, got an integer that does not fit in 64 "
        "bits with sign");
    ck_assert_str_eq(refused_args("(x: u64) -> any", B("\x81\x20")),
                     "argument 1 (x) must be u64, got a negative integer");
}
END_TEST

START_TEST(arguments_that_are_none)
{
    static const struct {
        const char *bytes;
        size_t size;
    } wrong[] = {
        {B("")},                             /* nothing */
        {B("\x01")},                         /* no list */
        {B("\xa1\x61k\x01")},                /* a map */
        {B("\x81")},                         /* ends too early */
        {B("\x81\xa1\x61k")},                /* deeper down */
        {B("\x9f\x01\xff")},                 /* of indefinite length */
        {B("\x81\x18\x01")},                 /* not the shortest head */
        {B("\x98\x01\x01")},                 /* nor the list's */
        {B("\x81\x62\xff\xff")},             /* no UTF-8 */
        {B("\x81\x61x\x00")},                /* bytes behind the end */
        {B("\x81\xa2\x61z\x01\x61y\x01")},   /* keys not sorted */
        {B("\x81\xa1\x01\x01")},             /* a key that is no text */
        {B("\x81\xc0\x61x")},                /* another tag */
        {B("\x81\xf7")},                     /* undefined */
        {B("\x81\xfb\x3f\xf0\0\0\0\0\0\0")}, /* a float that is too wide */
        {B("\x81\xd8\x45\x43\1\2\3")},       /* elements cut off */
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(refused_args("(x: any) -> any", wrong[i].bytes,
                                   wrong[i].size) != NULL,
                      "%zu", i);
}
END_TEST

START_TEST(depth_is_limited)
{
    uint8_t item[100];
    struct signature s = made("(x: any) -> any");

    memset(item, 0x81, sizeof(item));
    item[32] = 0x80; /* 33 lists in one another, this one too */
    ck_assert_int_eq(signature_check_result(&s, item, 33, NULL), -1);
    item[31] = 0x80;
    ck_assert_int_eq(signature_check_result(&s, item, 32, NULL), 0);
    memset(item, 0x81, sizeof(item));
    ck_assert_int_eq(signature_check_args(&s, item, sizeof(item), NULL), -1);
    signature_finish(&s);
}
END_TEST

START_TEST(results)
{
    struct signature s = made("() -> i64");

    ck_assert_int_eq(signature_check_result(&s, B("\x05"), NULL), 0);
    signature_finish(&s);
    ck_assert_str_eq(refused_result("() -> i64", B("\x61x")),
                     "the task's result must be i64, got text");
    ck_assert_str_eq(refused_result("() -> i64", B("\x05\x05")),
                     "the task's result goes on after its end");
    ck_assert_str_eq(refused_result("() -> any", B("\x82\x01")),
                     "the task's result ends within a list");
    (void)refused_result("() -> any", B(""));
    (void)refused_result("() -> any", B("\x62\xff\xff"));
    (void)refused_result("() -> map", B("\xa2\x61k\x01\x61k\x01"));
}
END_TEST

/* Every cut of a good value is refused; no cut is read beyond its end. */
START_TEST(cuts_are_refused)
{
    static const char args[] = "\x83\x19\x01\x00\x64text\xa2\x61"
                               "a\x82\x01\x02\x61"
                               "b\xd8\x45\x44\x01\x00\x02\x00";
    const size_t size = sizeof(args) - 1;

    takes("(x: i64, y: str, z: map) -> any", args, size);
    for (size_t cut = 0; cut < size; cut++) {
        char *copy = malloc(cut + 1);

        ck_assert_ptr_nonnull(copy);
        memcpy(copy + 1, args, cut); /* ends where the memory ends */
        (void)refused_args("(x: i64, y: str, z: map) -> any", copy + 1, cut);
        free(copy);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("signature");
    TCase *tc = tcase_create("signature");

    tcase_add_test(tc, is_read);
    tcase_add_test(tc, all_types_are_read);
    tcase_add_test(tc, no_signatures);
    tcase_add_test(tc, parameters_are_limited);
    tcase_add_test(tc, arguments_that_fit);
    tcase_add_test(tc, types_are_told_apart);
    tcase_add_test(tc, arguments_that_do_not_fit);
    tcase_add_test(tc, arguments_that_are_none);
    tcase_add_test(tc, depth_is_limited);
    tcase_add_test(tc, results);
    tcase_add_test(tc, cuts_are_refused);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run_here(suite());
}
