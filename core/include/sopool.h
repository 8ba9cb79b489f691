/* sopool.h - pools of worker processes that run the tasks of plugins.
 *
 *     sopool_error err = {0};
 *     sopool_pool *pool = sopool_open("configs/hash.yaml", &err);
 *     sopool_value *out =
 *         sopool_apply(pool, "math.square", SOPOOL_ARGS(9), &err);
 *
 * Conventions, which hold wherever a function's comment says nothing else:
 *  - Errors: a function that can fail takes a `sopool_error *` last, which may
 *    be NULL; it is filled in on failure and untouched on success. The function
 *    returns -1 or NULL on failure.
 *  - Ownership: what is passed in is borrowed for the call. What comes back as
 *    `const` belongs to the object it came from. What comes back without is the
 *    caller's, who gives it back by the function named `..._free`, `..._close`
 *    or `..._destroy` for its type; these accept NULL. Strings are UTF-8 and
 *    end with a NUL.
 *  - Threads: functions on a pool, a result or a set of results may be called
 *    from any thread, callbacks included. An options, catalog, stream, iterator
 *    or value object is for one thread at a time.
 *  - Blocking: functions whose comment says that they wait do; others return at
 *    once. Times are milliseconds on the monotonic clock; -1 waits for ever, 0
 *    does not wait. Every wait ends when the pool is terminated.
 *  - After fork(): a pool, and what came from it, belongs to the process that
 *    opened it. In a child, functions fail with SOPOOL_E_FORKED, and those that
 *    free, close or destroy do nothing.
 *  - Signal handlers: sopool_close, sopool_terminate and sopool_stop may be
 *    called in one. Any other function fails with SOPOOL_E_REENTERED there if
 *    the signal came while its thread was inside this library; otherwise it is
 *    as safe as malloc(), which it uses.
 *
 * The names and their meaning are those of Python's multiprocessing.Pool and
 * concurrent.futures; docs/semantics.md lists where, and why, it differs.
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

/* ---- errors: how a function says why it failed ------------------------- */

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
    SOPOOL_E_CANCELLED, /* the call was taken back, or killed on request */
    SOPOOL_E_PROTOCOL,  /* the worker broke the channel's protocol */
    SOPOOL_E_BROKEN,    /* the pool can run nothing any more */
    SOPOOL_E_CLOSED,    /* the pool was closed or terminated */
    SOPOOL_E_VALUE,     /* a value is not of the type asked for */
    SOPOOL_E_DEADLOCK,  /* the wait could never end: see the function */
    SOPOOL_E_FORKED,    /* the pool belongs to the process that opened it */
    SOPOOL_E_REENTERED, /* called by a signal handler that came in between */
    SOPOOL_E_COUNT
} sopool_code;

/* Who ended a worker that died. */
typedef enum sopool_ender {
    SOPOOL_BY_NOBODY = 0,
    SOPOOL_BY_ITSELF,    /* a crash, exit() */
    SOPOOL_BY_OUTSIDE,   /* a signal that another process sent */
    SOPOOL_BY_TIMEOUT,   /* the pool: the call's time limit passed */
    SOPOOL_BY_TERMINATE, /* the pool: it was terminated */
    SOPOOL_BY_POOL,      /* the pool: the worker could not be trusted */
    SOPOOL_BY_KILL       /* the pool: sopool_result_kill asked for it */
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

/* "self", "outside", "timeout", "terminate", "pool", "kill", or "". Static. */
SOPOOL_API const char *sopool_ender_name(int ender);

/* ---- types: what tasks take and give ----------------------------------- */

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
    const char *build_id;       /* of that file, in hex, or "" */
    const char *signature;      /* "(x: i64) -> i64" */
    const char *doc;
    uint32_t flags;  /* SOPOOL_IDEMPOTENT and its like, of <sopool/abi.h> */
    int result_type; /* a sopool_type */
    size_t param_count;
    const sopool_param *params;
    uint32_t plugin_abi; /* that it was built for: major << 16 | minor */
} sopool_task_info;

/* ---- arguments: what a call is given ----------------------------------- */

/* One argument. Make it with the functions below or let SOPOOL_ARGS do so;
 * text and bytes are borrowed until the call that takes them returns, but for
 * those of sopool_arg_buffer. */
typedef struct sopool_arg {
    int type; /* a sopool_type; 0 is null; SOPOOL_ANY is one CBOR item; other
                 numbers are the library's */
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

/* An argument of each type. */
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

/* ---- buffers: large arguments that workers read in place --------------- */

/* Memory that the program fills and that workers can read, and only read: the
 * data of a call in it are not copied on their way to the task. */
typedef struct sopool_buffer sopool_buffer;

/* A buffer of `size` bytes, at least one; they are zeros. It belongs to no
 * pool, and can be used by any. It takes a file descriptor; where the kernel
 * cannot protect it from being written by workers (before Linux 5.1), or there
 * is no descriptor left, its data are copied like any others. NULL: no memory,
 * or no size (SOPOOL_E_USAGE). */
SOPOOL_API sopool_buffer *sopool_buffer_new(size_t size, sopool_error *err);

/* Its data, at the beginning of a page, and how many bytes they are. They are
 * the program's to read and to write, by any thread, while no call reads them:
 * what is changed before a call is done may reach its task or not, or in part.
 * A child after fork() has not got them. */
SOPOOL_API void *sopool_buffer_data(sopool_buffer *buffer);
SOPOOL_API size_t sopool_buffer_size(const sopool_buffer *buffer);

/* Gives a buffer back, at any time and by any thread; calls that use it keep
 * it until they are done. The program must not touch its data after this. */
SOPOOL_API void sopool_buffer_free(sopool_buffer *buffer);

/* `size` bytes of a buffer, from byte `offset` on, as an argument of a type
 * that is made of bytes: SOPOOL_BYTES, SOPOOL_STR (UTF-8), or SOPOOL_ANY (one
 * CBOR item). For as many calls at a time as one likes. Unlike other arguments
 * it is borrowed until the calls that take it are done, not only until they
 * are submitted.
 *
 * It is read in place when it is a call's last argument, begins at offset 0, is
 * of 64 KiB or more, and what comes before it is small (1000 bytes); otherwise
 * it is copied. What is no part of the buffer, or of another type, fails with
 * SOPOOL_E_USAGE in the call that takes it. */
SOPOOL_API sopool_arg sopool_arg_buffer(const sopool_buffer *buffer,
                                        size_t offset, size_t size, int type);

/* ---- values: what a call gives ----------------------------------------- */

/* A result: one CBOR item (RFC 8949, the profile of <sopool/cbor.h>). */
typedef struct sopool_value sopool_value;

/* Gives a value back. */
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

/* How many items a list, or entries a map, has. SOPOOL_E_VALUE for others. */
SOPOOL_API int sopool_value_count(const sopool_value *value, size_t *out,
                                  sopool_error *err);

/* A list's item or a map's value as a value of its own, copied; the caller's.
 * NULL: there is no such item or key, or the value is no list or map
 * (SOPOOL_E_VALUE). Walks from the beginning: to read all of a long list, use
 * <sopool/cbor.h>. */
SOPOOL_API sopool_value *sopool_value_at(const sopool_value *value,
                                         size_t index, sopool_error *err);
SOPOOL_API sopool_value *sopool_value_find(const sopool_value *value,
                                           const char *key, sopool_error *err);

/* Builds a value by a format, as printf prints one; the caller's:
 *
 *     sopool_pack(&err, "[is{s:f}]", 7, "text", "key", 2.5)
 *
 *     n     null
 *     b     bool: an int
 *     i     i64: an int           I  i64: an int64_t
 *     u     u64: an unsigned      U  u64: a uint64_t
 *     f     f64: a double
 *     s     str: a const char *   S  str: a const char *, a size_t
 *     B     bytes: a const void *, a size_t
 *     v     any: a const sopool_value *, copied
 *     [...]   a list of the items between
 *     {s:x..} a map of pairs, the keys by s or S; in any order
 *
 * Spaces, commas and colons between are passed over. NULL: the format is wrong
 * (SOPOOL_E_USAGE), a text is not UTF-8 or a key occurs twice (SOPOOL_E_VALUE),
 * or no memory. The formats are modelled on Python's Py_BuildValue. */
SOPOOL_API sopool_value *sopool_pack(sopool_error *err, const char *format,
                                     ...);

/* Reads a value by the same formats into pointers to what they name: `i` into
 * an int *, `S` into a const char ** and a size_t *. `v` gives a new value, the
 * caller's. `s` is not taken, because texts do not end with a NUL. `*` passes
 * over an item. A list must have as many items as the format; of a map, the
 * keys of the format are looked for, given as const char *. Texts and bytes
 * are borrowed until the value is freed. -1: the value is another
 * (SOPOOL_E_VALUE, with the place), or the format is wrong (SOPOOL_E_USAGE). */
SOPOOL_API int sopool_unpack(const sopool_value *value, sopool_error *err,
                             const char *format, ...);

/* A value as one argument, and a list as all arguments of a call. Borrowed. */
SOPOOL_API sopool_arg sopool_arg_value(const sopool_value *value);
SOPOOL_API sopool_args sopool_args_value(const sopool_value *list);

/* A scalar from its text form, as a signature's type asks (SOPOOL_BOOL to
 * SOPOOL_BYTES): the argument borrows `text`. The error says which texts the
 * type takes. */
SOPOOL_API int sopool_arg_parse(int type, const char *text, size_t size,
                                sopool_arg *out, sopool_error *err);

/* ---- options: how a pool is made --------------------------------------- */

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

/* A key of the options. */
typedef struct sopool_key_info {
    const char *name;    /* "limits.memory" */
    const char *allowed; /* which values, in words */
    const char *doc;
    bool in_files; /* may stand in a config file; else for sopool_options_set
                      alone */
} sopool_key_info;

/* The keys, in the order in which they are documented; NULL past the last.
 * Static. */
SOPOOL_API const sopool_key_info *sopool_options_key(size_t index);

/* For a pool that is to run this task alone: no plugins are opened but its own
 * and the initializer's, unless the key plugins.load has named some. So nothing
 * that lies in the same folder can hurt. */
SOPOOL_API int sopool_options_only(sopool_options *options, const char *task,
                                   sopool_error *err);

/* Gets a folder in which plugins are looked for; borrowed until it returns. */
typedef void sopool_folder_fn(void *ctx, const char *path);

/* Tells the folders in which a pool of these options looks for plugins, in the
 * order in which it does: those of the options, of the environment variable
 * SOPOOL_PLUGIN_PATH, the usual ones. Whether they are there is not looked at.
 * For programs that watch them. -1: no memory; some were told then. */
SOPOOL_API int sopool_options_folders(const sopool_options *options,
                                      sopool_folder_fn *each, void *ctx,
                                      sopool_error *err);

struct sopool_task;

/* Makes a function of the program a task of the pools that are made from these
 * options, "GROUP.NAME": written with <sopool/task.h> exactly as in a plugin,
 * and named by it:
 *
 *     SOPOOL_TASK(square, i64, "The square of x.", (i64, x)) { ... }
 *
 *     sopool_register(options, "own", SOPOOL_TASK_OF(square), &err);
 *
 * For the start methods fork and thread; a pool of another one refuses to open
 * (SOPOOL_E_USAGE). The task must live as long as the pool. -1: the name is
 * wrong or taken (SOPOOL_E_USAGE), or the task's definition is broken
 * (SOPOOL_E_PLUGIN). */
SOPOOL_API int sopool_register(sopool_options *options, const char *group,
                               const struct sopool_task *task,
                               sopool_error *err);

/* ---- catalog: which tasks there are ------------------------------------ */

typedef struct sopool_catalog sopool_catalog;

/* Looks through the plugin directories of the options, reading the files
 * without running them. A file that is refused is told to `report` (NULL: to
 * nobody) and left out, unless the options ask for it by name. */
SOPOOL_API sopool_catalog *sopool_catalog_open(const sopool_options *options,
                                               sopool_report_fn *report,
                                               void *ctx, sopool_error *err);

/* A catalog of one plugin's file, read without running it, whoever may have
 * written it. `trust` (may be NULL) says why a pool would refuse the file for
 * its owner or its mode, or that of its folder; its code is SOPOOL_E_NONE if it
 * would not. NULL: it cannot be read, or is no plugin (SOPOOL_E_PLUGIN). */
SOPOOL_API sopool_catalog *sopool_catalog_open_file(const char *path,
                                                    sopool_error *trust,
                                                    sopool_error *err);

/* And its tasks; NULL does nothing. */
SOPOOL_API void sopool_catalog_free(sopool_catalog *catalog);

/* How many tasks there are. */
SOPOOL_API size_t sopool_catalog_count(const sopool_catalog *catalog);

/* The tasks in the order of their names; NULL past the last. */
SOPOOL_API const sopool_task_info *
sopool_catalog_task(const sopool_catalog *catalog, size_t index);

/* The task of that name. The error names the nearest, or says why the
 * plugin's file was refused. */
SOPOOL_API const sopool_task_info *
sopool_catalog_find(const sopool_catalog *catalog, const char *name,
                    sopool_error *err);

/* ---- pools: from their beginning to their end -------------------------- */

/* The library's version, "0.1.0". Static. */
SOPOOL_API const char *sopool_version(void);

typedef struct sopool_pool sopool_pool;

/* A pool from a config file (NULL: defaults), started. */
SOPOOL_API sopool_pool *sopool_open(const char *config_path, sopool_error *err);

/* A pool from options, which it copies. The workers start in the background;
 * one that cannot start breaks the pool, and every call then says why. */
SOPOOL_API sopool_pool *sopool_open_options(const sopool_options *options,
                                            sopool_error *err);

/* Waits until a worker is ready for calls, its initializer done. -1: the pool
 * is broken, which the error explains, or was ended (SOPOOL_E_CLOSED), or the
 * time passed (SOPOOL_E_TIMEOUT); in a thread worker of the same pool
 * SOPOOL_E_DEADLOCK. Calls need no such wait; it is for programs that say when
 * they are ready themselves. */
SOPOOL_API int sopool_wait_ready(sopool_pool *pool, int64_t timeout_ms,
                                 sopool_error *err);

/* No more calls are taken; those already taken are done, then the workers end.
 * May be called in a signal handler. */
SOPOOL_API void sopool_close(sopool_pool *pool);

/* Ends all workers now; calls that are not done fail with SOPOOL_E_CLOSED, and
 * their callbacks are called. May be called in a signal handler. */
SOPOOL_API void sopool_terminate(sopool_pool *pool);

/* Ends early, but softly: no more calls are taken, those that have not begun
 * fail with SOPOOL_E_CANCELLED, and those that run see sopool_should_stop
 * become true; what they return is kept. Tasks that do not look are waited for
 * by sopool_join. May be called in a signal handler. */
SOPOOL_API void sopool_stop(sopool_pool *pool);

/* Waits until a pool that was closed, stopped or terminated has ended its
 * workers and all callbacks have returned. -1: the time passed
 * (SOPOOL_E_TIMEOUT), the pool is open still (SOPOOL_E_USAGE), or a callback
 * or a task of this pool waits for itself (SOPOOL_E_DEADLOCK). */
SOPOOL_API int sopool_join(sopool_pool *pool, int64_t timeout_ms,
                           sopool_error *err);

/* ProcessPoolExecutor's way to end a pool: closes it, fails what has not begun
 * if `cancel_futures` (SOPOOL_E_CANCELLED), and waits as sopool_join does,
 * unless `timeout_ms` is 0. */
SOPOOL_API int sopool_shutdown(sopool_pool *pool, bool cancel_futures,
                               int64_t timeout_ms, sopool_error *err);

/* Terminates if need be, waits for the workers' end and for callbacks that run,
 * and frees. Defined whatever the pool is doing: other threads that wait in a
 * function of it return with SOPOOL_E_CLOSED; results, streams and iterators
 * stay valid until they are freed, and those not settled have failed with
 * SOPOOL_E_CLOSED. Called in a callback of the pool it does not wait; the rest
 * goes when the last callback has returned. No call may begin after it. */
SOPOOL_API void sopool_destroy(sopool_pool *pool);

/* Makes a broken pool try again with fresh workers. Calls that failed meanwhile
 * stay failed. -1: the pool was closed or terminated (SOPOOL_E_CLOSED). */
SOPOOL_API int sopool_reset(sopool_pool *pool, sopool_error *err);

/* Changes how many workers the pool has, 1 to 4096. New ones start in the
 * background; of too many, those that are idle end first, and others once they
 * have finished what they run. No call is lost. */
SOPOOL_API int sopool_resize(sopool_pool *pool, uint32_t processes,
                             sopool_error *err);

/* A task that the pool can run; lives as long as the pool. The error names the
 * nearest (SOPOOL_E_NO_TASK), or says why its plugin was refused. */
SOPOOL_API const sopool_task_info *
sopool_find_task(sopool_pool *pool, const char *name, sopool_error *err);

/* ---- statistics: what a pool has done ---------------------------------- */

enum { SOPOOL_BUCKETS = 64 };

typedef struct sopool_task_stats {
    const char *task;  /* "math.square"; lives as long as the pool */
    uint64_t done;     /* calls that gave a result */
    uint64_t failed;   /* calls that failed */
    uint64_t total_ns; /* running time of all that ended */
    /* How many calls took 2^i to 2^(i+1) - 1 nanoseconds, by the workers'
     * clocks. Of calls that travelled together the mean is counted. */
    uint64_t histogram[SOPOOL_BUCKETS];
} sopool_task_stats;

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
    uint64_t replaced;  /* workers that a task left unfit for other calls */
    uint64_t retried;   /* calls run again after their worker died */
    uint64_t queued;    /* calls that no worker has begun */
    uint64_t running;   /* calls that are running */
    uint64_t callbacks; /* callbacks that wait to be called */
    uint32_t start_failures; /* workers that could not start, in a row */
    int64_t backoff_ms;      /* until the next may start; 0: there is no need */
} sopool_stats;

/* What the pool has done, at one moment. Also fills in the first `room` of the
 * tasks that have been called, in `tasks` (may be NULL if room is 0); returns
 * how many there are. */
SOPOOL_API size_t sopool_get_stats(sopool_pool *pool, sopool_stats *out,
                                   sopool_task_stats *tasks, size_t room);

/* Process ids of the workers that are ready, at most `room` of them; returns
 * how many there are. One that has just become ready may be missing for a
 * moment, until its id is known, although it answers calls already. Thread
 * workers have the id of the program. */
SOPOOL_API size_t sopool_worker_pids(sopool_pool *pool, int *pids, size_t room);

typedef enum sopool_worker_happening {
    SOPOOL_WORKER_STARTED = 1, /* it was made, and starts */
    SOPOOL_WORKER_READY,       /* for calls */
    SOPOOL_WORKER_ENDED
} sopool_worker_happening;

typedef struct sopool_worker_event {
    int kind;        /* a sopool_worker_happening */
    uint32_t worker; /* the how-manieth that the pool started, from 1 */
    int pid;         /* its process; 0: not known yet */
    int64_t at_ns;   /* when, in nanoseconds since 1970 */
    /* Of its end: */
    int ended_by;    /* a sopool_ender; SOPOOL_BY_POOL as well if it was no
                        longer needed */
    int signal;      /* that ended it, or 0 */
    int exit_status; /* or -1 */
} sopool_worker_event;

/* What has happened to the workers since it was asked last, the oldest first:
 * fills in at most `room` events and returns how many. The first call begins to
 * keep them, with the workers that are there; the newest 1,024 are kept until
 * they are asked for. By any thread. */
SOPOOL_API size_t sopool_worker_events(sopool_pool *pool,
                                       sopool_worker_event *out, size_t room);

typedef enum sopool_worker_state {
    SOPOOL_STATE_STARTING = 1, /* not ready for calls */
    SOPOOL_STATE_IDLE,
    SOPOOL_STATE_BUSY,  /* it has calls */
    SOPOOL_STATE_ENDING /* it has its last ones, or ends */
} sopool_worker_state;

/* "starting", "idle", "busy", "ending"; "unknown" for any other number. Static.
 */
SOPOOL_API const char *sopool_worker_state_name(int state);

typedef struct sopool_worker {
    uint32_t id;      /* the how-manieth that the pool started, from 1 */
    int pid;          /* its process; 0: not known yet */
    int state;        /* a sopool_worker_state */
    const char *task; /* that it runs, or NULL; lives as long as the pool */
    int64_t since_ns; /* when it began the call that it runs, in nanoseconds
                         since 1970; 0: not known */
    uint64_t calls;   /* that it has ended, whatever became of them */
} sopool_worker;

/* What each worker does at this moment, in the order of their ids: fills in at
 * most `room` of them and returns how many there are. The first call begins to
 * keep times; until then, and if the pool's option `status` is off, it is not
 * known since when a call runs. Of calls without a time limit that travel
 * together, it is since when the one before was done, as far as the pool has
 * seen. */
SOPOOL_API size_t sopool_get_workers(sopool_pool *pool, sopool_worker *out,
                                     size_t room);

/* All pools of this user, in any process, that were made with the option
 * `status`: a list of maps, the caller's. Waits `timeout_ms` at most; a pool
 * that does not answer in that time is left out. Each map has the members of
 * sopool_stats (but for `workers`, which is called "ready") and
 *
 *     pid, command   the program's process, and how it was called
 *     version        of its library
 *     state          "open", "closed", "terminated" or "broken"
 *     trouble        why it is broken, or a worker could not start, or ""
 *     start_method   "forkserver", ...
 *     time_ns        now, in nanoseconds since 1970
 *     opened_ns      and when the pool was opened
 *     up_ns          how long that is ago
 *     rate           calls ended a second, since then
 *     worker_count   how many workers there are
 *     workers        a list of them, at most 512: maps of the members of
 *                    sopool_worker, null where not known
 *     tasks          a list of the tasks that were called, at most 64: maps of
 *                    task, done, failed, total_ns
 *
 * NULL: no memory, or the folder that pools are found in cannot be trusted
 * (SOPOOL_E_SYSTEM). */
SOPOOL_API sopool_value *sopool_status(int64_t timeout_ms, sopool_error *err);

/* ---- calls: apply, map and starmap ------------------------------------- */

/* One or more calls that were submitted together, and what became of them. */
typedef struct sopool_result sopool_result;

/* What is called when all calls of a result are done: on the pool's callback
 * thread, one at a time, or in sopool_dispatch. It may submit calls, wait for
 * others, and close, terminate or destroy the pool. The result is borrowed
 * until it returns. Called exactly once, however the calls end. */
typedef void sopool_callback(sopool_result *result, void *ctx);

/* How calls are to be run. Zeros are the pool's own settings. */
typedef struct sopool_call_options {
    int64_t timeout_ms; /* of each call, from its start; -1: none */
    int retries;        /* after a worker died or the time passed; -1: none.
                           Only for tasks that are IDEMPOTENT or PURE */
    int priority;       /* -10 to 10: calls of higher ones start first */
    uint32_t chunksize; /* calls that travel together; 0: from durations */
    sopool_callback *callback;       /* if all calls gave a result */
    sopool_callback *error_callback; /* if one failed */
    void *ctx;                       /* handed to both */
} sopool_call_options;

enum { SOPOOL_PRIORITY_MIN = -10, SOPOOL_PRIORITY_MAX = 10 };

/* Runs one call and waits for its result, which is the caller's. NULL: why the
 * call could not be made, or how it failed. In a thread worker of the same pool
 * SOPOOL_E_DEADLOCK. */
SOPOOL_API sopool_value *sopool_apply(sopool_pool *pool, const char *task,
                                      sopool_args args, sopool_error *err);

/* The same, with options (may be NULL). */
SOPOOL_API sopool_value *sopool_apply_with(sopool_pool *pool, const char *task,
                                           sopool_args args,
                                           const sopool_call_options *options,
                                           sopool_error *err);

/* Submits one call. The result is the caller's, who may free it at once: the
 * call is run all the same, and its callbacks are called. `options` may be
 * NULL. NULL: there is no such task (SOPOOL_E_NO_TASK), the arguments cannot be
 * sent (SOPOOL_E_ARGS), the pool takes no calls (SOPOOL_E_CLOSED or what broke
 * it); callbacks are then not called. Arguments that do not fit the task's
 * signature make the call fail. */
SOPOOL_API sopool_result *sopool_apply_async(sopool_pool *pool,
                                             const char *task, sopool_args args,
                                             const sopool_call_options *options,
                                             sopool_error *err);

/* One call for each of the inputs, with that as its only argument. */
SOPOOL_API sopool_result *sopool_map_async(sopool_pool *pool, const char *task,
                                           const sopool_arg *inputs,
                                           size_t count,
                                           const sopool_call_options *options,
                                           sopool_error *err);

/* One call for each of the inputs, with these as its arguments. */
SOPOOL_API sopool_result *
sopool_starmap_async(sopool_pool *pool, const char *task,
                     const sopool_args *inputs, size_t count,
                     const sopool_call_options *options, sopool_error *err);

/* The same two, and wait until all calls are done. They also come back when
 * calls failed: reading an item says so, sopool_result_successful tells for
 * all. NULL as above; in a thread worker of the same pool SOPOOL_E_DEADLOCK. */
SOPOOL_API sopool_result *sopool_map(sopool_pool *pool, const char *task,
                                     const sopool_arg *inputs, size_t count,
                                     const sopool_call_options *options,
                                     sopool_error *err);
SOPOOL_API sopool_result *sopool_starmap(sopool_pool *pool, const char *task,
                                         const sopool_args *inputs,
                                         size_t count,
                                         const sopool_call_options *options,
                                         sopool_error *err);

/* A map over an array of numbers, without a value for each: one call for each
 * of `count` numbers, and waits. The task takes one number and gives one, each
 * an i64, a u64 or an f64; `inputs` is an array of int64_t, uint64_t or double
 * accordingly, which `type` says (SOPOOL_I64, SOPOOL_U64 or SOPOOL_F64), and
 * `out` one for the results, of `out_type`. Both stay the caller's, and may be
 * the same. 0: all calls gave a result. -1: how the first that failed did so,
 * `out` has what the others gave; or the task's types are others
 * (SOPOOL_E_ARGS), or the calls could not be made, as with sopool_map. Where it
 * matters which calls failed, use sopool_map. */
SOPOOL_API int sopool_map_numbers(sopool_pool *pool, const char *task, int type,
                                  const void *inputs, int out_type, void *out,
                                  size_t count,
                                  const sopool_call_options *options,
                                  sopool_error *err);

/* ---- results: what became of calls ------------------------------------- */

/* Gives the handle back. The calls are run all the same; what they gave is
 * freed once they are done. In its own callbacks too. */
SOPOOL_API void sopool_result_free(sopool_result *result);

/* How many calls it is: 1 for sopool_apply_async. */
SOPOOL_API size_t sopool_result_count(const sopool_result *result);

/* Waits for the result, and gives it as a value of the caller's own: of a map,
 * a list of all results. NULL: how the call failed (of several, the first of
 * them), or the time passed (SOPOOL_E_TIMEOUT with sopool_result_done false).
 * Can be called again. */
SOPOOL_API sopool_value *
sopool_result_get(sopool_result *result, int64_t timeout_ms, sopool_error *err);

/* Waits until all calls are done. -1: the time passed (SOPOOL_E_TIMEOUT). */
SOPOOL_API int sopool_result_wait(sopool_result *result, int64_t timeout_ms,
                                  sopool_error *err);

/* What one call gave, without copying: as one CBOR item, borrowed until the
 * result is freed. NULL: how it failed, or it is not done (SOPOOL_E_TIMEOUT).
 * Does not wait. */
SOPOOL_API const void *sopool_result_item(sopool_result *result, size_t index,
                                          size_t *size, sopool_error *err);

/* The same as a value of the caller's own. */
SOPOOL_API sopool_value *sopool_result_value(sopool_result *result,
                                             size_t index, sopool_error *err);

/* The same as a number, without making a value. -1: as above, or it is not such
 * a number (SOPOOL_E_VALUE). */
SOPOOL_API int sopool_result_i64(sopool_result *result, size_t index,
                                 int64_t *out, sopool_error *err);
SOPOOL_API int sopool_result_u64(sopool_result *result, size_t index,
                                 uint64_t *out, sopool_error *err);
SOPOOL_API int sopool_result_f64(sopool_result *result, size_t index,
                                 double *out, sopool_error *err);

/* Are all calls done, whatever became of them? */
SOPOOL_API bool sopool_result_done(const sopool_result *result);
#define sopool_result_ready sopool_result_done

/* How many calls are done. */
SOPOOL_API size_t sopool_result_progress(const sopool_result *result);

/* Done, and did each give a result? */
SOPOOL_API bool sopool_result_successful(const sopool_result *result);

/* Waits, then: 1 and how a call failed (of several, the first of them), 0 if
 * none failed, -1 when the time passed. `why` may be `err`. */
SOPOOL_API int sopool_result_exception(sopool_result *result,
                                       int64_t timeout_ms, sopool_error *why,
                                       sopool_error *err);

/* Is a call of it running at this moment? */
SOPOOL_API bool sopool_result_running(const sopool_result *result);

/* Takes back what has not begun, which fails with SOPOOL_E_CANCELLED, and lets
 * calls that run see sopool_should_stop become true. True if no call has
 * begun: the result is then cancelled. What is done stays. */
SOPOOL_API bool sopool_result_cancel(sopool_result *result);

/* Was it cancelled before any call had begun? */
SOPOOL_API bool sopool_result_cancelled(const sopool_result *result);

/* The same as cancel, but calls that run are ended with their workers, which
 * are replaced: they fail with SOPOOL_E_CANCELLED, ended by SOPOOL_BY_KILL. A
 * thread cannot be ended; it is given up. Returns how many were running. */
SOPOOL_API size_t sopool_result_kill(sopool_result *result);

/* One more function to be called when all calls are done, after those that were
 * given before; also if they are done already. -1: no memory. */
SOPOOL_API int sopool_result_add_done_callback(sopool_result *result,
                                               sopool_callback *callback,
                                               void *ctx, sopool_error *err);

/* ---- waiting: for several results -------------------------------------- */

enum {
    SOPOOL_ALL_COMPLETED,
    SOPOOL_FIRST_COMPLETED,
    SOPOOL_FIRST_EXCEPTION, /* one failed, or all are done */
};

/* Waits until all results, or one, or one that failed, are done; they may be
 * of different pools. 1: it is so; 0: the time passed; -1: SOPOOL_E_USAGE for a
 * `when` that is none of these. */
SOPOOL_API int sopool_wait(sopool_result *const *results, size_t count,
                           int when, int64_t timeout_ms, sopool_error *err);

/* Results in the order in which they are done. */
typedef struct sopool_completed sopool_completed;

/* Watches results, which may be of different calls and pools. They stay the
 * caller's, who may free them meanwhile; the set itself is the caller's to
 * free. */
SOPOOL_API sopool_completed *sopool_as_completed(sopool_result *const *results,
                                                 size_t count,
                                                 sopool_error *err);

/* Waits for the next: 1 and its index among the results; 0: there are no more;
 * -1: the time passed (SOPOOL_E_TIMEOUT). */
SOPOOL_API int sopool_completed_next(sopool_completed *completed, size_t *index,
                                     int64_t timeout_ms, sopool_error *err);

/* Gives a set back; its results go on. */
SOPOOL_API void sopool_completed_free(sopool_completed *completed);

/* ---- loops: pools in event loops --------------------------------------- */

/* A descriptor for poll, epoll or an event loop: it is readable when
 * sopool_dispatch has something to do. From then on callbacks are no longer
 * called on a thread of the pool's but in sopool_dispatch alone. It becomes
 * readable for each result that is done, with callbacks or without, and for an
 * iterator or stream that can be read. The pool's: not to be read, written or
 * closed. */
SOPOOL_API int sopool_fd(sopool_pool *pool, sopool_error *err);

/* Calls the callbacks that are due, in this thread; returns how many. Waits for
 * nothing. May be called at any time, with or without sopool_fd. */
SOPOOL_API int sopool_dispatch(sopool_pool *pool, sopool_error *err);

/* ---- streams: one task over many inputs -------------------------------- */

/* A stream takes inputs at one end and gives results at the other, with a
 * bounded number between: a sender that is ahead of the reader waits. One
 * thread may send while another reads. It is what `imap` is made of. */
typedef struct sopool_stream sopool_stream;

typedef struct sopool_stream_options {
    bool unordered;     /* results in the order of completion */
    uint32_t chunksize; /* calls that travel together; 0: from durations */
    uint32_t window;    /* calls sent but not read; 0: the library's choice */
    int64_t timeout_ms; /* these as in sopool_call_options */
    int retries;
    int priority;
    bool details; /* items come with their sopool_call_info, which costs a few
                     microseconds a call */
} sopool_stream_options;

/* What is known of a call that has ended, beside its result. The worker's
 * process measures it: a task that means harm can make it say anything that
 * might be true. */
typedef struct sopool_call_info {
    int pid;             /* the worker's process; 0: no worker began it */
    uint32_t worker;     /* the how-manieth that the pool started, from 1 */
    uint32_t attempts;   /* how often it was begun; 0: never */
    int64_t started_ns;  /* when the last attempt began, in nanoseconds since
                            1970; 0: not known */
    int64_t duration_ns; /* of the last attempt; -1: not known */
    int64_t cpu_ns;      /* the processor time of it, of all threads of the
                            worker's process, or of a thread worker alone; -1:
                            not known */
    uint64_t peak_kib;   /* the most memory that the worker's process had up to
                            the end of the call; 0: not known */
} sopool_call_info;

/* `options` may be NULL. */
SOPOOL_API sopool_stream *
sopool_stream_open(sopool_pool *pool, const char *task,
                   const sopool_stream_options *options, sopool_error *err);

/* Sends one call; waits for room in the window. -1 with SOPOOL_E_TIMEOUT when
 * it stayed full, or with SOPOOL_E_CLOSED when the pool has ended. What it
 * takes of a pool that is closed but has not ended yet comes out failed. */
SOPOOL_API int sopool_stream_send(sopool_stream *stream, sopool_args args,
                                  int64_t timeout_ms, sopool_error *err);

/* An input that failed before it could be sent: it keeps its place among the
 * results, with this error. */
SOPOOL_API int sopool_stream_send_failure(sopool_stream *stream,
                                          const sopool_error *why,
                                          int64_t timeout_ms,
                                          sopool_error *err);

/* Hands over calls that still wait for their chunk to fill up; waits for room.
 * To be called by the sender before it waits for input. */
SOPOOL_API int sopool_stream_flush(sopool_stream *stream, sopool_error *err);

/* No more is sent: the reader will come to the end. Flushes. By the sender. */
SOPOOL_API void sopool_stream_end(sopool_stream *stream);

typedef struct sopool_item {
    uint64_t index;               /* the how-manieth that was sent, from 0 */
    const void *cbor;             /* the result, or NULL */
    size_t size;                  /* its bytes */
    const sopool_error *error;    /* why there is no result, or NULL */
    const sopool_call_info *info; /* with `details`; else NULL */
} sopool_item;

/* Waits for the next result: 1 and the item, borrowed until the next call; 0 at
 * the end; -1 when the time passed (SOPOOL_E_TIMEOUT), or when the pool has
 * ended and all that was handed over to it is read (SOPOOL_E_CLOSED). A failed
 * call is an item. */
SOPOOL_API int sopool_stream_next(sopool_stream *stream, sopool_item *out,
                                  int64_t timeout_ms, sopool_error *err);

/* Makes a sender that waits, and every later send, fail with SOPOOL_E_CLOSED,
 * and lets the reader come to the end at once. By any thread. */
SOPOOL_API void sopool_stream_cancel(sopool_stream *stream);

/* Cancels what is not done and frees. Neither end may be in use any more. */
SOPOOL_API void sopool_stream_close(sopool_stream *stream);

/* ---- imap: lazily over any number of inputs ---------------------------- */

/* Gives the next input: 1 and `args`, which are borrowed until it is called
 * again; 0 at the end; -1 and `err` for an input that is no good: it takes its
 * place among the results as a failure. Called by sopool_imap_next, in its
 * thread. */
typedef int sopool_input_fn(void *ctx, sopool_args *args, sopool_error *err);

typedef struct sopool_iterator sopool_iterator;

/* Results of one call for each input, in the order of the inputs, or as they
 * come. Inputs are pulled when results are asked for and none is there: no more
 * are on their way than the options' window, and no more are done and wait to
 * be asked for; so inputs may be endless. `options` may be NULL. */
SOPOOL_API sopool_iterator *sopool_imap(sopool_pool *pool, const char *task,
                                        sopool_input_fn *next, void *ctx,
                                        const sopool_stream_options *options,
                                        sopool_error *err);
SOPOOL_API sopool_iterator *
sopool_imap_unordered(sopool_pool *pool, const char *task,
                      sopool_input_fn *next, void *ctx,
                      const sopool_stream_options *options, sopool_error *err);

/* Waits for the next result, as sopool_stream_next does, and pulls inputs
 * meanwhile. -1 with SOPOOL_E_CLOSED at the end if the pool took no more calls
 * before all inputs were read. */
SOPOOL_API int sopool_imap_next(sopool_iterator *iterator, sopool_item *out,
                                int64_t timeout_ms, sopool_error *err);

/* Cancels what has not begun and frees. */
SOPOOL_API void sopool_imap_close(sopool_iterator *iterator);

#ifdef __cplusplus
}
#endif

#endif
