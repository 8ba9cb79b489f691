/* test_buffer.c - memory of the program that workers read in place. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "pools.h"
#include "unit.h"

enum { MIB = 1 << 20 };

/* Takes the place of the C library's: as on a kernel without what is needed. */
static _Thread_local bool no_files;

int memfd_create(const char *name, unsigned flags)
{
    if (no_files && strcmp(name, "sopool-buffer") == 0) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_memfd_create, name, flags);
}

static sopool_buffer *filled(char with, size_t size)
{
    sopool_buffer *buffer = sopool_buffer_new(size, &err);

    ck_assert_msg(buffer != NULL, "%s", err.message);
    ck_assert_uint_eq(sopool_buffer_size(buffer), size);
    memset(sopool_buffer_data(buffer), with, size);
    return buffer;
}

static sopool_arg all_of(const sopool_buffer *buffer)
{
    return sopool_arg_buffer(buffer, 0, sopool_buffer_size(buffer),
                             SOPOOL_BYTES);
}

static void expect_bytes(sopool_value *value, char with, size_t size)
{
    const void *got;
    const char *at;
    size_t got_size;

    ck_assert_msg(value != NULL, "%s", err.message);
    ck_assert_int_eq(sopool_value_bytes(value, &got, &got_size, NULL), 0);
    ck_assert_uint_eq(got_size, size);
    at = got;
    ck_assert(at[0] == with && memcmp(at, at + 1, size - 1) == 0);
    sopool_value_free(value);
}

static void expect_copy(sopool_pool *pool, sopool_arg arg, char with)
{
    expect_bytes(sopool_apply(pool, "faults.copy", SOPOOL_ARGS(arg), &err),
                 with, arg.as.data.size);
}

static int64_t placed(sopool_pool *pool, sopool_arg arg)
{
    return int_of(sopool_apply(pool, "faults.placed", SOPOOL_ARGS(arg), &err));
}

/* ---- what is read where ------------------------------------------------ */

START_TEST(any_size_goes_there_and_back)
{
    static const size_t sizes[] = {
        1,       100, 60000,   65535,   65536,       65537,  MIB,
        4096000, 10,  3 * MIB, 8 * MIB, 5 * MIB + 1, 2 * MIB};
    sopool_pool *pool = pool_of(methods[_i]);

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        sopool_buffer *buffer = filled((char)('a' + i), sizes[i]);

        for (int round = 0; round < 3; round++)
            expect_copy(pool, all_of(buffer), (char)('a' + i));
        sopool_buffer_free(buffer);
    }
    end_pool(pool);
}
END_TEST

/* The thread that waits for a call reads the file of its result from where the
 * worker also rings for the pool's own thread, which sleeps: it is not to miss
 * that. */
START_TEST(who_reads_a_file_passes_on_what_else_was_said)
{
    sopool_buffer *buffer = filled('a', MIB);

    for (int round = 0; round < 60; round++) {
        sopool_pool *pool = one_worker(methods[_i]);
        sopool_result *result;
        int pid;

        UNTIL(sopool_worker_pids(pool, &pid, 1) == 1);
        rest(2);
        expect_copy(pool, all_of(buffer), 'a');
        result =
            sopool_apply_async(pool, "faults.nap", SOPOOL_ARGS(2), NULL, &err);
        MUST(result != NULL);
        MUST(sopool_result_wait(result, 20000, &err) == 0);
        sopool_result_free(result);
        end_pool(pool);
    }
    sopool_buffer_free(buffer);
}
END_TEST

START_TEST(what_is_large_is_read_in_place)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_buffer *buffer = filled('a', MIB);

    for (int round = 0; round < 3; round++) {
        ck_assert_int_eq(placed(pool, all_of(buffer)), 0);
        ck_assert_int_eq(
            placed(pool, sopool_arg_buffer(buffer, 0, 65536, SOPOOL_BYTES)), 0);
        ck_assert_int_ne(
            placed(pool, sopool_arg_bytes(sopool_buffer_data(buffer), MIB)), 0);
    }
    sopool_buffer_free(buffer);
    end_pool(pool);
}
END_TEST

START_TEST(what_comes_before_it_may_be_anything_small)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_buffer *buffer = filled('a', MIB);
    sopool_arg text = sopool_arg_buffer(buffer, 0, MIB, SOPOOL_STR);
    char first[900];

    memset(first, 'x', sizeof(first));
    for (size_t size = 1; size <= sizeof(first); size += 99)
        ck_assert_int_eq(
            int_of(sopool_apply(
                pool, "faults.placed_after",
                SOPOOL_ARGS(sopool_arg_text(first, size), -7, text), &err)),
            0);
    sopool_buffer_free(buffer);
    end_pool(pool);
}
END_TEST

START_TEST(what_is_written_between_calls_is_read)
{
    sopool_pool *pool = one_worker(methods[_i]);
    sopool_buffer *buffer = filled('a', MIB);

    for (int round = 0; round < 5; round++) {
        memset(sopool_buffer_data(buffer), 'a' + round, MIB);
        expect_copy(pool, all_of(buffer), (char)('a' + round));
    }
    sopool_buffer_free(buffer);
    end_pool(pool);
}
END_TEST

START_TEST(all_else_is_copied)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_buffer *buffer = filled('a', MIB), *other = filled('b', MIB);
    sopool_value *value;

    expect_copy(pool, sopool_arg_buffer(buffer, 5, MIB - 5, SOPOOL_BYTES), 'a');
    ck_assert_int_ne(
        placed(pool, sopool_arg_buffer(buffer, 5, MIB - 5, SOPOOL_BYTES)), 5);
    /* Of two buffers, the last one would do, if it were the only one. */
    value =
        sopool_apply(pool, "faults.placed_after",
                     SOPOOL_ARGS(all_of(other), 1,
                                 sopool_arg_buffer(buffer, 0, MIB, SOPOOL_STR)),
                     &err);
    ck_assert_int_gt(int_of(value), 0);
    sopool_buffer_free(buffer);
    sopool_buffer_free(other);
    end_pool(pool);
}
END_TEST

START_TEST(a_list_may_stand_in_a_buffer)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_buffer *buffer = sopool_buffer_new(MIB, &err);
    uint8_t *data = sopool_buffer_data(buffer);

    ck_assert_ptr_nonnull(buffer);
    data[0] = 0x9a; /* a list; its length in four bytes; then zeros */
    data[1] = 0;
    data[2] = 0x0f;
    data[3] = 0xff;
    data[4] = 0xfb;
    for (int round = 0; round < 3; round++)
        ck_assert_int_eq(int_of(sopool_apply(pool, "faults.items",
                                             SOPOOL_ARGS(sopool_arg_buffer(
                                                 buffer, 0, MIB, SOPOOL_LIST)),
                                             &err)),
                         MIB - 5);
    data[4] = 0xfa;
    expect_failure(pool, "faults.items",
                   SOPOOL_ARGS(sopool_arg_buffer(buffer, 0, MIB, SOPOOL_ANY)),
                   SOPOOL_E_ARGS);
    sopool_buffer_free(buffer);
    end_pool(pool);
}
END_TEST

START_TEST(what_is_wrong_is_said)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_buffer *buffer = filled('\xff', MIB);
    const sopool_arg wrong[] = {
        sopool_arg_buffer(buffer, 1, MIB, SOPOOL_BYTES),
        sopool_arg_buffer(buffer, MIB + 1, 0, SOPOOL_BYTES),
        sopool_arg_buffer(buffer, 0, MIB + 1, SOPOOL_BYTES),
        sopool_arg_buffer(buffer, SIZE_MAX, 2, SOPOOL_BYTES),
        sopool_arg_buffer(buffer, 0, MIB, SOPOOL_I64),
        sopool_arg_buffer(buffer, 0, MIB, 99)};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        expect_failure(pool, "faults.copy", SOPOOL_ARGS(wrong[i]),
                       SOPOOL_E_USAGE);
    expect_failure(
        pool, "faults.placed_after",
        SOPOOL_ARGS(1, 2, sopool_arg_buffer(buffer, 0, MIB, SOPOOL_STR)),
        SOPOOL_E_ARGS);
    ck_assert_msg(strstr(err.message, "argument 3 is not UTF-8") != NULL, "%s",
                  err.message);
    /* Not what the task takes. */
    expect_failure(pool, "faults.placed_after",
                   SOPOOL_ARGS(1, 2, all_of(buffer)), SOPOOL_E_ARGS);
    ck_assert_ptr_null(sopool_buffer_new(0, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_USAGE);
    ck_assert_ptr_null(sopool_buffer_new(SIZE_MAX, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_NOMEM);
    sopool_buffer_free(NULL);
    expect_copy(pool, all_of(buffer), '\xff');
    sopool_buffer_free(buffer);
    end_pool(pool);
}
END_TEST

START_TEST(without_memory_files_all_is_copied)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_buffer *buffer;

    no_files = true;
    buffer = filled('a', 2 * MIB);
    no_files = false;
    for (int round = 0; round < 3; round++) {
        expect_copy(pool, all_of(buffer), 'a');
        ck_assert_int_ne(placed(pool, all_of(buffer)), 0);
    }
    sopool_buffer_free(buffer);
    end_pool(pool);
}
END_TEST

START_TEST(a_limit_of_memory_is_for_tasks)
{
    sopool_options *options;
    sopool_buffer *buffer[6];
    sopool_pool *pool;

    if (sanitized())
        return;
    options = options_of(methods[_i]);
    set(options, "limits.memory", "40M");
    set(options, "processes", "1");
    pool = open_pool(options);
    for (int i = 0; i < 6; i++)
        buffer[i] = filled((char)('a' + i), 8 * MIB);
    for (int round = 0; round < 12; round++)
        expect_copy(pool, all_of(buffer[round % 6]), (char)('a' + round % 6));
    for (int i = 0; i < 6; i++)
        sopool_buffer_free(buffer[i]);
    ck_assert_int_eq(int_of(sopool_apply(pool, "faults.buffers_mapped",
                                         SOPOOL_NO_ARGS, &err)),
                     0);
    buffer[0] = filled('x', 64 * (size_t)MIB);
    expect_failure(pool, "faults.copy", SOPOOL_ARGS(all_of(buffer[0])),
                   SOPOOL_E_NOMEM);
    sopool_buffer_free(buffer[0]);
    buffer[0] = filled('y', MIB);
    expect_copy(pool, all_of(buffer[0]), 'y');
    sopool_buffer_free(buffer[0]);
    end_pool(pool);
}
END_TEST

/* ---- asynchronous calls ------------------------------------------------ */

START_TEST(many_calls_may_read_one_buffer)
{
    enum { CALLS = 40 };
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_buffer *buffer = filled('a', MIB);
    sopool_result *result[CALLS];

    for (int i = 0; i < CALLS; i++) {
        /* Of several sizes: each with a head of its own. */
        sopool_arg arg = sopool_arg_buffer(
            buffer, 0, i % 3 == 0 ? 65536 : (size_t)MIB - (size_t)i,
            SOPOOL_BYTES);

        result[i] = sopool_apply_async(pool, "faults.size", SOPOOL_ARGS(arg),
                                       NULL, &err);
        ck_assert_msg(result[i] != NULL, "%s", err.message);
    }
    for (int i = 0; i < CALLS; i++) {
        ck_assert_int_eq(int_of(sopool_result_get(result[i], -1, &err)),
                         i % 3 == 0 ? 65536 : MIB - i);
        sopool_result_free(result[i]);
    }
    sopool_buffer_free(buffer);
    end_pool(pool);
}
END_TEST

START_TEST(a_map_may_read_buffers)
{
    enum { ITEMS = 30, BUFFERS = 7 }; /* more than a worker keeps */
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_buffer *buffer[BUFFERS];
    sopool_arg inputs[ITEMS];
    sopool_result *result;

    for (int i = 0; i < BUFFERS; i++)
        buffer[i] = filled((char)('a' + i), 100000);
    for (int i = 0; i < ITEMS; i++)
        inputs[i] =
            i % 5 == 0 ? sopool_arg_bytes("0", 1) : all_of(buffer[i % BUFFERS]);
    result = sopool_map(pool, "faults.copy", inputs, ITEMS, NULL, &err);
    ck_assert_msg(result != NULL, "%s", err.message);
    for (int i = 0; i < BUFFERS; i++)
        sopool_buffer_free(buffer[i]);
    for (int i = 0; i < ITEMS; i++)
        expect_bytes(sopool_result_value(result, (size_t)i, &err),
                     (char)(i % 5 == 0 ? '0' : 'a' + i % BUFFERS),
                     inputs[i].as.data.size);
    sopool_result_free(result);
    end_pool(pool);
}
END_TEST

static sopool_result *copy_when(sopool_pool *pool, const char *path,
                                const sopool_buffer *buffer)
{
    sopool_result *result =
        sopool_apply_async(pool, "faults.copy_when",
                           SOPOOL_ARGS(path, all_of(buffer)), NULL, &err);

    ck_assert_msg(result != NULL, "%s", err.message);
    return result;
}

START_TEST(a_buffer_may_be_freed_while_calls_run_and_wait)
{
    sopool_pool *pool = one_worker(methods[_i]);
    sopool_result *result[4];
    gate path;

    (void)gate_new(path);
    for (int i = 0; i < 4; i++) {
        sopool_buffer *buffer = filled((char)('a' + i), MIB);

        result[i] = copy_when(pool, path, buffer);
        sopool_buffer_free(buffer);
    }
    UNTIL(sopool_result_running(result[0]));
    gate_open(path);
    for (int i = 0; i < 4; i++) {
        expect_bytes(sopool_result_get(result[i], -1, &err), (char)('a' + i),
                     MIB);
        sopool_result_free(result[i]);
    }
    gate_remove(path);
    end_pool(pool);
}
END_TEST

START_TEST(a_buffer_may_outlive_its_pools_and_serve_several)
{
    sopool_pool *one = pool_of(methods[_i]), *two = pool_of(methods[_i]);
    sopool_buffer *buffer = filled('a', MIB);

    for (int round = 0; round < 3; round++) {
        expect_copy(one, all_of(buffer), 'a');
        expect_copy(two, all_of(buffer), 'a');
        ck_assert_int_eq(placed(one, all_of(buffer)), 0);
        ck_assert_int_eq(placed(two, all_of(buffer)), 0);
    }
    end_pool(one);
    expect_copy(two, all_of(buffer), 'a');
    end_pool(two);
    one = pool_of(methods[_i]);
    expect_copy(one, all_of(buffer), 'a');
    sopool_buffer_free(buffer);
    end_pool(one);
}
END_TEST

struct user {
    sopool_pool *pool;
    sopool_buffer *buffer; /* for all */
    char own;
};

static void *use_often(void *arg)
{
    const struct user *user = arg;

    for (int i = 0; i < 15; i++) {
        sopool_buffer *own = filled(user->own, (size_t)(i % 4 + 1) * 90000);

        expect_copy(user->pool, all_of(user->buffer), 'z');
        expect_copy(user->pool, all_of(own), user->own);
        sopool_buffer_free(own);
    }
    return NULL;
}

START_TEST(threads_share_buffers_and_workers)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_buffer *buffer = filled('z', 300000);
    struct user users[4];
    pthread_t threads[4];
    sopool_pool *pool;

    set(options, "maxtasksperchild", "9");
    pool = open_pool(options);
    for (int i = 0; i < 4; i++) {
        users[i] = (struct user){pool, buffer, (char)('a' + i)};
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, use_often, &users[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    sopool_buffer_free(buffer);
    end_pool(pool);
}
END_TEST

/* ---- workers that do harm ---------------------------------------------- */

START_TEST(a_worker_cannot_write_to_it)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_buffer *buffer = filled('a', MIB);
    const char *data = sopool_buffer_data(buffer);

    for (int round = 0; round < 3; round++) {
        expect_failure(pool, "faults.overwrite", SOPOOL_ARGS(all_of(buffer)),
                       SOPOOL_E_DIED);
        ck_assert_int_eq(err.signal, SIGSEGV);
        ck_assert(data[0] == 'a' && memcmp(data, data + 1, MIB - 1) == 0);
        expect_copy(pool, all_of(buffer), 'a');
    }
    sopool_buffer_free(buffer);
    end_pool(pool);
}
END_TEST

START_TEST(a_crash_is_one_calls_failure)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_buffer *buffer = filled('a', MIB);

    for (int round = 0; round < 5; round++) {
        expect_failure(pool, "faults.die_with", SOPOOL_ARGS(all_of(buffer)),
                       SOPOOL_E_DIED);
        expect_copy(pool, all_of(buffer), 'a');
    }
    sopool_buffer_free(buffer);
    end_pool(pool);
}
END_TEST

START_TEST(a_call_is_retried_with_the_same_data)
{
    const sopool_call_options retry = {.retries = 2};
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_buffer *buffer = filled('a', MIB);
    sopool_result *result;
    gate path;

    (void)gate_new(path);
    result = sopool_apply_async(pool, "faults.die_once_with",
                                SOPOOL_ARGS((const char *)path, all_of(buffer)),
                                &retry, &err);
    ck_assert_msg(result != NULL, "%s", err.message);
    sopool_buffer_free(buffer);
    expect_bytes(sopool_result_get(result, -1, &err), 'a', MIB);
    ck_assert_int_eq(access(path, F_OK), 0);
    sopool_result_free(result);
    gate_remove(path);
    end_pool(pool);
}
END_TEST

/* The size of the arguments that were kept in the only bundle there; it is
 * removed. */
static off_t kept_size(const char *dir)
{
    char path[600];
    struct dirent *entry;
    DIR *folder = opendir(dir);
    struct stat st = {.st_size = -1};

    ck_assert_ptr_nonnull(folder);
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%.250s/%.250s/report.txt", dir,
                       entry->d_name);
        ck_assert_int_eq(unlink(path), 0);
        (void)snprintf(path, sizeof(path), "%.250s/%.250s/call.cbor", dir,
                       entry->d_name);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(unlink(path), 0);
        (void)snprintf(path, sizeof(path), "%.250s/%.250s", dir, entry->d_name);
        ck_assert_int_eq(rmdir(path), 0);
    }
    (void)closedir(folder);
    return st.st_size;
}

START_TEST(a_bundle_keeps_the_data)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_buffer *buffer = filled('a', MIB);
    sopool_pool *pool;
    gate dir;

    set(options, "crash_dir", gate_new(dir));
    pool = open_pool(options);
    expect_failure(pool, "faults.die_with", SOPOOL_ARGS(all_of(buffer)),
                   SOPOOL_E_DIED);
    ck_assert_int_gt(kept_size(dir), MIB);
    ck_assert_int_eq(rmdir(dir), 0);
    sopool_buffer_free(buffer);
    end_pool(pool);
}
END_TEST

/* ---- what workers keep ------------------------------------------------- */

static int64_t mapped(sopool_pool *pool)
{
    return int_of(
        sopool_apply(pool, "faults.buffers_mapped", SOPOOL_NO_ARGS, &err));
}

START_TEST(a_worker_keeps_the_last_few)
{
    enum { BUFFERS = 9 };
    sopool_pool *pool = one_worker(methods[_i]);
    sopool_buffer *buffer[BUFFERS];

    for (int i = 0; i < BUFFERS; i++)
        buffer[i] = filled((char)('a' + i), MIB);
    for (int i = 0; i < 3 * BUFFERS; i++) {
        expect_copy(pool, all_of(buffer[i % BUFFERS]),
                    (char)('a' + i % BUFFERS));
        expect_copy(pool, all_of(buffer[0]), 'a');
        ck_assert_int_le(mapped(pool), 4);
    }
    ck_assert_int_eq(mapped(pool), 4);
    for (int i = 0; i < BUFFERS; i++)
        sopool_buffer_free(buffer[i]);
    end_pool(pool);
}
END_TEST

START_TEST(a_worker_lets_go_of_what_is_freed)
{
    sopool_pool *pool = one_worker(methods[_i]);

    for (int round = 0; round < 5; round++) {
        sopool_buffer *one = filled('a', MIB), *two = filled('b', MIB);

        expect_copy(pool, all_of(one), 'a');
        expect_copy(pool, all_of(two), 'b');
        ck_assert_int_eq(mapped(pool), 2);
        sopool_buffer_free(one);
        UNTIL(mapped(pool) == 1);
        expect_copy(pool, all_of(two), 'b');
        sopool_buffer_free(two);
        UNTIL(mapped(pool) == 0);
    }
    end_pool(pool);
}
END_TEST

/* How many buffers the process of the pool's only worker has mapped. */
static int mapped_there(sopool_pool *pool)
{
    char path[64], line[512];
    int pid, count = 0;
    FILE *file;

    UNTIL(sopool_worker_pids(pool, &pid, 1) == 1);
    (void)snprintf(path, sizeof(path), "/proc/%d/maps", pid);
    file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof(line), file) != NULL)
        count += strstr(line, "sopool-buffer") != NULL;
    (void)fclose(file);
    return count;
}

/* Without being called again. */
START_TEST(an_idle_worker_lets_go_of_what_is_freed)
{
    sopool_pool *pool = one_worker(methods[_i]);
    sopool_buffer *buffer = filled('a', MIB);

    ck_assert_int_eq(placed(pool, all_of(buffer)), 0);
    rest(50);
    ck_assert_int_ge(mapped_there(pool), 1);
    sopool_buffer_free(buffer);
    UNTIL(mapped_there(pool) == 0);
    end_pool(pool);
}
END_TEST

/* ---- children of the program ------------------------------------------- */

START_TEST(a_child_has_not_got_it)
{
    sopool_buffer *buffer = filled('a', MIB);
    const char *data = sopool_buffer_data(buffer);
    int status;
    pid_t child = fork();

    if (child == 0) {
        unsigned char there;

        sopool_buffer_free(buffer); /* does nothing */
        _exit(sopool_buffer_size(buffer) == MIB &&
                      mincore(sopool_buffer_data(buffer), 1, &there) != 0
                  ? 0
                  : 1);
    }
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert(data[0] == 'a');
    sopool_buffer_free(buffer);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("buffer");
    TCase *t = add_case(s, "buffer");

    tcase_add_loop_test(t, any_size_goes_there_and_back, 0, METHODS);
    tcase_add_loop_test(t, who_reads_a_file_passes_on_what_else_was_said, 0,
                        METHODS);
    tcase_add_loop_test(t, what_is_large_is_read_in_place, 0, METHODS);
    tcase_add_loop_test(t, what_comes_before_it_may_be_anything_small, 0,
                        METHODS);
    tcase_add_loop_test(t, what_is_written_between_calls_is_read, 0, METHODS);
    tcase_add_loop_test(t, all_else_is_copied, 0, METHODS);
    tcase_add_loop_test(t, a_list_may_stand_in_a_buffer, 0, METHODS);
    tcase_add_loop_test(t, what_is_wrong_is_said, 0, METHODS);
    tcase_add_loop_test(t, without_memory_files_all_is_copied, 0, METHODS);
    tcase_add_loop_test(t, a_limit_of_memory_is_for_tasks, 0, PROGRAM_METHODS);
    tcase_add_loop_test(t, many_calls_may_read_one_buffer, 0, METHODS);
    tcase_add_loop_test(t, a_map_may_read_buffers, 0, METHODS);
    tcase_add_loop_test(t, a_buffer_may_be_freed_while_calls_run_and_wait, 0,
                        METHODS);
    tcase_add_loop_test(t, a_buffer_may_outlive_its_pools_and_serve_several, 0,
                        METHODS);
    tcase_add_loop_test(t, threads_share_buffers_and_workers, 0, METHODS);
    tcase_add_loop_test(t, a_worker_cannot_write_to_it, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, a_crash_is_one_calls_failure, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, a_call_is_retried_with_the_same_data, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, a_bundle_keeps_the_data, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, a_worker_keeps_the_last_few, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, a_worker_lets_go_of_what_is_freed, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, an_idle_worker_lets_go_of_what_is_freed, 0, METHODS);
    tcase_add_test(t, a_child_has_not_got_it);
    return unit_run(s);
}
