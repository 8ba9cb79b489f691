/* sopool.h - pools of worker processes that run the tasks of plugins.
 *
 *     sopool_error err = {0};
 *     sopool_pool *pool = sopool_open("configs/hash.yaml", &err);
 *     sopool_value *out =
 *         sopool_apply(pool, "math.square", SOPOOL_ARGS(9), &err);
 *
 * Conventions, which hold wherever a function's comment says nothing else:
 *  - A function that can fail takes a `sopool_error *` last, which may be NULL;
 *    it is filled in on failure and untouched on success. It returns -1 or
 *    NULL on failure.
 *  - Strings are UTF-8 and end with a NUL. What is passed in is borrowed for
 *    the call. What comes back as `const` belongs to the object it came from.
 *  - A `..._free`, `..._close` or `..._destroy` accepts NULL.
 *  - Times are milliseconds on the monotonic clock; -1 waits for ever, 0 does
 *    not wait.
 *  - Functions on a pool may be called from any thread. An options, catalog,
 *    stream or value object is for one thread at a time.
 *
 * The names and their meaning are those of Python's multiprocessing.Pool.
 */
#ifndef SOPOOL_H
#define SOPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SOPOOL_API __attribute__((visibility("default")))
#else
#define SOPOOL_API
#endif

/* ---- errors ------------------------------------------------------------ */

typedef enum sopool_code {
    SOPOOL_E_NONE = 0,
    SOPOOL_E_NOMEM,     /* no memory, processes or descriptors left */
    SOPOOL_E_SYSTEM,    /* a system call failed; see os_error */
    SOPOOL_E_USAGE,     /* the function was called wrongly */
    SOPOOL_E_CONFIG,    /* an option or a config file is wrong */
    SOPOOL_E_PLUGIN,    /* a plugin cannot be used */
    SOPOOL_E_NO_TASK,   /* there is no such task */
    SOPOOL_E_ARGS,      /* the arguments do not fit the task's signature */
    SOPOOL_E_TASK,      /* the task itself reported a failure */
    SOPOOL_E_RESULT,    /* the task's result does not fit its signature */
    SOPOOL_E_DIED,      /* the worker died while it ran the call */
    SOPOOL_E_TIMEOUT,   /* the time limit passed */
    SOPOOL_E_CANCELLED, /* the call was taken back before it started */
    SOPOOL_E_PROTOCOL,  /* the worker broke the channel's protocol */
    SOPOOL_E_BROKEN,    /* the pool can run nothing any more */
    SOPOOL_E_CLOSED,    /* the pool was closed or terminated */
    SOPOOL_E_VALUE,     /* a value is not of the type asked for */
    SOPOOL_E_COUNT
} sopool_code;

/* Who ended a worker that died. */
typedef enum sopool_ender {
    SOPOOL_BY_NOBODY = 0,
    SOPOOL_BY_ITSELF,    /* a crash, exit() */
    SOPOOL_BY_OUTSIDE,   /* a signal that another process sent */
    SOPOOL_BY_TIMEOUT,   /* the pool: the call's time limit passed */
    SOPOOL_BY_TERMINATE, /* the pool: it was terminated */
    SOPOOL_BY_POOL       /* the pool: the worker could not be trusted */
} sopool_ender;

typedef struct sopool_error {
    int code;        /* a sopool_code */
    int os_error;    /* errno, or 0 */
    int pid;         /* the worker's process, or 0 */
    int signal;      /* the signal that ended the worker, or 0 */
    int exit_status; /* the worker's exit status, or -1 */
    int ended_by;    /* a sopool_ender */
    char task[64];   /* "plugin.task", or "" */
    char message[1024];
} sopool_error;

/* The code's name as it stands in reports ("died", "timeout"); "unknown" for
 * any other number. Static. */
SOPOOL_API const char *sopool_code_name(int code);

/* "self", "outside", "timeout", "terminate", "pool", or "". Static. */
SOPOOL_API const char *sopool_ender_name(int ender);

/* ---- types and signatures ---------------------------------------------- */

typedef enum sopool_type {
    SOPOOL_BOOL = 1,
    SOPOOL_I64,
    SOPOOL_U64,
    SOPOOL_F64,
    SOPOOL_STR,   /* UTF-8 text */
    SOPOOL_BYTES, /* any bytes */
    SOPOOL_LIST,
    SOPOOL_MAP,
    SOPOOL_ANY
} sopool_type;

/* "i64"; "?" for any other number. Static. */
SOPOOL_API const char *sopool_type_name(int type);

typedef struct sopool_param {
    const char *name;
    int type; /* a sopool_type */
} sopool_param;

typedef struct sopool_task_info {
    const char *name;           /* "math.square" */
    const char *plugin;         /* "math" */
    const char *plugin_version; /* "1.0" */
    const char *path;           /* the plugin's file */
    const char *signature;      /* "(x: i64) -> i64" */
    const char *doc;
    uint32_t flags;  /* SOPOOL_IDEMPOTENT and its like, of <sopool/abi.h> */
    int result_type; /* a sopool_type */
    size_t param_count;
    const sopool_param *params;
} sopool_task_info;

/* ---- arguments --------------------------------------------------------- */

/* One argument. Make it with the functions below or let SOPOOL_ARGS do so;
 * text and bytes are borrowed until the call that takes them returns. */
typedef struct sopool_arg {
    int type; /* a sopool_type; 0 is null; SOPOOL_ANY is one CBOR item */
    union {
        bool b;
        int64_t i;
        uint64_t u;
        double f;
        struct {
            const void *ptr;
            size_t size;
        } data;
    } as;
} sopool_arg;

SOPOOL_API sopool_arg sopool_arg_bool(bool value);
SOPOOL_API sopool_arg sopool_arg_i64(int64_t value);
SOPOOL_API sopool_arg sopool_arg_u64(uint64_t value);
SOPOOL_API sopool_arg sopool_arg_f64(double value);
SOPOOL_API sopool_arg sopool_arg_str(const char *text); /* up to its NUL */
SOPOOL_API sopool_arg sopool_arg_text(const char *text, size_t size);
SOPOOL_API sopool_arg sopool_arg_bytes(const void *data, size_t size);
/* One CBOR item as it is: a list, a map, anything. */
SOPOOL_API sopool_arg sopool_arg_cbor(const void *item, size_t size);
SOPOOL_API sopool_arg sopool_arg_same(sopool_arg arg);

/* The arguments of one call: typed ones, or (when `cbor` is not NULL) a CBOR
 * array of them. Borrowed like its parts. */
typedef struct sopool_args {
    const sopool_arg *items;
    size_t count;
    const void *cbor;
    size_t cbor_size;
} sopool_args;

/* A CBOR array of arguments, from wherever it comes: it is checked. */
SOPOOL_API sopool_args sopool_args_cbor(const void *array, size_t size);

#define SOPOOL_NO_ARGS ((sopool_args){NULL, 0, NULL, 0})

#ifndef __cplusplus
/* SOPOOL_ARGS(9, "text", 2.5): arguments by the C types of one to eight
 * expressions (bool, integers, floats, strings, sopool_arg). */
#define SOPOOL_ARG(x)                                                          \
    _Generic((x),                                                              \
        bool: sopool_arg_bool,                                                 \
        signed char: sopool_arg_i64,                                           \
        short: sopool_arg_i64,                                                 \
        int: sopool_arg_i64,                                                   \
        long: sopool_arg_i64,                                                  \
        long long: sopool_arg_i64,                                             \
        unsigned char: sopool_arg_u64,                                         \
        unsigned short: sopool_arg_u64,                                        \
        unsigned: sopool_arg_u64,                                              \
        unsigned long: sopool_arg_u64,                                         \
        unsigned long long: sopool_arg_u64,                                    \
        float: sopool_arg_f64,                                                 \
        double: sopool_arg_f64,                                                \
        char *: sopool_arg_str,                                                \
        const char *: sopool_arg_str,                                          \
        sopool_arg: sopool_arg_same)(x)
#define SOPOOL_ARGS_1(a) SOPOOL_ARG(a)
#define SOPOOL_ARGS_2(a, ...) SOPOOL_ARG(a), SOPOOL_ARGS_1(__VA_ARGS__)
#define SOPOOL_ARGS_3(a, ...) SOPOOL_ARG(a), SOPOOL_ARGS_2(__VA_ARGS__)
#define SOPOOL_ARGS_4(a, ...) SOPOOL_ARG(a), SOPOOL_ARGS_3(__VA_ARGS__)
#define SOPOOL_ARGS_5(a, ...) SOPOOL_ARG(a), SOPOOL_ARGS_4(__VA_ARGS__)
#define SOPOOL_ARGS_6(a, ...) SOPOOL_ARG(a), SOPOOL_ARGS_5(__VA_ARGS__)
#define SOPOOL_ARGS_7(a, ...) SOPOOL_ARG(a), SOPOOL_ARGS_6(__VA_ARGS__)
#define SOPOOL_ARGS_8(a, ...) SOPOOL_ARG(a), SOPOOL_ARGS_7(__VA_ARGS__)
#define SOPOOL_ARGS_PICK(a, b, c, d, e, f, g, h, n, ...) n
#define SOPOOL_ARGS_COUNT(...)                                                 \
    SOPOOL_ARGS_PICK(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define SOPOOL_ARGS_JOIN(n, ...) SOPOOL_ARGS_##n(__VA_ARGS__)
#define SOPOOL_ARGS_N(n, ...) SOPOOL_ARGS_JOIN(n, __VA_ARGS__)
#define SOPOOL_ARGS(...)                                                       \
    ((sopool_args){(const sopool_arg[]){SOPOOL_ARGS_N(                         \
                       SOPOOL_ARGS_COUNT(__VA_ARGS__), __VA_ARGS__)},          \
                   SOPOOL_ARGS_COUNT(__VA_ARGS__), NULL, 0})
#endif

/* ---- values ------------------------------------------------------------ */

/* A result: one CBOR item (RFC 8949, the profile of <sopool/cbor.h>). */
typedef struct sopool_value sopool_value;

SOPOOL_API void sopool_value_free(sopool_value *value);

/* The item's bytes, for <sopool/cbor.h>; borrowed until the value is freed. */
SOPOOL_API const void *sopool_value_cbor(const sopool_value *value,
                                         size_t *size);

/* The value as a C type. Integers convert between the two integer types when
 * they fit, and to f64. -1 and SOPOOL_E_VALUE when the value is something
 * else. Text and bytes are borrowed until the value is freed, and need not end
 * with a NUL. */
SOPOOL_API int sopool_value_bool(const sopool_value *value, bool *out,
                                 sopool_error *err);
SOPOOL_API int sopool_value_i64(const sopool_value *value, int64_t *out,
                                sopool_error *err);
SOPOOL_API int sopool_value_u64(const sopool_value *value, uint64_t *out,
                                sopool_error *err);
SOPOOL_API int sopool_value_f64(const sopool_value *value, double *out,
                                sopool_error *err);
SOPOOL_API int sopool_value_str(const sopool_value *value, const char **text,
                                size_t *size, sopool_error *err);
SOPOOL_API int sopool_value_bytes(const sopool_value *value, const void **data,
                                  size_t *size, sopool_error *err);

/* A scalar from its text form, as a signature's type asks (SOPOOL_BOOL to
 * SOPOOL_BYTES): the argument borrows `text`. The error says which texts the
 * type takes. */
SOPOOL_API int sopool_arg_parse(int type, const char *text, size_t size,
                                sopool_arg *out, sopool_error *err);

/* ---- options ----------------------------------------------------------- */

/* How a pool is made: the keys of a config file, with their defaults. */
typedef struct sopool_options sopool_options;

/* NULL: no memory. */
SOPOOL_API sopool_options *sopool_options_new(void);
SOPOOL_API void sopool_options_free(sopool_options *options);

/* Gets one complaint about a config file, "FILE:LINE:COLUMN: what is wrong;
 * what is allowed". */
typedef void sopool_report_fn(void *ctx, const char *complaint);

/* Reads a YAML config file over the options. Everything wrong with the file is
 * told to `report` (NULL: to nobody), the first of it stands in the error, and
 * the options are then unchanged. */
SOPOOL_API int sopool_options_load(sopool_options *options, const char *path,
                                   sopool_report_fn *report, void *ctx,
                                   sopool_error *err);

/* Sets one key from its text, "processes" to "4". Keys inside others are
 * joined by a dot: "limits.memory". A key that holds a list is added to. */
SOPOOL_API int sopool_options_set(sopool_options *options, const char *key,
                                  const char *text, sopool_error *err);

/* For a pool that is to run this task alone: no plugins are opened but its own
 * and the initializer's, unless the key plugins.load has named some. So nothing
 * that lies in the same folder can hurt. */
SOPOOL_API int sopool_options_only(sopool_options *options, const char *task,
                                   sopool_error *err);

/* ---- catalog: which tasks there are ------------------------------------ */

typedef struct sopool_catalog sopool_catalog;

/* Looks through the plugin directories of the options, reading the files
 * without running them. A file that is refused is told to `report` (NULL: to
 * nobody) and left out, unless the options ask for it by name. */
SOPOOL_API sopool_catalog *sopool_catalog_open(const sopool_options *options,
                                               sopool_report_fn *report,
                                               void *ctx, sopool_error *err);
SOPOOL_API void sopool_catalog_free(sopool_catalog *catalog);

SOPOOL_API size_t sopool_catalog_count(const sopool_catalog *catalog);

/* The tasks in the order of their names; NULL past the last. */
SOPOOL_API const sopool_task_info *
sopool_catalog_task(const sopool_catalog *catalog, size_t index);

/* The task of that name. The error names the nearest, or says why the
 * plugin's file was refused. */
SOPOOL_API const sopool_task_info *
sopool_catalog_find(const sopool_catalog *catalog, const char *name,
                    sopool_error *err);

/* ---- pools ------------------------------------------------------------- */

typedef struct sopool_pool sopool_pool;

/* A pool from a config file (NULL: defaults), started. */
SOPOOL_API sopool_pool *sopool_open(const char *config_path, sopool_error *err);

/* A pool from options, which it copies. The workers start in the background;
 * one that cannot start breaks the pool, and every call then says why. */
SOPOOL_API sopool_pool *sopool_open_options(const sopool_options *options,
                                            sopool_error *err);

/* No more calls are taken; those already taken are done. Returns at once. */
SOPOOL_API void sopool_close(sopool_pool *pool);

/* Ends all workers now; calls that are not done fail with SOPOOL_E_CLOSED.
 * Returns at once. */
SOPOOL_API void sopool_terminate(sopool_pool *pool);

/* Waits until a pool that was closed or terminated has ended its workers.
 * -1: the time passed (SOPOOL_E_TIMEOUT), or the pool was neither closed nor
 * terminated (SOPOOL_E_USAGE). */
SOPOOL_API int sopool_join(sopool_pool *pool, int64_t timeout_ms,
                           sopool_error *err);

/* Terminates if need be, joins and frees. No other call on the pool may be
 * running, and its streams must have been closed. */
SOPOOL_API void sopool_destroy(sopool_pool *pool);

/* A task that the pool can run; lives as long as the pool. */
SOPOOL_API const sopool_task_info *
sopool_find_task(sopool_pool *pool, const char *name, sopool_error *err);

typedef struct sopool_stats {
    uint32_t processes; /* workers that the pool should have */
    uint32_t workers;   /* workers that are ready */
    uint32_t busy;      /* workers that have calls */
    uint64_t submitted; /* calls taken */
    uint64_t done;      /* calls that gave a result */
    uint64_t failed;    /* calls that failed */
    uint64_t started;   /* workers ever started */
    uint64_t died;      /* workers that died without being asked to end */
    uint64_t retired;   /* workers replaced for maxtasksperchild */
    uint64_t retried;   /* calls run again after their worker died */
} sopool_stats;

SOPOOL_API void sopool_get_stats(sopool_pool *pool, sopool_stats *out);

/* Process ids of the workers that are ready, at most `room` of them; returns
 * how many there are. Thread workers have the id of a thread. */
SOPOOL_API size_t sopool_worker_pids(sopool_pool *pool, int *pids, size_t room);

/* Runs one call and waits for its result, which is the caller's. */
SOPOOL_API sopool_value *sopool_apply(sopool_pool *pool, const char *task,
                                      sopool_args args, sopool_error *err);

/* ---- streams: one task over many inputs -------------------------------- */

/* A stream takes inputs at one end and gives results at the other, with a
 * bounded number between: a sender that is ahead of the reader waits. One
 * thread may send while another reads. It is what `imap` is made of. */
typedef struct sopool_stream sopool_stream;

typedef struct sopool_stream_options {
    bool unordered;     /* results in the order of completion */
    uint32_t chunksize; /* calls that travel together; 0: from durations */
    uint32_t window;    /* calls sent but not read; 0: the library's choice */
} sopool_stream_options;

/* `options` may be NULL. */
SOPOOL_API sopool_stream *
sopool_stream_open(sopool_pool *pool, const char *task,
                   const sopool_stream_options *options, sopool_error *err);

/* Sends one call. -1 with SOPOOL_E_TIMEOUT when the window stayed full. */
SOPOOL_API int sopool_stream_send(sopool_stream *stream, sopool_args args,
                                  int64_t timeout_ms, sopool_error *err);

/* An input that failed before it could be sent: it keeps its place among the
 * results, with this error. */
SOPOOL_API int sopool_stream_send_failure(sopool_stream *stream,
                                          const sopool_error *why,
                                          int64_t timeout_ms,
                                          sopool_error *err);

/* Hands over calls that still wait for their chunk to fill up. To be called by
 * the sender before it waits for input. */
SOPOOL_API int sopool_stream_flush(sopool_stream *stream, sopool_error *err);

/* No more is sent: the reader will come to the end. Flushes. By the sender. */
SOPOOL_API void sopool_stream_end(sopool_stream *stream);

typedef struct sopool_item {
    uint64_t index;            /* the how-manieth that was sent, from 0 */
    const void *cbor;          /* the result, or NULL */
    size_t size;               /* its bytes */
    const sopool_error *error; /* why there is no result, or NULL */
} sopool_item;

/* The next result: 1 and the item, borrowed until the next call; 0 at the end;
 * -1 when the time passed (SOPOOL_E_TIMEOUT). A failed call is an item. */
SOPOOL_API int sopool_stream_next(sopool_stream *stream, sopool_item *out,
                                  int64_t timeout_ms, sopool_error *err);

/* Makes a sender that waits, and every later send, fail with SOPOOL_E_CLOSED,
 * and lets the reader come to the end at once. By any thread. */
SOPOOL_API void sopool_stream_cancel(sopool_stream *stream);

/* Cancels what is not done and frees. Neither end may be in use any more. */
SOPOOL_API void sopool_stream_close(sopool_stream *stream);

/* The library's version, "0.1.0". Static. */
SOPOOL_API const char *sopool_version(void);

#ifdef __cplusplus
}
#endif

#endif
