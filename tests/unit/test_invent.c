/* test_invent.c - arguments made up from a signature, and how results are
 * compared. */
#include "growing.h"
#include "invent.h"
#include "same.h"
#include "sopool.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const sopool_param params[] = {
    {"b", SOPOOL_BOOL}, {"i", SOPOOL_I64}, {"u", SOPOOL_U64},
    {"f", SOPOOL_F64},  {"s", SOPOOL_STR}, {"y", SOPOOL_BYTES},
    {"l", SOPOOL_LIST}, {"m", SOPOOL_MAP}, {"a", SOPOOL_ANY},
};
enum { PARAMS = sizeof(params) / sizeof(params[0]) };
static const sopool_task_info task = {
    .name = "t.t", .param_count = PARAMS, .params = params};
static const struct known_args nothing = {0};

static struct choices random_choices(void)
{
    struct choices choices = {.size = (size_t)rand() % (CHOICES_MOST + 1)};

    for (size_t i = 0; i < choices.size; i++)
        choices.byte[i] = (uint8_t)(rand() >> 4);
    return choices;
}

/* ---- what is made up --------------------------------------------------- */

static bool is_kind(int type, uint32_t kind)
{
    switch (type) {
    case SOPOOL_BOOL:
        return kind == SOPOOL_CBOR_BOOL;
    case SOPOOL_I64:
        return kind == SOPOOL_CBOR_UINT || kind == SOPOOL_CBOR_NEGINT;
    case SOPOOL_U64:
        return kind == SOPOOL_CBOR_UINT;
    case SOPOOL_F64:
        return kind == SOPOOL_CBOR_FLOAT;
    case SOPOOL_STR:
        return kind == SOPOOL_CBOR_TEXT;
    case SOPOOL_BYTES:
        return kind == SOPOOL_CBOR_BYTES;
    case SOPOOL_LIST:
        return kind == SOPOOL_CBOR_ARRAY;
    case SOPOOL_MAP:
        return kind == SOPOOL_CBOR_MAP;
    default:
        return true;
    }
}

START_TEST(fits_the_signature)
{
    bool kinds[SOPOOL_CBOR_NONE + 1] = {false};

    srand(1);
    for (int n = 0; n < 2000; n++) {
        struct choices choices = random_choices();
        sopool_writer out = growing_writer();
        sopool_reader r;
        sopool_blob item;
        uint64_t count;

        invent(&choices, &task, &nothing, &out);
        ck_assert_int_eq(out.failed, 0);
        ck_assert_ptr_null(sopool_cbor_check(out.data, out.size));
        r = sopool_reader_of(out.data, out.size);
        ck_assert_int_eq(sopool_read_array(&r, &count), 0);
        ck_assert_uint_eq(count, PARAMS);
        for (size_t i = 0; i < PARAMS; i++) {
            uint32_t kind = sopool_peek(&r);

            ck_assert_msg(is_kind(params[i].type, kind), "%s: kind %u",
                          params[i].name, kind);
            if (i == PARAMS - 1)
                kinds[kind] = true;
            ck_assert_int_eq(sopool_read_raw(&r, &item), 0);
        }
        free(out.data);
    }
    /* An argument of any type has been of each. */
    for (uint32_t kind = 0; kind < SOPOOL_CBOR_NONE; kind++)
        ck_assert_msg(kinds[kind] || kind == SOPOOL_CBOR_TAG, "kind %u", kind);
}
END_TEST

START_TEST(no_choices_are_the_simplest)
{
    static const uint8_t simplest[] = {0x89, 0xf4, 0x00, 0x00, 0xf9, 0x00,
                                       0x00, 0x60, 0x40, 0x80, 0xa0, 0xf6};
    struct choices choices = {.size = 0};
    sopool_writer out = growing_writer();

    invent(&choices, &task, &nothing, &out);
    ck_assert_mem_eq(out.data, simplest, sizeof(simplest));
    ck_assert_uint_eq(out.size, sizeof(simplest));
    free(out.data);
}
END_TEST

START_TEST(the_same_choices_give_the_same)
{
    srand(2);
    for (int n = 0; n < 100; n++) {
        struct choices choices = random_choices();
        sopool_writer a = growing_writer(), b = growing_writer();

        invent(&choices, &task, &nothing, &a);
        invent(&choices, &task, &nothing, &b);
        ck_assert_uint_eq(a.size, b.size);
        ck_assert_mem_eq(a.data, b.data, a.size);
        free(a.data);
        free(b.data);
    }
}
END_TEST

START_TEST(known_arguments_are_used)
{
    static const sopool_param param = {"s", SOPOOL_STR};
    static const sopool_task_info one = {
        .name = "t.t", .param_count = 1, .params = &param};
    static const uint8_t list[] = {0x81, 0x63, 'k', 'e', 'y'};
    const sopool_blob blob = {.ptr = list, .size = sizeof(list)};
    const struct known_args known = {&blob, 1};
    int used = 0;

    srand(3);
    for (int n = 0; n < 200; n++) {
        struct choices choices = random_choices();
        sopool_writer out = growing_writer();

        invent(&choices, &one, &known, &out);
        used += out.size == sizeof(list) &&
                memcmp(out.data, list, sizeof(list)) == 0;
        free(out.data);
    }
    ck_assert_int_gt(used, 20);
    ck_assert_int_lt(used, 180);
}
END_TEST

/* ---- comparing --------------------------------------------------------- */

START_TEST(what_is_the_same)
{
    ck_assert(same_json("[1,\"a\",null]", "[1,\"a\",null]", 0));
    ck_assert(!same_json("[1]", "[1", 0));
    ck_assert(!same_json("[1]", "[2]", 0.5));
    ck_assert(same_json("[1]", "[2]", 1));
    ck_assert(same_json("{\"x\":0.3333}", "{\"x\":0.33333}", 1e-3));
    ck_assert(!same_json("{\"x\":0.3333}", "{\"x\":0.33333}", 1e-6));
    ck_assert(!same_json("{\"x\":0.3333}", "{\"x\":0.33333}", 0));
    ck_assert(!same_json("{\"x\":-1.0}", "{\"y\":-1.0}", 10));
    /* Digits in texts are no numbers, however they are quoted. */
    ck_assert(!same_json("\"1\"", "\"2\"", 10));
    ck_assert(!same_json("\"\\\"1\"", "\"\\\"2\"", 10));
    ck_assert(same_json("[\"\\\\\",1]", "[\"\\\\\",2]", 1));
    /* Neighbours that one double stands for. */
    ck_assert(!same_json("9007199254740993", "9007199254740992", 0));
    ck_assert(!same_json("\"ab\"", "\"a\"", 0));
    ck_assert(!same_json("", "1", 0));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("invent");
    TCase *t = tcase_create("all");

    tcase_add_test(t, fits_the_signature);
    tcase_add_test(t, no_choices_are_the_simplest);
    tcase_add_test(t, the_same_choices_give_the_same);
    tcase_add_test(t, known_arguments_are_used);
    tcase_add_test(t, what_is_the_same);
    suite_add_tcase(s, t);
    return unit_run_here(s);
}
