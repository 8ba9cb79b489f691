/* faults.c - tasks that do what tasks must not do, and some that tests use to
 * look at the pool from inside. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sopool/task.h>

static void sleep_ms(uint64_t ms)
{
    struct timespec ts = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};

    while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
        ;
}

/* ---- harmless ---------------------------------------------------------- */

SOPOOL_TASK_WITH(SOPOOL_PURE, echo, any, "The value itself.", (any, value))
{
    (void)sopool_put_raw(out, a->value.ptr, a->value.size);
    return SOPOOL_OK;
}

SOPOOL_TASK(pid, i64, "The worker's process id.", (any, value))
{
    *out = getpid();
    return SOPOOL_OK;
}

SOPOOL_TASK(parent, i64, "The id of the worker's parent.")
{
    *out = getppid();
    return SOPOOL_OK;
}

SOPOOL_TASK(nap, u64, "Sleeps so many milliseconds, and gives them.", (u64, ms))
{
    sleep_ms(a->ms);
    *out = a->ms;
    return SOPOOL_OK;
}

SOPOOL_TASK(meet, bool,
            "Whether so many of these tasks, of the same file, run at once.",
            (str, path), (i64, count))
{
    char path[4096] = "";
    int fd;

    if (a->path.size < sizeof(path))
        memcpy(path, a->path.ptr, (size_t)a->path.size);
    fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "", 1) != 1)
        return sopool_fail(call, "%s: %s", path, strerror(errno));
    for (int i = 0; i < 10000 && lseek(fd, 0, SEEK_END) < a->count; i++)
        sleep_ms(1);
    *out = lseek(fd, 0, SEEK_END) >= a->count;
    (void)close(fd);
    return SOPOOL_OK;
}

SOPOOL_TASK(print, str, "Prints a line on standard output, and gives it.",
            (str, line))
{
    (void)printf("%.*s\n", (int)a->line.size, a->line.ptr);
    *out = a->line;
    return SOPOOL_OK;
}

SOPOOL_TASK(big, bytes, "So many bytes, in place.", (u64, size))
{
    uint8_t *room = (uint8_t *)sopool_reserve(call, a->size);

    if (room == NULL)
        return sopool_fail(call, "no memory");
    for (uint64_t i = 0; i < a->size; i++)
        room[i] = (uint8_t)(i * 31);
    out->ptr = room;
    out->size = a->size;
    return SOPOOL_OK;
}

static int fill(sopool_call *call, uint64_t size, uint64_t with,
                sopool_blob *out)
{
    void *room = sopool_reserve(call, size);

    if (room == NULL)
        return sopool_fail(call, "no memory");
    memset(room, (int)with, (size_t)size);
    out->ptr = room;
    out->size = size;
    return SOPOOL_OK;
}

SOPOOL_TASK(filled, bytes, "So many bytes that are all x.", (u64, size),
            (u64, x))
{
    return fill(call, a->size, a->x, out);
}

SOPOOL_TASK(size, u64, "How many bytes were given.", (bytes, data))
{
    *out = a->data.size;
    return SOPOOL_OK;
}

SOPOOL_TASK(copy, bytes, "The data itself.", (bytes, data))
{
    (void)call;
    *out = a->data;
    return SOPOOL_OK;
}

SOPOOL_TASK(betray, bytes,
            "The data; and writes over what was given the time before.",
            (bytes, data))
{
    static uint8_t *given;
    static uint64_t size;
    uint8_t *room;

    if (given != NULL)
        memset(given, 'X', (size_t)size);
    room = (uint8_t *)sopool_reserve(call, a->data.size);
    if (room == NULL)
        return sopool_fail(call, "no memory");
    memcpy(room, a->data.ptr, (size_t)a->data.size);
    given = room;
    size = a->data.size;
    *out = (sopool_blob){room, size};
    return SOPOOL_OK;
}

SOPOOL_TASK(die_with, bytes, "Dies of SIGSEGV.", (bytes, data))
{
    (void)call;
    (void)a;
    (void)out;
    (void)raise(SIGSEGV);
    return SOPOOL_FAILED;
}

/* ---- what becomes of memory that the program lends ---------------------- */

SOPOOL_TASK(placed, u64, "How far into a page the data begin.", (bytes, data))
{
    (void)call;
    *out = (uint64_t)((uintptr_t)a->data.ptr % 4096);
    return SOPOOL_OK;
}

SOPOOL_TASK(placed_after, u64, "The same, behind something else.", (any, first),
            (i64, second), (str, data))
{
    (void)call;
    *out = (uint64_t)((uintptr_t)a->data.ptr % 4096);
    return SOPOOL_OK;
}

SOPOOL_TASK(items, u64, "How many items the list has.", (list, list))
{
    sopool_reader r = sopool_reader_of(a->list.ptr, a->list.size);

    if (sopool_read_array(&r, out) != 0)
        return sopool_fail(call, "no list");
    return SOPOOL_OK;
}

SOPOOL_TASK(pairs, u64, "How many pairs the map has.", (map, map))
{
    sopool_reader r = sopool_reader_of(a->map.ptr, a->map.size);

    if (sopool_read_map(&r, out) != 0)
        return sopool_fail(call, "no map");
    return SOPOOL_OK;
}

SOPOOL_TASK(overwrite, bool, "Writes over the data, whatever it takes.",
            (bytes, data))
{
    uint8_t *at = (uint8_t *)(uintptr_t)a->data.ptr;

    (void)call;
    (void)mprotect(at, (size_t)a->data.size, PROT_READ | PROT_WRITE);
    memset(at, 'X', (size_t)a->data.size);
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_TASK(buffers_mapped, i64, "How many buffers the worker has mapped.")
{
    char line[512];
    FILE *file = fopen("/proc/self/maps", "re");

    if (file == NULL)
        return sopool_fail(call, "no maps");
    *out = 0;
    while (fgets(line, sizeof(line), file) != NULL)
        *out += strstr(line, "sopool-buffer") != NULL;
    (void)fclose(file);
    return SOPOOL_OK;
}

SOPOOL_TASK(copy_when, bytes, "The data, once the file is there.", (str, path),
            (bytes, data))
{
    char path[4096];

    if (a->path.size >= sizeof(path))
        return sopool_fail(call, "the path is too long");
    memcpy(path, a->path.ptr, (size_t)a->path.size);
    path[a->path.size] = '\0';
    while (access(path, F_OK) != 0)
        sleep_ms(1);
    *out = a->data;
    return SOPOOL_OK;
}

static int32_t die_once(sopool_call *call, const sopool_text *text);

SOPOOL_TASK_WITH(SOPOOL_IDEMPOTENT, die_once_with, bytes,
                 "The data; dies unless the file is there, and makes it.",
                 (str, path), (bytes, data))
{
    *out = a->data;
    return die_once(call, &a->path);
}

SOPOOL_TASK(numbers, list, "The numbers below n.", (u64, n))
{
    (void)sopool_put_array(out, a->n);
    for (uint64_t i = 0; i < a->n; i++)
        (void)sopool_put_u64(out, i);
    return SOPOOL_OK;
}

SOPOOL_TASK(record, u64, "Appends x and a newline to a file, and gives x.",
            (str, path), (u64, x))
{
    char path[4096], line[32];
    int size = snprintf(line, sizeof(line), "%" PRIu64 "\n", a->x);
    int fd;

    if (a->path.size >= sizeof(path))
        return sopool_fail(call, "the path is too long");
    memcpy(path, a->path.ptr, (size_t)a->path.size);
    path[a->path.size] = '\0';
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, (size_t)size) != size)
        return sopool_fail(call, "%s: %s", path, strerror(errno));
    (void)close(fd);
    *out = a->x;
    return SOPOOL_OK;
}

SOPOOL_TASK(environment, str, "The value of an environment variable.",
            (str, name))
{
    char name[64];
    const char *value;

    if (a->name.size >= sizeof(name))
        return sopool_fail(call, "the name is too long");
    memcpy(name, a->name.ptr, (size_t)a->name.size);
    name[a->name.size] = '\0';
    value = getenv(name);
    out->ptr = value != NULL ? value : "";
    out->size = strlen(out->ptr);
    return SOPOOL_OK;
}

SOPOOL_TASK(descriptors, u64, "How many descriptors above 3 are open.")
{
    *out = 0;
    for (int fd = 4; fd < 4096; fd++)
        *out += fcntl(fd, F_GETFD) >= 0;
    return SOPOOL_OK;
}

/* What the worker tells the pool with: its first socket that has packets. */
static int control_socket(void)
{
    for (int fd = 3; fd < 4096; fd++) {
        int type = 0;
        socklen_t size = sizeof(type);

        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
            type == SOCK_SEQPACKET)
            return fd;
    }
    return -1;
}

SOPOOL_TASK(lie, bytes,
            "Tells the pool that the worker leaves, and gives so many bytes "
            "that are all x.",
            (u64, size), (u64, x))
{
    /* A MESSAGE_LEAVING without text. */
    const struct {
        uint32_t kind;
        int32_t value;
        uint64_t number;
    } leaving = {11, 0, 0};
    uint8_t packet[20] = {0};

    memcpy(packet, &leaving, sizeof(leaving));
    (void)send(control_socket(), packet, sizeof(packet), MSG_DONTWAIT);
    return fill(call, a->size, a->x, out);
}

/* The pool takes the first file that it gets for a result. */
SOPOOL_TASK(swap_file, bytes,
            "So many bytes, for which the pool is sent a file on disk; in a "
            "worker's first call.",
            (u64, size))
{
    /* A MESSAGE_BIG for the first item of the first range. */
    uint8_t packet[20] = {15};
    struct iovec iov = {packet, sizeof(packet)};
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr head;
    } control = {{0}};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.space,
                         .msg_controllen = sizeof(control.space)};
    FILE *file = tmpfile();
    int fd = file != NULL ? fileno(file) : -1;

    if (fd < 0 || ftruncate(fd, (off_t)a->size * 2) != 0)
        return sopool_fail(call, "no temporary file");
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
    (void)sendmsg(control_socket(), &msg, MSG_DONTWAIT);
    (void)fclose(file);
    return fill(call, a->size, 'x', out);
}

/* ---- ways to fail ------------------------------------------------------ */

SOPOOL_TASK(fail, bool, "Fails with a message.", (str, why))
{
    return sopool_fail(call, "%.*s", (int)a->why.size, a->why.ptr);
}

SOPOOL_TASK(fail_odd, bool, "Fails on odd numbers.", (i64, x))
{
    if (a->x % 2 != 0)
        return sopool_fail(call, "%" PRId64 " is odd", a->x);
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_TASK(not_text, str, "Gives a str that is not UTF-8.")
{
    out->ptr = "\xff\xfe";
    out->size = 2;
    return SOPOOL_OK;
}

SOPOOL_TASK(no_value, any, "Gives bytes that are no value.")
{
    (void)sopool_put_raw(out, "\x1f", 1);
    return SOPOOL_OK;
}

/* ---- ways to die ------------------------------------------------------- */

/* Not NULL, which the sanitizers would see before the processor does. */
static volatile int *volatile nowhere = (volatile int *)64;
static volatile int zero;

static void die(const char *how, uint64_t size)
{
    if (size == 4 && memcmp(how, "segv", 4) == 0)
        *nowhere = 1;
    if (size == 5 && memcmp(how, "abort", 5) == 0)
        abort();
    if (size == 3 && memcmp(how, "fpe", 3) == 0)
        (void)raise(SIGFPE);
    if (size == 4 && memcmp(how, "exit", 4) == 0)
        exit(3);
    if (size == 5 && memcmp(how, "_exit", 5) == 0)
        _exit(0);
    if (size == 4 && memcmp(how, "kill", 4) == 0)
        (void)kill(getpid(), SIGKILL);
    if (size == 4 && memcmp(how, "hang", 4) == 0)
        for (;;)
            sleep_ms(1000);
    if (size == 4 && memcmp(how, "spin", 4) == 0)
        while (zero == 0)
            ;
}

SOPOOL_TASK(die, str,
            "Dies: segv abort fpe exit _exit kill hang spin; else lives.",
            (str, how))
{
    die(a->how.ptr, a->how.size);
    *out = a->how;
    return SOPOOL_OK;
}

SOPOOL_TASK(die_odd, i64, "Dies of SIGSEGV on odd numbers.", (i64, x))
{
    if (a->x % 2 != 0)
        die("segv", 4);
    *out = a->x;
    return SOPOOL_OK;
}

/* Dies the first time that it is called with a path, by making it. */
static int32_t die_once(sopool_call *call, const sopool_text *text)
{
    char path[4096];
    int fd;

    if (text->size >= sizeof(path))
        return sopool_fail(call, "the path is too long");
    memcpy(path, text->ptr, (size_t)text->size);
    path[text->size] = '\0';
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        die("segv", 4);
    return SOPOOL_OK;
}

SOPOOL_TASK_WITH(SOPOOL_IDEMPOTENT, die_once, bool,
                 "Dies unless the file is there, and makes it; may be retried.",
                 (str, path))
{
    *out = true;
    return die_once(call, &a->path);
}

SOPOOL_TASK(die_once_only, bool, "The same, but not to be retried.",
            (str, path))
{
    *out = true;
    return die_once(call, &a->path);
}

/* ---- ways to be a nuisance --------------------------------------------- */

SOPOOL_TASK(close_all, bool, "Closes all its descriptors.")
{
    (void)close_range(0, ~0U, 0);
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_TASK(take_descriptors, bool, "Leaves no descriptor to be had.")
{
    while (dup(0) >= 0)
        ;
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_TASK(mute, u64,
            "Closes all its descriptors but the standard ones, sleeps so many "
            "milliseconds, and gives them.",
            (u64, ms))
{
    (void)close_range(3, ~0U, 0);
    sleep_ms(a->ms);
    *out = a->ms;
    return SOPOOL_OK;
}

SOPOOL_TASK(come_back_twice, u64,
            "The number, by a child, too, that forgets to end.", (u64, x))
{
    (void)fork();
    *out = a->x;
    return SOPOOL_OK;
}

SOPOOL_TASK(leave_child, i64, "Forks a child that stays; gives its id.")
{
    pid_t pid = fork();

    if (pid == 0) {
        sleep_ms(600000);
        _exit(0);
    }
    *out = pid;
    return SOPOOL_OK;
}

/* The channel's mapping, as /proc tells it. */
static bool find_channel(unsigned long *from, unsigned long *to)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    bool found = false;

    while (maps != NULL && !found && fgets(line, sizeof(line), maps) != NULL)
        found = strstr(line, "memfd:sopool-channel") != NULL &&
                sscanf(line, "%lx-%lx", from, to) == 2;
    if (maps != NULL)
        (void)fclose(maps);
    return found;
}

SOPOOL_TASK(scribble, bool, "Writes random bytes over its channel.",
            (u64, seed))
{
    unsigned long from, to;
    uint64_t state = a->seed;

    if (!find_channel(&from, &to))
        return sopool_fail(call, "there is no channel to write over");
    for (; from < to; from += sizeof(state)) {
        state = state * UINT64_C(6364136223846793005) + 1;
        memcpy((void *)from, &state, sizeof(state));
    }
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_TASK(use_memory, u64, "Allocates and fills so many MiB.", (u64, mib))
{
    for (uint64_t i = 0; i < a->mib; i++) {
        char *piece = (char *)malloc(1 << 20);

        if (piece == NULL)
            return sopool_fail(call, "no memory after %" PRIu64 " MiB", i);
        memset(piece, 1, 1 << 20);
        *(char *volatile *)piece = piece; /* leaked on purpose */
    }
    *out = a->mib;
    return SOPOOL_OK;
}

/* ---- initializers ------------------------------------------------------ */

static int64_t started_with;

SOPOOL_TASK(init, bool, "An initializer that remembers a number.", (i64, n))
{
    started_with = a->n;
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_TASK(initialized, i64, "The number that init was given.")
{
    *out = started_with;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(faults, "1.0", echo, pid, parent, nap, meet, print, big, filled,
              lie, swap_file, size, copy, betray, die_with, placed,
              placed_after, items, pairs, overwrite, buffers_mapped, copy_when,
              die_once_with, numbers, record, environment, descriptors, fail,
              fail_odd, not_text, no_value, die, die_odd, die_once,
              die_once_only, close_all, take_descriptors, mute, come_back_twice,
              leave_child, scribble, use_memory, init, initialized);
