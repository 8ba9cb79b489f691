/* pools.h - what the tests of pools share: pools with each start method, and
 * what is expected of them. The tasks are those of tests/plugins, in the folder
 * that SOPOOL_TEST_PLUGINS names. */
#ifndef SOPOOL_TESTS_POOLS_H
#define SOPOOL_TESTS_POOLS_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sopool/abi.h>
#include <sopool/cbor.h>

#include "base/sanitized.h"
#include "sopool.h"
#include "unit.h"

/* The start methods that tests run with; first those whose workers run another
 * program, then those whose workers are processes. The sanitizers' runtime
 * cannot be forked while other threads use it; and what the thread sanitizer
 * looks at, the program's threads, do the same whatever kind of process there
 * is. */
#if SANITIZED_THREAD
static const char *const methods[] = {"forkserver", "thread"};
enum { METHODS = 2, PROCESS_METHODS = 1, PROGRAM_METHODS = 1 };
#elif SANITIZED_ADDRESS
static const char *const methods[] = {"forkserver", "spawn", "thread"};
enum { METHODS = 3, PROCESS_METHODS = 2, PROGRAM_METHODS = 2 };
#else
static const char *const methods[] = {"forkserver", "spawn", "fork", "thread"};
enum { METHODS = 4, PROCESS_METHODS = 3, PROGRAM_METHODS = 2 };
#endif

static sopool_error err;

/* The sanitizers' runtime needs more memory than there may be, too. */
static inline bool sanitized(void)
{
    const char *text = getenv("SOPOOL_TEST_SANITIZED");

    return text != NULL && text[0] != '\0';
}

/* ---- making pools ------------------------------------------------------ */

static inline sopool_options *options_of(const char *method)
{
    sopool_options *options = sopool_options_new();
    const char *plugins = getenv("SOPOOL_TEST_PLUGINS");

    ck_assert_ptr_nonnull(options);
    ck_assert_ptr_nonnull(plugins);
    ck_assert_int_eq(sopool_options_set(options, "plugin_path", plugins, &err),
                     0);
    ck_assert_int_eq(
        sopool_options_set(options, "plugins.load", "faults", &err), 0);
    ck_assert_int_eq(
        sopool_options_set(options, "plugins.load", "behave", &err), 0);
    if (sanitized() && strcmp(method, "fork") == 0)
        method = "spawn";
    ck_assert_int_eq(sopool_options_set(options, "start_method", method, &err),
                     0);
    ck_assert_int_eq(sopool_options_set(options, "processes", "2", &err), 0);
    return options;
}

static inline void set(sopool_options *options, const char *key,
                       const char *text)
{
    ck_assert_msg(sopool_options_set(options, key, text, &err) == 0, "%s",
                  err.message);
}

static inline sopool_pool *open_pool(sopool_options *options)
{
    sopool_pool *pool = sopool_open_options(options, &err);

    ck_assert_msg(pool != NULL, "%s", err.message);
    sopool_options_free(options);
    return pool;
}

static inline void end_pool(sopool_pool *pool)
{
    sopool_close(pool);
    ck_assert_msg(sopool_join(pool, 20000, &err) == 0, "%s", err.message);
    sopool_destroy(pool);
}

static inline int64_t int_of(sopool_value *value)
{
    int64_t out;

    ck_assert_msg(value != NULL, "%s", err.message);
    ck_assert_int_eq(sopool_value_i64(value, &out, NULL), 0);
    sopool_value_free(value);
    return out;
}

/* A call that must fail with this code; the error is in `err`. */
static inline void expect_failure(sopool_pool *pool, const char *task,
                                  sopool_args args, int code)
{
    ck_assert_ptr_null(sopool_apply(pool, task, args, &err));
    ck_assert_msg(err.code == code, "%s, not %s: %s",
                  sopool_code_name(err.code), sopool_code_name(code),
                  err.message);
}

static inline sopool_pool *pool_of(const char *method)
{
    return open_pool(options_of(method));
}

static inline sopool_pool *one_worker(const char *method)
{
    sopool_options *options = options_of(method);

    set(options, "processes", "1");
    return open_pool(options);
}

/* ---- gates: files that tasks wait for ---------------------------------- */

typedef char gate[256];

/* A path where there is no file yet. */
static inline const char *gate_new(gate path)
{
    const char *tmp = getenv("TMPDIR");
    int fd;

    (void)snprintf(path, sizeof(gate), "%.200s/sopool-gate-XXXXXX",
                   tmp != NULL ? tmp : "/tmp");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    (void)unlink(path);
    return path;
}

static inline void gate_open(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    (void)close(fd);
}

static inline void gate_remove(const char *path)
{
    (void)unlink(path);
}

/* ---- waiting for what must come ---------------------------------------- */

static inline void rest(long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    (void)nanosleep(&time, NULL);
}

/* Waits until the condition holds; the test fails if that takes 20 s. It need
 * not go on to hold, and so is not looked at again. */
#define UNTIL(condition)                                                       \
    do {                                                                       \
        bool holds_ = false;                                                   \
                                                                               \
        for (int tries_ = 0; !holds_ && tries_ < 4000; tries_++) {             \
            if (tries_ > 0)                                                    \
                rest(5);                                                       \
            holds_ = (condition);                                              \
        }                                                                      \
        ck_assert_msg(holds_, "in vain: %s", #condition);                      \
    } while (0)

#define MUST(call)                                                             \
    ck_assert_msg((call), "%s: %s", sopool_code_name(err.code), err.message)

static inline int64_t item_int(const sopool_item *item)
{
    sopool_reader r = sopool_reader_of(item->cbor, item->size);
    int64_t out;

    ck_assert_int_eq(sopool_read_i64(&r, &out), 0);
    return out;
}

static inline TCase *add_case(Suite *s, const char *name)
{
    TCase *t = tcase_create(name);

    tcase_set_timeout(t, 240);
    suite_add_tcase(s, t);
    return t;
}

#endif
