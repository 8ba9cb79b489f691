/* test_task.c - the task macros, with a plugin that is compiled in and a host
 * that stands in for a worker. */
#include <sopool/task.h>

#include "unit.h"

#include <stdlib.h>

/* ---- the plugin --------------------------------------------------------- */

SOPOOL_TASK(nothing, bool, "No parameters.")
{
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_TASK(square, i64, "The square of x.", (i64, x))
{
    if (__builtin_mul_overflow(a->x, a->x, out))
        return sopool_fail(call, "the square of %" PRId64 " does not fit",
                           a->x);
    return SOPOOL_OK;
}

SOPOOL_TASK(half, f64, "Half of x.", (f64, x))
{
    *out = a->x / 2;
    return SOPOOL_OK;
}

SOPOOL_TASK_WITH(SOPOOL_PURE | SOPOOL_IDEMPOTENT, either, bool, "Or.",
                 (bool, left), (bool, right))
{
    *out = a->left || a->right;
    return SOPOOL_OK;
}

SOPOOL_TASK(all, u64, "One of each type, less one.", (bool, b), (i64, i),
            (u64, u), (f64, f), (str, s), (bytes, d), (list, l), (map, m))
{
    *out = (a->b ? 1 : 0) + (uint64_t)-a->i + a->u + (uint64_t)a->f +
           a->s.size + a->d.size + a->l.size + a->m.size;
    return SOPOOL_OK;
}

/* The names of libc's functions are free to use. */
SOPOOL_TASK(log, str, "The text, copied.", (str, text))
{
    *out = a->text;
    return SOPOOL_OK;
}

SOPOOL_TASK(exp, bytes, "As many bytes, in place.", (u64, size))
{
    uint8_t *to = (uint8_t *)sopool_reserve(call, a->size);
    uint64_t i;

    if (to == NULL)
        return sopool_fail(call, "no memory");
    for (i = 0; i < a->size; i++)
        to[i] = (uint8_t)i;
    out->ptr = to;
    out->size = a->size;
    return SOPOOL_OK;
}

SOPOOL_TASK(middle, str, "A part of what was reserved.")
{
    char *to = (char *)sopool_reserve(call, 100);

    memset(to, 'x', 100);
    to = (char *)sopool_reserve(call, 200);
    out->ptr = to + 10;
    out->size = 50;
    return SOPOOL_OK;
}

SOPOOL_TASK(empty, str, "Leaves the result alone.")
{
    return SOPOOL_OK;
}

SOPOOL_TASK(upto, list, "The numbers below n.", (u64, n))
{
    uint64_t i;

    sopool_put_array(out, a->n);
    for (i = 0; i < a->n; i++)
        sopool_put_u64(out, i);
    return SOPOOL_OK;
}

SOPOOL_TASK(same, any, "The value.", (any, value))
{
    sopool_put_raw(out, a->value.ptr, a->value.size);
    return SOPOOL_OK;
}

SOPOOL_TASK(one, map, "A map of one key.")
{
    sopool_put_map(out, 1);
    sopool_put_text(out, "k", 1);
    sopool_put_null(out);
    return SOPOOL_OK;
}

SOPOOL_TASK(forgets, any, "Writes nothing.")
{
    return SOPOOL_OK;
}

SOPOOL_TASK(talks, i64, "Uses the rest of the host.")
{
    char *room = (char *)sopool_scratch(call, 100);

    memset(room, 'y', 100);
    sopool_log(call, SOPOOL_LOG_INFO, "%c is %d", room[99], 7);
    *out = (int64_t)sopool_should_stop(call);
    return SOPOOL_OK;
}

SOPOOL_TASK(fails_long, i64, "A reason longer than the room for it.")
{
    char text[3000];

    memset(text, 'z', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    return sopool_fail(call, "%s", text);
}

SOPOOL_TASK(odd, i64, "Returns neither of the two.")
{
    return 42;
}

static int loaded;

static int32_t load(sopool_call *call)
{
    (void)call;
    loaded++;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN_WITH(load, probe, "2.5", nothing, square, half, either, all, log,
                   exp, middle, empty, upto, same, one, forgets, talks,
                   fails_long, odd);

/* ---- the host ----------------------------------------------------------- */

struct fake {
    sopool_call abi;
    uint8_t *space; /* owned, moved by each reserve */
    uint64_t room;
    int reserves;
    int poor; /* no memory */
    const uint8_t *start;
    uint64_t size;
    char reason[2000];
    uint64_t reason_size;
    char line[100];
    char scratch[100];
};

static struct fake *fake_of(sopool_call *call)
{
    return (struct fake *)(void *)call;
}

/* Always elsewhere, so that a pointer that is out of date shows. */
static void *reserve(sopool_call *call, uint64_t size)
{
    struct fake *f = fake_of(call);
    uint8_t *space = f->poor ? NULL : malloc(size > 0 ? size : 1);

    if (space == NULL)
        return NULL;
    if (f->space != NULL)
        memcpy(space, f->space, f->room < size ? f->room : size);
    free(f->space);
    f->space = space;
    f->room = size;
    f->reserves++;
    return space;
}

static int32_t reserved(sopool_call *call, const void *ptr, uint64_t size)
{
    const struct fake *f = fake_of(call);
    uintptr_t at = (uintptr_t)ptr, space = (uintptr_t)f->space;

    return f->space != NULL && at >= space && at <= space + f->room &&
           size <= space + f->room - at;
}

static int32_t result(sopool_call *call, const void *start, uint64_t size)
{
    struct fake *f = fake_of(call);

    if (!reserved(call, start, size))
        return -1;
    f->start = start;
    f->size = size;
    return 0;
}

static void *scratch(sopool_call *call, uint64_t size)
{
    return size <= sizeof(fake_of(call)->scratch) ? fake_of(call)->scratch
                                                  : NULL;
}

static void take_reason(sopool_call *call, const char *reason, uint64_t size)
{
    struct fake *f = fake_of(call);

    memcpy(f->reason, reason, size);
    f->reason_size = size;
}

static uint32_t should_stop(sopool_call *call)
{
    (void)call;
    return 5;
}

static void take_line(sopool_call *call, uint32_t level, const char *text,
                      uint64_t size)
{
    (void)snprintf(fake_of(call)->line, sizeof(fake_of(call)->line), "%u %.*s",
                   (unsigned)level, (int)size, text);
}

static const sopool_host host = {
    sizeof(sopool_host), SOPOOL_ABI_MINOR, reserve,   result,  scratch,
    take_reason,         should_stop,      take_line, reserved};

static struct fake fake;

static void new_call(void)
{
    free(fake.space);
    memset(&fake, 0, sizeof(fake));
    fake.abi.host = &host;
}

static void end_call(void)
{
    free(fake.space);
    fake.space = NULL;
}

static int32_t run(const sopool_task *task, const void *args, size_t size)
{
    return task->run(&fake.abi, args, size);
}

/* With arguments whose size the compiler knows. */
#define RUN(task, args) run(&sopool_task_##task, args, sizeof(args) - 1)

static void assert_result(const void *bytes, size_t size)
{
    ck_assert_uint_eq(fake.size, size);
    ck_assert_mem_eq(fake.start, bytes, size);
    ck_assert_ptr_null(sopool_cbor_check(fake.start, fake.size));
}

#define ASSERT_RESULT(bytes) assert_result(bytes, sizeof(bytes) - 1)

/* ---- results ------------------------------------------------------------ */

START_TEST(scalars)
{
    ck_assert_int_eq(RUN(nothing, "\x80"), SOPOOL_OK);
    ASSERT_RESULT("\xf5");
    ck_assert_int_eq(RUN(square, "\x81\x29"), SOPOOL_OK);
    ASSERT_RESULT("\x18\x64");
    ck_assert_int_eq(RUN(half, "\x81\x03"), SOPOOL_OK); /* an integer too */
    ASSERT_RESULT("\xf9\x3e\x00");
    ck_assert_int_eq(RUN(either, "\x82\xf4\xf4"), SOPOOL_OK);
    ASSERT_RESULT("\xf4");
    ck_assert_int_eq(RUN(either, "\x82\xf4\xf5"), SOPOOL_OK);
    ASSERT_RESULT("\xf5");
}
END_TEST

START_TEST(every_type)
{
    ck_assert_int_eq(RUN(all, "\x88\xf5\x20\x02\xf9\x40\x00"
                              "\x62hi\x41\x00\x81\x01\xa1\x61k\xf6"),
                     SOPOOL_OK);
    /* 1 + 1 + 2 + 2 + 2 + 1 + 2 + 4 */
    ASSERT_RESULT("\x0f");
}
END_TEST

START_TEST(text_is_copied)
{
    ck_assert_int_eq(RUN(log, "\x81\x63xyz"), SOPOOL_OK);
    ASSERT_RESULT("\x63xyz");
    ck_assert_int_eq(fake.reserves, 1);
    ck_assert_int_eq(RUN(log, "\x81\x60"), SOPOOL_OK);
    ASSERT_RESULT("\x60");
}
END_TEST

/* Whatever the size of its head, the result is where it was written. */
START_TEST(bytes_in_place)
{
    static const uint64_t sizes[] = {0, 1, 23, 24, 255, 256, 65535, 65536};
    uint8_t args[10];
    sopool_writer w = sopool_writer_of(args, sizeof(args));
    sopool_reader r;
    sopool_blob blob = {NULL, 0};

    ck_assert_int_eq(sopool_put_array(&w, 1), 0);
    ck_assert_int_eq(sopool_put_u64(&w, sizes[_i]), 0);
    ck_assert_int_eq(run(&sopool_task_exp, args, w.size), SOPOOL_OK);
    ck_assert_int_eq(fake.reserves, 1);
    ck_assert_uint_eq(fake.size, sizes[_i] + sopool_head_size(sizes[_i]));
    r = sopool_reader_of(fake.start, fake.size);
    ck_assert_int_eq(sopool_read_bytes(&r, &blob), 0);
    ck_assert_ptr_eq(r.at, r.end);
    ck_assert_uint_eq(blob.size, sizes[_i]);
    ck_assert_ptr_eq(blob.ptr, fake.space + 9);
    for (uint64_t i = 0; i < blob.size; i++)
        ck_assert_uint_eq(blob.ptr[i], i & 0xff);
}
END_TEST

START_TEST(part_of_the_reserved)
{
    char want[52];

    memset(want, 'x', sizeof(want));
    memcpy(want, "\x78\x32", 2);
    ck_assert_int_eq(RUN(middle, "\x80"), SOPOOL_OK);
    ck_assert_int_eq(fake.reserves, 2);
    assert_result(want, sizeof(want));
}
END_TEST

START_TEST(result_left_alone)
{
    ck_assert_int_eq(RUN(empty, "\x80"), SOPOOL_OK);
    ASSERT_RESULT("\x60");
}
END_TEST

START_TEST(writer_grows)
{
    sopool_reader r;
    uint64_t count = 0, value = 0;

    ck_assert_int_eq(RUN(upto, "\x81\x19\x27\x10"), SOPOOL_OK);
    ck_assert_ptr_null(sopool_cbor_check(fake.start, fake.size));
    r = sopool_reader_of(fake.start, fake.size);
    ck_assert_int_eq(sopool_read_array(&r, &count), 0);
    ck_assert_uint_eq(count, 10000);
    for (uint64_t i = 0; i < count; i++) {
        ck_assert_int_eq(sopool_read_u64(&r, &value), 0);
        ck_assert_uint_eq(value, i);
    }
    ck_assert_int_lt(fake.reserves, 12); /* geometric */
}
END_TEST

START_TEST(written_results)
{
    ck_assert_int_eq(RUN(upto, "\x81\x00"), SOPOOL_OK);
    ASSERT_RESULT("\x80");
    ck_assert_int_eq(RUN(same, "\x81\x82\x01\x61k"), SOPOOL_OK);
    ASSERT_RESULT("\x82\x01\x61k");
    ck_assert_int_eq(RUN(one, "\x80"), SOPOOL_OK);
    ASSERT_RESULT("\xa1\x61k\xf6");
}
END_TEST

/* ---- failures ----------------------------------------------------------- */

static void assert_reason(const char *reason)
{
    ck_assert_str_eq(fake.reason, reason);
    ck_assert_uint_eq(fake.reason_size, strlen(reason));
    ck_assert_ptr_null(fake.start);
}

START_TEST(fails_with_reason)
{
    ck_assert_int_eq(RUN(square, "\x81\x1b\x7f\xff\xff\xff\xff\xff\xff\xff"),
                     SOPOOL_FAILED);
    assert_reason("the square of 9223372036854775807 does not fit");
}
END_TEST

START_TEST(reason_is_cut)
{
    ck_assert_int_eq(RUN(fails_long, "\x80"), SOPOOL_FAILED);
    ck_assert_uint_eq(fake.reason_size, 1023);
}
END_TEST

START_TEST(odd_status_is_no_success)
{
    ck_assert_int_ne(RUN(odd, "\x80"), SOPOOL_OK);
    ck_assert_ptr_null(fake.start);
}
END_TEST

START_TEST(nothing_written)
{
    ck_assert_int_eq(RUN(forgets, "\x80"), SOPOOL_FAILED);
    assert_reason("the task wrote no result");
}
END_TEST

START_TEST(no_memory)
{
    fake.poor = 1;
    ck_assert_int_eq(RUN(nothing, "\x80"), SOPOOL_FAILED);
    assert_reason("no memory for the result");
    ck_assert_int_eq(RUN(log, "\x81\x61x"), SOPOOL_FAILED);
    assert_reason("no memory for the result");
    ck_assert_int_eq(RUN(one, "\x80"), SOPOOL_FAILED);
    assert_reason("no memory for the result");
    ck_assert_ptr_null(sopool_reserve(&fake.abi, UINT64_MAX));
}
END_TEST

/* The host checks arguments; a wrapper still reads no byte too many. */
START_TEST(wrong_arguments)
{
    static const char *const wrong[] = {"",         "80",     "820102",
                                        "81613a",   "a16161", "81",
                                        "811b0000", "01",     "9f01ff"};
    uint8_t bytes[16];
    size_t size = 0;

    for (const char *hex = wrong[_i]; *hex != '\0'; hex += 2) {
        char pair[3] = {hex[0], hex[1], '\0'};

        bytes[size++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    ck_assert_int_eq(run(&sopool_task_square, bytes, size), SOPOOL_FAILED);
    ck_assert_ptr_nonnull(strstr(fake.reason, "damaged arguments"));
    ck_assert_ptr_null(fake.start);
}
END_TEST

START_TEST(rest_of_the_host)
{
    ck_assert_int_eq(RUN(talks, "\x80"), SOPOOL_OK);
    ASSERT_RESULT("\x05");
    ck_assert_str_eq(fake.line, "2 y is 7");
}
END_TEST

/* ---- what the plugin says of itself ------------------------------------- */

START_TEST(plugin_object)
{
    const sopool_plugin *p = &sopool_plugin_v1;

    ck_assert_uint_eq(p->magic, SOPOOL_PLUGIN_MAGIC);
    ck_assert_uint_eq(p->size, sizeof(*p));
    ck_assert(SOPOOL_HAS(p, sopool_plugin, record));
    ck_assert_uint_eq(p->task_count, 16);
    ck_assert_str_eq(p->name, "probe");
    ck_assert_str_eq(p->version, "2.5");
    ck_assert_ptr_eq(p->tasks[1], &sopool_task_square);
    ck_assert_int_eq(p->load(&fake.abi), SOPOOL_OK);
    ck_assert_int_eq(loaded, 1);
}
END_TEST

START_TEST(signatures)
{
    ck_assert_str_eq(sopool_task_nothing.signature, "() -> bool");
    ck_assert_str_eq(sopool_task_either.signature,
                     "(left: bool, right: bool) -> bool");
    ck_assert_str_eq(sopool_task_all.signature,
                     "(b: bool, i: i64, u: u64, f: f64, s: str, d: bytes, "
                     "l: list, m: map) -> u64");
    ck_assert_str_eq(sopool_task_same.signature, "(value: any) -> any");
    ck_assert_str_eq(sopool_task_log.name, "log");
    ck_assert_uint_eq(sopool_task_log.flags, 0);
    ck_assert_uint_eq(sopool_task_either.flags,
                      SOPOOL_PURE | SOPOOL_IDEMPOTENT);
}
END_TEST

/* The texts of a record must be these and nothing more. */
static void assert_record(const void *at, uint32_t kind, uint32_t flags,
                          const char *texts, size_t size)
{
    const sopool_record *head = at;

    ck_assert_uint_eq((uintptr_t)at % 4, 0);
    ck_assert_uint_eq(head->magic, SOPOOL_RECORD_MAGIC);
    ck_assert_uint_eq(head->kind, kind);
    ck_assert_uint_eq(head->flags, flags);
    ck_assert_uint_eq(head->size, sizeof(*head) + size);
    ck_assert_mem_eq(head + 1, texts, size);
}

START_TEST(records)
{
    static const char square[] = "square\0(x: i64) -> i64\0The square of x.";
    static const char either[] =
        "either\0(left: bool, right: bool) -> bool\0Or.";
    static const char probe[] =
        "probe\0"
        "2.5\0nothing\0square\0half\0either\0all\0log\0exp\0middle\0empty\0"
        "upto\0same\0one\0forgets\0talks\0fails_long\0odd";

    assert_record(sopool_task_square.record, SOPOOL_RECORD_TASK, 0, square,
                  sizeof(square));
    assert_record(sopool_task_either.record, SOPOOL_RECORD_TASK,
                  SOPOOL_PURE | SOPOOL_IDEMPOTENT, either, sizeof(either));
    assert_record(sopool_plugin_v1.record, SOPOOL_RECORD_PLUGIN,
                  SOPOOL_ABI_MAJOR << 16 | SOPOOL_ABI_MINOR, probe,
                  sizeof(probe));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("task");
    TCase *t = tcase_create("task");

    tcase_add_checked_fixture(t, new_call, end_call);
    tcase_add_test(t, scalars);
    tcase_add_test(t, every_type);
    tcase_add_test(t, text_is_copied);
    tcase_add_loop_test(t, bytes_in_place, 0, 8);
    tcase_add_test(t, part_of_the_reserved);
    tcase_add_test(t, result_left_alone);
    tcase_add_test(t, writer_grows);
    tcase_add_test(t, written_results);
    tcase_add_test(t, fails_with_reason);
    tcase_add_test(t, reason_is_cut);
    tcase_add_test(t, odd_status_is_no_success);
    tcase_add_test(t, nothing_written);
    tcase_add_test(t, no_memory);
    tcase_add_loop_test(t, wrong_arguments, 0, 9);
    tcase_add_test(t, rest_of_the_host);
    tcase_add_test(t, plugin_object);
    tcase_add_test(t, signatures);
    tcase_add_test(t, records);
    suite_add_tcase(s, t);
    return unit_run_here(s);
}
