/* test_status.c - looking at what the workers of a pool do: in the program
 * itself, and from outside, by the pool's socket. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "pools.h"
#include "unit.h"

/* ---- workers ----------------------------------------------------------- */

static int64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* How many workers are in that state; the last of them. */
static size_t in_state(sopool_pool *pool, int state, sopool_worker *out)
{
    sopool_worker worker[8];
    size_t count = sopool_get_workers(pool, worker, 8), found = 0;

    ck_assert_uint_le(count, 8);
    for (size_t i = 0; i < count; i++)
        if (worker[i].state == state) {
            *out = worker[i];
            found++;
        }
    return found;
}

static void check_busy(sopool_pool *pool, const sopool_call_options *how)
{
    sopool_worker worker;
    int64_t before, after;
    sopool_result *result;
    gate path;

    (void)gate_new(path);
    UNTIL(in_state(pool, SOPOOL_STATE_IDLE, &worker) == 2);
    before = now_ns();
    result = sopool_apply_async(pool, "behave.wait",
                                SOPOOL_ARGS((const char *)path, 7), how, &err);
    MUST(result != NULL);
    UNTIL(in_state(pool, SOPOOL_STATE_BUSY, &worker) == 1);
    rest(30);
    ck_assert_uint_eq(in_state(pool, SOPOOL_STATE_BUSY, &worker), 1);
    after = now_ns();
    ck_assert_str_eq(worker.task, "behave.wait");
    /* The clock of 1970 may be set a little meanwhile. */
    ck_assert_int_ge(worker.since_ns, before - 20000000);
    ck_assert_int_le(worker.since_ns, after - 5000000);
    gate_open(path);
    ck_assert_int_eq(int_of(sopool_result_get(result, 20000, &err)), 7);
    sopool_result_free(result);
    gate_remove(path);
    UNTIL(in_state(pool, SOPOOL_STATE_IDLE, &worker) == 2);
    ck_assert_ptr_null(worker.task);
    ck_assert_int_eq(worker.since_ns, 0);
}

START_TEST(a_worker_tells_what_it_runs_and_since_when)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_call_options timed = {.timeout_ms = 60000};
    sopool_worker worker[2];

    check_busy(pool, NULL);
    check_busy(pool, &timed);
    ck_assert_uint_eq(sopool_get_workers(pool, worker, 2), 2);
    ck_assert_uint_eq(worker[0].id, 1);
    ck_assert_uint_eq(worker[1].id, 2);
    ck_assert_uint_eq(worker[0].calls + worker[1].calls, 2);
    for (int i = 0; i < 2; i++)
        ck_assert_int_gt(worker[i].pid, 0);
    if (_i < PROCESS_METHODS)
        ck_assert_int_ne(worker[0].pid, worker[1].pid);
    else
        ck_assert_int_eq(worker[0].pid, getpid());
    end_pool(pool);
}
END_TEST

START_TEST(there_may_be_more_workers_than_room)
{
    sopool_pool *pool = pool_of("forkserver");
    sopool_worker worker[2] = {{0}, {.id = 77}};

    UNTIL(sopool_get_workers(pool, NULL, 0) == 2);
    ck_assert_uint_eq(sopool_get_workers(pool, worker, 1), 2);
    ck_assert_uint_eq(worker[0].id, 1);
    ck_assert_uint_eq(worker[1].id, 77);
    end_pool(pool);
}
END_TEST

START_TEST(states_have_names)
{
    ck_assert_str_eq(sopool_worker_state_name(SOPOOL_STATE_STARTING),
                     "starting");
    ck_assert_str_eq(sopool_worker_state_name(SOPOOL_STATE_IDLE), "idle");
    ck_assert_str_eq(sopool_worker_state_name(SOPOOL_STATE_BUSY), "busy");
    ck_assert_str_eq(sopool_worker_state_name(SOPOOL_STATE_ENDING), "ending");
    ck_assert_str_eq(sopool_worker_state_name(0), "unknown");
    ck_assert_str_eq(sopool_worker_state_name(99), "unknown");
}
END_TEST

/* ---- from outside ------------------------------------------------------ */

static char runtime[256], folder[300];

/* A folder for sockets that no other test uses. */
static void setup(void)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(runtime, sizeof(runtime), "%.200s/status-XXXXXX",
                   tmp != NULL ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(runtime));
    (void)snprintf(folder, sizeof(folder), "%s/sopool", runtime);
    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", runtime, 1), 0);
}

static void teardown(void)
{
    (void)rmdir(folder);
    ck_assert_int_eq(rmdir(runtime), 0);
}

/* How many sockets there are; the path of one. */
static size_t sockets(char path[600])
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    size_t count = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.') {
            (void)snprintf(path, 600, "%s/%s", folder, entry->d_name);
            count++;
        }
    if (dir != NULL)
        (void)closedir(dir);
    return count;
}

static sopool_pool *seen_pool(const char *method, const char *status)
{
    sopool_options *options = options_of(method);

    set(options, "status", status);
    return open_pool(options);
}

static size_t pools_seen(void)
{
    sopool_value *pools = sopool_status(5000, &err);
    size_t count;

    MUST(pools != NULL);
    ck_assert_int_eq(sopool_value_count(pools, &count, &err), 0);
    sopool_value_free(pools);
    return count;
}

START_TEST(a_pool_is_seen_from_its_beginning_to_its_end)
{
    sopool_pool *pool = seen_pool(methods[_i], "true");
    int pid;
    uint64_t done, ready;
    const char *state;
    size_t size;
    sopool_value *pools, *one;
    char path[600];

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(
            int_of(sopool_apply(pool, "faults.echo", SOPOOL_ARGS(i), &err)), i);
    ck_assert_uint_eq(sockets(path), 1);
    pools = sopool_status(5000, &err);
    MUST(pools != NULL);
    one = sopool_value_at(pools, 0, &err);
    MUST(one != NULL);
    MUST(sopool_unpack(one, &err, "{s:i s:U s:U s:S}", "pid", &pid, "done",
                       &done, "ready", &ready, "state", &state, &size) == 0);
    ck_assert_int_eq(pid, getpid());
    ck_assert_uint_eq(done, 3);
    ck_assert_uint_ge(ready, 1);
    ck_assert_int_eq((int)size, 4);
    ck_assert_mem_eq(state, "open", 4);
    sopool_value_free(one);
    sopool_value_free(pools);
    end_pool(pool);
    ck_assert_uint_eq(sockets(path), 0);
    ck_assert_uint_eq(pools_seen(), 0);
}
END_TEST

START_TEST(a_pool_is_not_seen_unless_it_wants_to_be)
{
    sopool_pool *pool = pool_of("forkserver");
    struct stat st;

    ck_assert_int_ne(stat(folder, &st), 0);
    ck_assert_uint_eq(pools_seen(), 0);
    end_pool(pool);
    pool = seen_pool("forkserver", "false");
    ck_assert_int_ne(stat(folder, &st), 0);
    end_pool(pool);
}
END_TEST

START_TEST(pools_end_and_are_seen_no_more)
{
    sopool_pool *first = seen_pool("forkserver", "true");
    sopool_pool *second = seen_pool("fork", "auto");
    char path[600];

    ck_assert_uint_eq(pools_seen(), 2);
    sopool_terminate(first);
    ck_assert_int_eq(sopool_join(first, 20000, &err), 0);
    ck_assert_uint_eq(pools_seen(), 1);
    sopool_destroy(first);
    sopool_destroy(second);
    ck_assert_uint_eq(sockets(path), 0);
}
END_TEST

/* Leaves a socket behind, as a process that is killed does. What it was just
 * starting has the socket, too, for a moment: all of it is waited for. */
static void leave_socket(void)
{
    pid_t child;
    char path[600];

    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    child = fork();
    if (child == 0) {
        (void)seen_pool("forkserver", "true");
        _exit(0);
    }
    ck_assert_int_gt(child, 0);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    ck_assert_int_eq(errno, ECHILD);
    ck_assert_uint_eq(sockets(path), 1);
}

START_TEST(what_the_dead_leave_behind_is_removed)
{
    sopool_pool *pool;
    char path[600];

    leave_socket();
    ck_assert_uint_eq(pools_seen(), 0);
    ck_assert_uint_eq(sockets(path), 0);
    leave_socket();
    pool = seen_pool("forkserver", "true");
    ck_assert_uint_eq(sockets(path), 1);
    ck_assert_uint_eq(pools_seen(), 1);
    end_pool(pool);
}
END_TEST

START_TEST(a_folder_that_others_can_reach_is_not_used)
{
    sopool_options *options = options_of("forkserver");

    ck_assert_int_eq(mkdir(folder, 0700), 0);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    set(options, "status", "true");
    ck_assert_ptr_null(sopool_open_options(options, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_SYSTEM);
    ck_assert_ptr_nonnull(strstr(err.message, "status: others can reach into"));
    ck_assert_ptr_nonnull(strstr(err.message, "run: chmod 700 "));
    ck_assert_ptr_null(sopool_status(1000, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "run: chmod 700 "));
    /* Who does not insist has a pool all the same. */
    set(options, "status", "auto");
    end_pool(open_pool(options));
}
END_TEST

START_TEST(a_folder_that_cannot_be_made)
{
    sopool_options *options = options_of("forkserver");
    int fd = open(folder, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    set(options, "status", "true");
    ck_assert_ptr_null(sopool_open_options(options, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "status: cannot open "));
    sopool_options_free(options);
    (void)unlink(folder);
}
END_TEST

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                     0);
    return fd;
}

START_TEST(who_does_not_read_holds_nobody_up)
{
    sopool_pool *pool = seen_pool("forkserver", "true");
    int client[40];
    char path[600];

    if (strlen(folder) > 80) {
        end_pool(pool);
        return;
    }
    ck_assert_uint_eq(sockets(path), 1);
    for (int i = 0; i < 40; i++) {
        client[i] = connect_to(path);
        if (i % 3 == 0)
            (void)close(client[i]);
        ck_assert_int_eq(
            int_of(sopool_apply(pool, "faults.echo", SOPOOL_ARGS(i), &err)), i);
    }
    ck_assert_uint_eq(pools_seen(), 1);
    for (int i = 0; i < 40; i++)
        if (i % 3 != 0)
            (void)close(client[i]);
    end_pool(pool);
}
END_TEST

START_TEST(a_pool_that_does_not_answer_is_left_out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sopool_pool *pool = seen_pool("forkserver", "true");
    sopool_value *pools;
    size_t count;

    if (strlen(folder) > 80) {
        (void)close(fd);
        end_pool(pool);
        return;
    }
    (void)snprintf(address.sun_path, sizeof(address.sun_path),
                   "%.80s/%d-9.sock", folder, getpid());
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(fd, 4), 0);
    pools = sopool_status(300, &err);
    MUST(pools != NULL);
    ck_assert_int_eq(sopool_value_count(pools, &count, &err), 0);
    ck_assert_uint_eq(count, 1);
    sopool_value_free(pools);
    (void)unlink(address.sun_path);
    (void)close(fd);
    end_pool(pool);
}
END_TEST

START_TEST(the_option_takes_three_words)
{
    sopool_options *options = sopool_options_new();

    ck_assert_int_ne(sopool_options_set(options, "status", "yes", &err), 0);
    ck_assert_str_eq(err.message, "status: 'yes' is not right; allowed: true, "
                                  "false, auto");
    sopool_options_free(options);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("status");
    TCase *t = add_case(s, "workers");

    tcase_add_loop_test(t, a_worker_tells_what_it_runs_and_since_when, 0,
                        METHODS);
    tcase_add_test(t, there_may_be_more_workers_than_room);
    tcase_add_test(t, states_have_names);
    t = add_case(s, "from outside");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_pool_is_seen_from_its_beginning_to_its_end, 0,
                        METHODS);
    tcase_add_test(t, a_pool_is_not_seen_unless_it_wants_to_be);
    tcase_add_test(t, pools_end_and_are_seen_no_more);
    tcase_add_test(t, what_the_dead_leave_behind_is_removed);
    tcase_add_test(t, a_folder_that_others_can_reach_is_not_used);
    tcase_add_test(t, a_folder_that_cannot_be_made);
    tcase_add_test(t, who_does_not_read_holds_nobody_up);
    tcase_add_test(t, a_pool_that_does_not_answer_is_left_out);
    tcase_add_test(t, the_option_takes_three_words);
    return unit_run(s);
}
