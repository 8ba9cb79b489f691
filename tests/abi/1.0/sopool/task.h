/* task.h - what a task's author writes with. A plugin, whole:
 *
 *     #include <sopool/task.h>
 *
 *     SOPOOL_TASK(square, i64, "The square of x.", (i64, x))
 *     {
 *         if (__builtin_mul_overflow(a->x, a->x, out))
 *             return sopool_fail(call, "%" PRId64 " is too large", a->x);
 *         return SOPOOL_OK;
 *     }
 *
 *     SOPOOL_PLUGIN(math, "1.0", square);
 *
 * built with `cc -shared -fPIC -o math.so math.c`: nothing of sopool is linked.
 *
 * SOPOOL_TASK(name, result, doc, (type, parameter)...) takes up to eight
 * parameters. In its body there are
 *     call  the running call, for the functions below
 *     a     the arguments: a->parameter
 *     out   where the result goes
 * and it returns SOPOOL_OK, or what sopool_fail returns. The types:
 *
 *     type   argument       result (out points to it)
 *     bool   bool           bool
 *     i64    int64_t        int64_t
 *     u64    uint64_t       uint64_t
 *     f64    double         double
 *     str    sopool_text    sopool_text   UTF-8
 *     bytes  sopool_blob    sopool_blob
 *     list   sopool_blob    sopool_writer
 *     map    sopool_blob    sopool_writer
 *     any    sopool_blob    sopool_writer
 *
 * An argument of the last three is one CBOR item, to be read with
 * sopool_reader_of and the rest of <sopool/cbor.h>; such a result is written as
 * one CBOR item to the writer, which grows by itself. Arguments are borrowed
 * until the task returns; texts and bytes do not end with a NUL. The host has
 * checked them against the types before the task runs.
 *
 * A result of str or bytes: point out->ptr to it and set out->size. It is
 * copied when the task returns, unless it was written to what sopool_reserve
 * gave: then it lies where the pool reads it already.
 *
 * C11 and C++11, gcc and clang. That one macro both types the parameters and
 * makes the wrapper is the idea of Linux's SYSCALL_DEFINE.
 */
#ifndef SOPOOL_TASK_H
#define SOPOOL_TASK_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sopool/abi.h>
#include <sopool/cbor.h>

#define SOPOOL_UNUSED __attribute__((unused))

/* ---- what a body calls ------------------------------------------------- */

/* The call fails for this reason (printf's format, cut to 1023 bytes). Returns
 * SOPOOL_FAILED. */
static int32_t sopool_fail(sopool_call *call, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), unused));

static int32_t sopool_fail(sopool_call *call, const char *fmt, ...)
{
    char reason[1024];
    va_list ap;
    int size;

    va_start(ap, fmt);
    size = vsnprintf(reason, sizeof(reason), fmt, ap);
    va_end(ap);
    if (size < 0)
        size = 0;
    if ((size_t)size >= sizeof(reason))
        size = (int)sizeof(reason) - 1;
    call->host->fail(call, reason, (uint64_t)size);
    return SOPOOL_FAILED;
}

/* A line for the pool's log, at SOPOOL_LOG_INFO or another level. */
static void sopool_log(sopool_call *call, uint32_t level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), unused));

static void sopool_log(sopool_call *call, uint32_t level, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    int size;

    va_start(ap, fmt);
    size = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (size < 0)
        size = 0;
    if ((size_t)size >= sizeof(text))
        size = (int)sizeof(text) - 1;
    call->host->log(call, level, text, (uint64_t)size);
}

/* The longest head of a CBOR item. */
#define SOPOOL_HEAD_ROOM 9

/* Room for a str or bytes result of up to `size` bytes, written in place; for
 * such results only. Called again, what was written is kept and the older
 * pointer is no longer valid. NULL when there is no memory. */
static inline void *sopool_reserve(sopool_call *call, uint64_t size)
{
    uint8_t *room = NULL;

    if (size <= UINT64_MAX - SOPOOL_HEAD_ROOM)
        room = (uint8_t *)call->host->reserve(call, size + SOPOOL_HEAD_ROOM);
    return room == NULL ? NULL : room + SOPOOL_HEAD_ROOM;
}

/* Memory until the task returns, which nobody has to free. NULL: none. */
static inline void *sopool_scratch(sopool_call *call, uint64_t size)
{
    return call->host->scratch(call, size);
}

/* Not zero once the caller wants the task to end early: a long task looks now
 * and then, and fails. */
static inline uint32_t sopool_should_stop(sopool_call *call)
{
    return call->host->should_stop(call);
}

/* ---- results ----------------------------------------------------------- */

static inline int32_t sopool_no_memory(sopool_call *call)
{
    return sopool_fail(call, "no memory for the result");
}

/* Text or bytes: the head is written before what lies in place already. */
static inline int32_t sopool_give_data(sopool_call *call, unsigned major,
                                       const void *data, uint64_t size)
{
    size_t head = sopool_head_size(size);
    uint8_t *at = (uint8_t *)(uintptr_t)data;

    if (data == NULL || !call->host->reserved(call, data, size) ||
        !call->host->reserved(call, (uint8_t *)((uintptr_t)data - head),
                              head + size)) {
        at = (uint8_t *)call->host->reserve(call, head + size);
        if (at == NULL)
            return sopool_no_memory(call);
        at += head;
        if (size > 0)
            memcpy(at, data, (size_t)size);
    }
    (void)sopool_head_put(at - head, major, size);
    return call->host->result(call, at - head, head + size);
}

static inline void *sopool_out_grow(void *ctx, void *data, size_t need)
{
    sopool_call *call = (sopool_call *)ctx;

    (void)data;
    return call->host->reserve(call, need);
}

static inline sopool_writer sopool_out_writer(sopool_call *call)
{
    sopool_writer w = sopool_writer_of(NULL, 0);

    w.grow = sopool_out_grow;
    w.ctx = call;
    return w;
}

static inline int32_t sopool_give_written(sopool_call *call,
                                          const sopool_writer *w)
{
    if (w->failed)
        return sopool_no_memory(call);
    if (w->size == 0)
        return sopool_fail(call, "the task wrote no result");
    return call->host->result(call, w->data, w->size);
}

static inline int32_t sopool_give_small(sopool_call *call, sopool_writer *item)
{
    void *at = call->host->reserve(call, item->size);

    if (at == NULL)
        return sopool_no_memory(call);
    memcpy(at, item->data, item->size);
    return call->host->result(call, at, item->size);
}

static inline int32_t sopool_give_bool(sopool_call *call, const bool *out)
{
    uint8_t room[SOPOOL_HEAD_ROOM];
    sopool_writer w = sopool_writer_of(room, sizeof(room));

    (void)sopool_put_bool(&w, *out);
    return sopool_give_small(call, &w);
}

static inline int32_t sopool_give_i64(sopool_call *call, const int64_t *out)
{
    uint8_t room[SOPOOL_HEAD_ROOM];
    sopool_writer w = sopool_writer_of(room, sizeof(room));

    (void)sopool_put_i64(&w, *out);
    return sopool_give_small(call, &w);
}

static inline int32_t sopool_give_u64(sopool_call *call, const uint64_t *out)
{
    uint8_t room[SOPOOL_HEAD_ROOM];
    sopool_writer w = sopool_writer_of(room, sizeof(room));

    (void)sopool_put_u64(&w, *out);
    return sopool_give_small(call, &w);
}

static inline int32_t sopool_give_f64(sopool_call *call, const double *out)
{
    uint8_t room[SOPOOL_HEAD_ROOM];
    sopool_writer w = sopool_writer_of(room, sizeof(room));

    (void)sopool_put_f64(&w, *out);
    return sopool_give_small(call, &w);
}

static inline int32_t sopool_give_str(sopool_call *call, const sopool_text *out)
{
    return sopool_give_data(call, 3, out->ptr, out->size);
}

static inline int32_t sopool_give_bytes(sopool_call *call,
                                        const sopool_blob *out)
{
    return sopool_give_data(call, 2, out->ptr, out->size);
}

/* ---- the types, for the macros below ----------------------------------- */

#define SOPOOL_NAME_bool "bool"
#define SOPOOL_ARG_bool bool
#define SOPOOL_OUT_bool bool
#define SOPOOL_READ_bool sopool_read_bool
#define SOPOOL_INIT_bool false
#define SOPOOL_GIVE_bool sopool_give_bool
#define SOPOOL_NAME_i64 "i64"
#define SOPOOL_ARG_i64 int64_t
#define SOPOOL_OUT_i64 int64_t
#define SOPOOL_READ_i64 sopool_read_i64
#define SOPOOL_INIT_i64 0
#define SOPOOL_GIVE_i64 sopool_give_i64
#define SOPOOL_NAME_u64 "u64"
#define SOPOOL_ARG_u64 uint64_t
#define SOPOOL_OUT_u64 uint64_t
#define SOPOOL_READ_u64 sopool_read_u64
#define SOPOOL_INIT_u64 0
#define SOPOOL_GIVE_u64 sopool_give_u64
#define SOPOOL_NAME_f64 "f64"
#define SOPOOL_ARG_f64 double
#define SOPOOL_OUT_f64 double
#define SOPOOL_READ_f64 sopool_read_f64
#define SOPOOL_INIT_f64 0
#define SOPOOL_GIVE_f64 sopool_give_f64
#define SOPOOL_NAME_str "str"
#define SOPOOL_ARG_str sopool_text
#define SOPOOL_OUT_str sopool_text
#define SOPOOL_READ_str sopool_read_text
#define SOPOOL_INIT_str sopool_no_text()
#define SOPOOL_GIVE_str sopool_give_str
#define SOPOOL_NAME_bytes "bytes"
#define SOPOOL_ARG_bytes sopool_blob
#define SOPOOL_OUT_bytes sopool_blob
#define SOPOOL_READ_bytes sopool_read_bytes
#define SOPOOL_INIT_bytes sopool_no_blob()
#define SOPOOL_GIVE_bytes sopool_give_bytes
#define SOPOOL_NAME_list "list"
#define SOPOOL_ARG_list sopool_blob
#define SOPOOL_OUT_list sopool_writer
#define SOPOOL_READ_list sopool_read_raw
#define SOPOOL_INIT_list sopool_out_writer(call)
#define SOPOOL_GIVE_list sopool_give_written
#define SOPOOL_NAME_map "map"
#define SOPOOL_ARG_map sopool_blob
#define SOPOOL_OUT_map sopool_writer
#define SOPOOL_READ_map sopool_read_raw
#define SOPOOL_INIT_map sopool_out_writer(call)
#define SOPOOL_GIVE_map sopool_give_written
#define SOPOOL_NAME_any "any"
#define SOPOOL_ARG_any sopool_blob
#define SOPOOL_OUT_any sopool_writer
#define SOPOOL_READ_any sopool_read_raw
#define SOPOOL_INIT_any sopool_out_writer(call)
#define SOPOOL_GIVE_any sopool_give_written
/* `bool` is a macro of C's <stdbool.h>. */
#define SOPOOL_NAME__Bool SOPOOL_NAME_bool
#define SOPOOL_ARG__Bool SOPOOL_ARG_bool
#define SOPOOL_OUT__Bool SOPOOL_OUT_bool
#define SOPOOL_READ__Bool SOPOOL_READ_bool
#define SOPOOL_INIT__Bool SOPOOL_INIT_bool
#define SOPOOL_GIVE__Bool SOPOOL_GIVE_bool

static inline sopool_text sopool_no_text(void)
{
    sopool_text none = {NULL, 0};

    return none;
}

static inline sopool_blob sopool_no_blob(void)
{
    sopool_blob none = {NULL, 0};

    return none;
}

/* The host has checked the arguments; this is for a host that lies. */
static inline int32_t sopool_fail_args(sopool_call *call,
                                       const sopool_reader *r)
{
    return sopool_fail(call, "damaged arguments: %s",
                       r->error != NULL ? r->error : "wrong number");
}

/* ---- SOPOOL_TASK ------------------------------------------------------- */

#define SOPOOL_CAT_(a, b) a##b
#define SOPOOL_CAT(a, b) SOPOOL_CAT_(a, b)

/* What one parameter, `(type, name)`, becomes in each place. */
#define SOPOOL_FIELD(type, name) SOPOOL_ARG_##type name;
#define SOPOOL_TAKE(type, name) || SOPOOL_READ_##type(&r, &a.name) != 0
#define SOPOOL_SHOW(type, name) #name ": " SOPOOL_NAME_##type

#define SOPOOL_SECTION                                                         \
    __attribute__((section(SOPOOL_MANIFEST_SECTION), aligned(4)))

#define SOPOOL_DEFINE(flags, name, result, doc, count, fields, takes, shows)   \
    struct sopool_args_##name {                                                \
        fields char sopool_nothing;                                            \
    };                                                                         \
    static int32_t sopool_body_##name(sopool_call *call,                       \
                                      const struct sopool_args_##name *a,      \
                                      SOPOOL_OUT_##result *out);               \
    static int32_t sopool_entry_##name(sopool_call *call, const uint8_t *args, \
                                       uint64_t size)                          \
    {                                                                          \
        sopool_reader r = sopool_reader_of(args, (size_t)size);                \
        SOPOOL_OUT_##result out = SOPOOL_INIT_##result;                        \
        struct sopool_args_##name a;                                           \
        uint64_t given = 0;                                                    \
        int32_t status;                                                        \
                                                                               \
        memset(&a, 0, sizeof(a));                                              \
        if (sopool_read_array(&r, &given) != 0 || given != count takes)        \
            return sopool_fail_args(call, &r);                                 \
        status = sopool_body_##name(call, &a, &out);                           \
        return status == SOPOOL_OK ? SOPOOL_GIVE_##result(call, &out)          \
                                   : status;                                   \
    }                                                                          \
    static const struct {                                                      \
        sopool_record head;                                                    \
        char text[sizeof(#name "\0(" shows ") -> " SOPOOL_NAME_##result        \
                         "\0" doc)];                                           \
    } sopool_record_##name SOPOOL_SECTION = {                                  \
        {SOPOOL_RECORD_MAGIC,                                                  \
         (uint32_t)(sizeof(sopool_record) +                                    \
                    sizeof(#name "\0(" shows ") -> " SOPOOL_NAME_##result      \
                           "\0" doc)),                                         \
         SOPOOL_RECORD_TASK, (flags)},                                         \
        #name "\0(" shows ") -> " SOPOOL_NAME_##result "\0" doc};              \
    static const sopool_task sopool_task_##name = {                            \
        (uint32_t)sizeof(sopool_task),                                         \
        (flags),                                                               \
        #name,                                                                 \
        "(" shows ") -> " SOPOOL_NAME_##result,                                \
        doc,                                                                   \
        sopool_entry_##name,                                                   \
        &sopool_record_##name};                                                \
    static int32_t sopool_body_##name(                                         \
        SOPOOL_UNUSED sopool_call *call,                                       \
        SOPOOL_UNUSED const struct sopool_args_##name *a,                      \
        SOPOOL_UNUSED SOPOOL_OUT_##result *out)

#define SOPOOL_TASK_4(flags, name, result, doc)                                \
    SOPOOL_DEFINE(flags, name, result, doc, 0, , , "")
#define SOPOOL_TASK_5(flags, name, result, doc, p1)                            \
    SOPOOL_DEFINE(flags, name, result, doc, 1, SOPOOL_FIELD p1,                \
                  SOPOOL_TAKE p1, SOPOOL_SHOW p1)
#define SOPOOL_TASK_6(flags, name, result, doc, p1, p2)                        \
    SOPOOL_DEFINE(                                                             \
        flags, name, result, doc, 2, SOPOOL_FIELD p1 SOPOOL_FIELD p2,          \
        SOPOOL_TAKE p1 SOPOOL_TAKE p2, SOPOOL_SHOW p1 ", " SOPOOL_SHOW p2)
#define SOPOOL_TASK_7(flags, name, result, doc, p1, p2, p3)                    \
    SOPOOL_DEFINE(flags, name, result, doc, 3,                                 \
                  SOPOOL_FIELD p1 SOPOOL_FIELD p2 SOPOOL_FIELD p3,             \
                  SOPOOL_TAKE p1 SOPOOL_TAKE p2 SOPOOL_TAKE p3,                \
                  SOPOOL_SHOW p1 ", " SOPOOL_SHOW p2 ", " SOPOOL_SHOW p3)
#define SOPOOL_TASK_8(flags, name, result, doc, p1, p2, p3, p4)                \
    SOPOOL_DEFINE(                                                             \
        flags, name, result, doc, 4,                                           \
        SOPOOL_FIELD p1 SOPOOL_FIELD p2 SOPOOL_FIELD p3 SOPOOL_FIELD p4,       \
        SOPOOL_TAKE p1 SOPOOL_TAKE p2 SOPOOL_TAKE p3 SOPOOL_TAKE p4,           \
        SOPOOL_SHOW p1 ", " SOPOOL_SHOW p2 ", " SOPOOL_SHOW p3                 \
                       ", " SOPOOL_SHOW p4)
#define SOPOOL_TASK_9(flags, name, result, doc, p1, p2, p3, p4, p5)            \
    SOPOOL_DEFINE(flags, name, result, doc, 5,                                 \
                  SOPOOL_FIELD p1 SOPOOL_FIELD p2 SOPOOL_FIELD p3 SOPOOL_FIELD \
                      p4 SOPOOL_FIELD p5,                                      \
                  SOPOOL_TAKE p1 SOPOOL_TAKE p2 SOPOOL_TAKE p3 SOPOOL_TAKE p4  \
                      SOPOOL_TAKE p5,                                          \
                  SOPOOL_SHOW p1 ", " SOPOOL_SHOW p2 ", " SOPOOL_SHOW p3       \
                                 ", " SOPOOL_SHOW p4 ", " SOPOOL_SHOW p5)
#define SOPOOL_TASK_10(flags, name, result, doc, p1, p2, p3, p4, p5, p6)       \
    SOPOOL_DEFINE(flags, name, result, doc, 6,                                 \
                  SOPOOL_FIELD p1 SOPOOL_FIELD p2 SOPOOL_FIELD p3 SOPOOL_FIELD \
                      p4 SOPOOL_FIELD p5 SOPOOL_FIELD p6,                      \
                  SOPOOL_TAKE p1 SOPOOL_TAKE p2 SOPOOL_TAKE p3 SOPOOL_TAKE p4  \
                      SOPOOL_TAKE p5 SOPOOL_TAKE p6,                           \
                  SOPOOL_SHOW p1 ", " SOPOOL_SHOW p2 ", " SOPOOL_SHOW p3       \
                                 ", " SOPOOL_SHOW p4 ", " SOPOOL_SHOW p5       \
                                 ", " SOPOOL_SHOW p6)
#define SOPOOL_TASK_11(flags, name, result, doc, p1, p2, p3, p4, p5, p6, p7)   \
    SOPOOL_DEFINE(flags, name, result, doc, 7,                                 \
                  SOPOOL_FIELD p1 SOPOOL_FIELD p2 SOPOOL_FIELD p3 SOPOOL_FIELD \
                      p4 SOPOOL_FIELD p5 SOPOOL_FIELD p6 SOPOOL_FIELD p7,      \
                  SOPOOL_TAKE p1 SOPOOL_TAKE p2 SOPOOL_TAKE p3 SOPOOL_TAKE p4  \
                      SOPOOL_TAKE p5 SOPOOL_TAKE p6 SOPOOL_TAKE p7,            \
                  SOPOOL_SHOW p1 ", " SOPOOL_SHOW p2 ", " SOPOOL_SHOW p3       \
                                 ", " SOPOOL_SHOW p4 ", " SOPOOL_SHOW p5       \
                                 ", " SOPOOL_SHOW p6 ", " SOPOOL_SHOW p7)
#define SOPOOL_TASK_12(flags, name, result, doc, p1, p2, p3, p4, p5, p6, p7,   \
                       p8)                                                     \
    SOPOOL_DEFINE(                                                             \
        flags, name, result, doc, 8,                                           \
        SOPOOL_FIELD p1 SOPOOL_FIELD p2 SOPOOL_FIELD p3 SOPOOL_FIELD p4        \
            SOPOOL_FIELD p5 SOPOOL_FIELD p6 SOPOOL_FIELD p7 SOPOOL_FIELD p8,   \
        SOPOOL_TAKE p1 SOPOOL_TAKE p2 SOPOOL_TAKE p3 SOPOOL_TAKE p4            \
            SOPOOL_TAKE p5 SOPOOL_TAKE p6 SOPOOL_TAKE p7 SOPOOL_TAKE p8,       \
        SOPOOL_SHOW p1 ", " SOPOOL_SHOW p2 ", " SOPOOL_SHOW p3                 \
                       ", " SOPOOL_SHOW p4 ", " SOPOOL_SHOW p5                 \
                       ", " SOPOOL_SHOW p6 ", " SOPOOL_SHOW p7                 \
                       ", " SOPOOL_SHOW p8)

#define SOPOOL_PICK_13(a, b, c, d, e, f, g, h, i, j, k, l, n, ...) n
#define SOPOOL_COUNT_12(...)                                                   \
    SOPOOL_PICK_13(__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)

/* With flags: SOPOOL_TASK_WITH(SOPOOL_PURE | SOPOOL_IDEMPOTENT, name, ...). */
#define SOPOOL_TASK_WITH(...)                                                  \
    SOPOOL_CAT(SOPOOL_TASK_, SOPOOL_COUNT_12(__VA_ARGS__))(__VA_ARGS__)
#define SOPOOL_TASK(...) SOPOOL_TASK_WITH(UINT32_C(0), __VA_ARGS__)

/* The task itself, for sopool_register of <sopool.h>: a program's own functions
 * are written as a plugin's are. */
#define SOPOOL_TASK_OF(name) (&sopool_task_##name)

/* ---- SOPOOL_PLUGIN ----------------------------------------------------- */

#define SOPOOL_EACH_1(m, x) m(x)
#define SOPOOL_EACH_2(m, x, ...) m(x) SOPOOL_EACH_1(m, __VA_ARGS__)
#define SOPOOL_EACH_3(m, x, ...) m(x) SOPOOL_EACH_2(m, __VA_ARGS__)
#define SOPOOL_EACH_4(m, x, ...) m(x) SOPOOL_EACH_3(m, __VA_ARGS__)
#define SOPOOL_EACH_5(m, x, ...) m(x) SOPOOL_EACH_4(m, __VA_ARGS__)
#define SOPOOL_EACH_6(m, x, ...) m(x) SOPOOL_EACH_5(m, __VA_ARGS__)
#define SOPOOL_EACH_7(m, x, ...) m(x) SOPOOL_EACH_6(m, __VA_ARGS__)
#define SOPOOL_EACH_8(m, x, ...) m(x) SOPOOL_EACH_7(m, __VA_ARGS__)
#define SOPOOL_EACH_9(m, x, ...) m(x) SOPOOL_EACH_8(m, __VA_ARGS__)
#define SOPOOL_EACH_10(m, x, ...) m(x) SOPOOL_EACH_9(m, __VA_ARGS__)
#define SOPOOL_EACH_11(m, x, ...) m(x) SOPOOL_EACH_10(m, __VA_ARGS__)
#define SOPOOL_EACH_12(m, x, ...) m(x) SOPOOL_EACH_11(m, __VA_ARGS__)
#define SOPOOL_EACH_13(m, x, ...) m(x) SOPOOL_EACH_12(m, __VA_ARGS__)
#define SOPOOL_EACH_14(m, x, ...) m(x) SOPOOL_EACH_13(m, __VA_ARGS__)
#define SOPOOL_EACH_15(m, x, ...) m(x) SOPOOL_EACH_14(m, __VA_ARGS__)
#define SOPOOL_EACH_16(m, x, ...) m(x) SOPOOL_EACH_15(m, __VA_ARGS__)
#define SOPOOL_EACH_17(m, x, ...) m(x) SOPOOL_EACH_16(m, __VA_ARGS__)
#define SOPOOL_EACH_18(m, x, ...) m(x) SOPOOL_EACH_17(m, __VA_ARGS__)
#define SOPOOL_EACH_19(m, x, ...) m(x) SOPOOL_EACH_18(m, __VA_ARGS__)
#define SOPOOL_EACH_20(m, x, ...) m(x) SOPOOL_EACH_19(m, __VA_ARGS__)
#define SOPOOL_EACH_21(m, x, ...) m(x) SOPOOL_EACH_20(m, __VA_ARGS__)
#define SOPOOL_EACH_22(m, x, ...) m(x) SOPOOL_EACH_21(m, __VA_ARGS__)
#define SOPOOL_EACH_23(m, x, ...) m(x) SOPOOL_EACH_22(m, __VA_ARGS__)
#define SOPOOL_EACH_24(m, x, ...) m(x) SOPOOL_EACH_23(m, __VA_ARGS__)
#define SOPOOL_EACH_25(m, x, ...) m(x) SOPOOL_EACH_24(m, __VA_ARGS__)
#define SOPOOL_EACH_26(m, x, ...) m(x) SOPOOL_EACH_25(m, __VA_ARGS__)
#define SOPOOL_EACH_27(m, x, ...) m(x) SOPOOL_EACH_26(m, __VA_ARGS__)
#define SOPOOL_EACH_28(m, x, ...) m(x) SOPOOL_EACH_27(m, __VA_ARGS__)
#define SOPOOL_EACH_29(m, x, ...) m(x) SOPOOL_EACH_28(m, __VA_ARGS__)
#define SOPOOL_EACH_30(m, x, ...) m(x) SOPOOL_EACH_29(m, __VA_ARGS__)
#define SOPOOL_EACH_31(m, x, ...) m(x) SOPOOL_EACH_30(m, __VA_ARGS__)
#define SOPOOL_EACH_32(m, x, ...) m(x) SOPOOL_EACH_31(m, __VA_ARGS__)
#define SOPOOL_EACH_33(m, x, ...) m(x) SOPOOL_EACH_32(m, __VA_ARGS__)
#define SOPOOL_EACH_34(m, x, ...) m(x) SOPOOL_EACH_33(m, __VA_ARGS__)
#define SOPOOL_EACH_35(m, x, ...) m(x) SOPOOL_EACH_34(m, __VA_ARGS__)
#define SOPOOL_EACH_36(m, x, ...) m(x) SOPOOL_EACH_35(m, __VA_ARGS__)
#define SOPOOL_EACH_37(m, x, ...) m(x) SOPOOL_EACH_36(m, __VA_ARGS__)
#define SOPOOL_EACH_38(m, x, ...) m(x) SOPOOL_EACH_37(m, __VA_ARGS__)
#define SOPOOL_EACH_39(m, x, ...) m(x) SOPOOL_EACH_38(m, __VA_ARGS__)
#define SOPOOL_EACH_40(m, x, ...) m(x) SOPOOL_EACH_39(m, __VA_ARGS__)
#define SOPOOL_EACH_41(m, x, ...) m(x) SOPOOL_EACH_40(m, __VA_ARGS__)
#define SOPOOL_EACH_42(m, x, ...) m(x) SOPOOL_EACH_41(m, __VA_ARGS__)
#define SOPOOL_EACH_43(m, x, ...) m(x) SOPOOL_EACH_42(m, __VA_ARGS__)
#define SOPOOL_EACH_44(m, x, ...) m(x) SOPOOL_EACH_43(m, __VA_ARGS__)
#define SOPOOL_EACH_45(m, x, ...) m(x) SOPOOL_EACH_44(m, __VA_ARGS__)
#define SOPOOL_EACH_46(m, x, ...) m(x) SOPOOL_EACH_45(m, __VA_ARGS__)
#define SOPOOL_EACH_47(m, x, ...) m(x) SOPOOL_EACH_46(m, __VA_ARGS__)
#define SOPOOL_EACH_48(m, x, ...) m(x) SOPOOL_EACH_47(m, __VA_ARGS__)
#define SOPOOL_EACH_49(m, x, ...) m(x) SOPOOL_EACH_48(m, __VA_ARGS__)
#define SOPOOL_EACH_50(m, x, ...) m(x) SOPOOL_EACH_49(m, __VA_ARGS__)
#define SOPOOL_EACH_51(m, x, ...) m(x) SOPOOL_EACH_50(m, __VA_ARGS__)
#define SOPOOL_EACH_52(m, x, ...) m(x) SOPOOL_EACH_51(m, __VA_ARGS__)
#define SOPOOL_EACH_53(m, x, ...) m(x) SOPOOL_EACH_52(m, __VA_ARGS__)
#define SOPOOL_EACH_54(m, x, ...) m(x) SOPOOL_EACH_53(m, __VA_ARGS__)
#define SOPOOL_EACH_55(m, x, ...) m(x) SOPOOL_EACH_54(m, __VA_ARGS__)
#define SOPOOL_EACH_56(m, x, ...) m(x) SOPOOL_EACH_55(m, __VA_ARGS__)
#define SOPOOL_EACH_57(m, x, ...) m(x) SOPOOL_EACH_56(m, __VA_ARGS__)
#define SOPOOL_EACH_58(m, x, ...) m(x) SOPOOL_EACH_57(m, __VA_ARGS__)
#define SOPOOL_EACH_59(m, x, ...) m(x) SOPOOL_EACH_58(m, __VA_ARGS__)
#define SOPOOL_EACH_60(m, x, ...) m(x) SOPOOL_EACH_59(m, __VA_ARGS__)
#define SOPOOL_EACH_61(m, x, ...) m(x) SOPOOL_EACH_60(m, __VA_ARGS__)
#define SOPOOL_EACH_62(m, x, ...) m(x) SOPOOL_EACH_61(m, __VA_ARGS__)
#define SOPOOL_EACH_63(m, x, ...) m(x) SOPOOL_EACH_62(m, __VA_ARGS__)
#define SOPOOL_EACH_64(m, x, ...) m(x) SOPOOL_EACH_63(m, __VA_ARGS__)
#define SOPOOL_PICK_65(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, \
                       a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24,  \
                       a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35,  \
                       a36, a37, a38, a39, a40, a41, a42, a43, a44, a45, a46,  \
                       a47, a48, a49, a50, a51, a52, a53, a54, a55, a56, a57,  \
                       a58, a59, a60, a61, a62, a63, a64, n, ...)              \
    n
#define SOPOOL_COUNT_64(...)                                                   \
    SOPOOL_PICK_65(__VA_ARGS__, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54,    \
                   53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, \
                   38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, \
                   23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9,  \
                   8, 7, 6, 5, 4, 3, 2, 1, 0)
#define SOPOOL_EACH(m, ...)                                                    \
    SOPOOL_CAT(SOPOOL_EACH_, SOPOOL_COUNT_64(__VA_ARGS__))(m, __VA_ARGS__)

#define SOPOOL_TASK_NAME(name) #name "\0"
#define SOPOOL_TASK_POINTER(name) &sopool_task_##name,

#ifdef __cplusplus
#define SOPOOL_EXTERN_C extern "C"
#else
#define SOPOOL_EXTERN_C extern
#endif

/* SOPOOL_PLUGIN(name, "version", task...): ends a plugin's source. */
#define SOPOOL_PLUGIN(...) SOPOOL_PLUGIN_WITH(NULL, __VA_ARGS__)

/* With a function that runs once in each process that opens the plugin, before
 * any task: static int32_t load(sopool_call *call); it fails as tasks do. */
#define SOPOOL_PLUGIN_WITH(load, name, version, ...)                           \
    static const struct {                                                      \
        sopool_record head;                                                    \
        char text[sizeof(#name "\0" version "\0" SOPOOL_EACH(SOPOOL_TASK_NAME, \
                                                             __VA_ARGS__))];   \
    } sopool_plugin_record SOPOOL_SECTION = {                                  \
        {SOPOOL_RECORD_MAGIC,                                                  \
         (uint32_t)(sizeof(sopool_record) +                                    \
                    sizeof(#name "\0" version "\0" SOPOOL_EACH(                \
                        SOPOOL_TASK_NAME, __VA_ARGS__)) -                      \
                    1),                                                        \
         SOPOOL_RECORD_PLUGIN, SOPOOL_ABI_MAJOR << 16 | SOPOOL_ABI_MINOR},     \
        #name "\0" version "\0" SOPOOL_EACH(SOPOOL_TASK_NAME, __VA_ARGS__)};   \
    static const sopool_task *const sopool_plugin_tasks[] = {                  \
        SOPOOL_EACH(SOPOOL_TASK_POINTER, __VA_ARGS__)};                        \
    SOPOOL_EXTERN_C __attribute__((visibility("default")))                     \
    const sopool_plugin sopool_plugin_v1;                                      \
    const sopool_plugin sopool_plugin_v1 = {                                   \
        SOPOOL_PLUGIN_MAGIC,                                                   \
        (uint32_t)sizeof(sopool_plugin),                                       \
        SOPOOL_ABI_MINOR,                                                      \
        (uint32_t)(sizeof(sopool_plugin_tasks) /                               \
                   sizeof(sopool_plugin_tasks[0])),                            \
        #name,                                                                 \
        version,                                                               \
        sopool_plugin_tasks,                                                   \
        load,                                                                  \
        &sopool_plugin_record}

#endif
