/* behave.c - tasks for the tests of results and of pools' lives: they wait for
 * a file, look at the stop flag, add and multiply. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sopool/task.h>

static void rest(long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    (void)nanosleep(&time, NULL);
}

/* Is there such a file? */
static bool exists(const sopool_text *text)
{
    char path[4096];

    if (text->size >= sizeof(path))
        return true;
    memcpy(path, text->ptr, (size_t)text->size);
    path[text->size] = '\0';
    return access(path, F_OK) == 0;
}

SOPOOL_TASK_WITH(SOPOOL_PURE, square, i64, "The square of x.", (i64, x))
{
    if (__builtin_mul_overflow(a->x, a->x, out))
        return sopool_fail(call, "too large");
    return SOPOOL_OK;
}

SOPOOL_TASK(subtract, i64, "x - y.", (i64, x), (i64, y))
{
    *out = a->x - a->y;
    return SOPOOL_OK;
}

SOPOOL_TASK(wait, i64, "Waits until there is such a file, and gives x.",
            (str, path), (i64, x))
{
    while (!exists(&a->path))
        rest(1);
    *out = a->x;
    return SOPOOL_OK;
}

SOPOOL_TASK(touch_and_wait, i64,
            "Makes a file, then waits for another, and gives x.", (str, made),
            (str, path), (i64, x))
{
    char path[4096];
    int fd;

    if (a->made.size >= sizeof(path))
        return sopool_fail(call, "the path is too long");
    memcpy(path, a->made.ptr, (size_t)a->made.size);
    path[a->made.size] = '\0';
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
    while (!exists(&a->path))
        rest(1);
    *out = a->x;
    return SOPOOL_OK;
}

SOPOOL_TASK(patient, str, "Works until it is told to stop.")
{
    while (!sopool_should_stop(call))
        rest(1);
    out->ptr = "stopped";
    out->size = 7;
    return SOPOOL_OK;
}

SOPOOL_TASK(odd_fails, i64, "Fails on odd numbers, squares the others.",
            (i64, x))
{
    if (a->x % 2 != 0)
        return sopool_fail(call, "%" PRId64 " is odd", a->x);
    *out = a->x * a->x;
    return SOPOOL_OK;
}

/* The file is opened once in each thread. */
static _Thread_local int log_fd = -1;

static int open_log(const sopool_text *text)
{
    char path[4096];

    if (log_fd >= 0 || text->size >= sizeof(path))
        return log_fd;
    memcpy(path, text->ptr, (size_t)text->size);
    path[text->size] = '\0';
    log_fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    return log_fd;
}

SOPOOL_TASK(log_call, i64,
            "Appends x to a file, 8 bytes, and takes so many microseconds.",
            (str, path), (i64, x), (u64, us))
{
    struct timespec from, now;

    if (write(open_log(&a->path), &a->x, sizeof(a->x)) != sizeof(a->x))
        return sopool_fail(call, "cannot append to the file");
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    do
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
    while ((uint64_t)((now.tv_sec - from.tv_sec) * 1000000 +
                      (now.tv_nsec - from.tv_nsec) / 1000) < a->us);
    *out = a->x;
    return SOPOOL_OK;
}

SOPOOL_TASK(fails_unless, bool,
            "An initializer that fails unless the file BEHAVE_FILE is there.")
{
    const char *path = getenv("BEHAVE_FILE");

    *out = true;
    if (path == NULL || access(path, F_OK) == 0)
        return SOPOOL_OK;
    return sopool_fail(call, "there is no file yet");
}

SOPOOL_TASK(waits_for, bool,
            "An initializer that waits until the file BEHAVE_FILE is there.")
{
    const char *path = getenv("BEHAVE_FILE");

    (void)call;
    (void)a;
    while (path != NULL && access(path, F_OK) != 0)
        (void)usleep(1000);
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(behave, "1", square, subtract, wait, touch_and_wait, patient,
              odd_fails, fails_unless, log_call, waits_for);
