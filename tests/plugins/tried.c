/* tried.c - tasks for sopool test: right ones, and ones with a mistake each. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sopool/task.h>

SOPOOL_TASK(twice, i64, "Twice x.", (i64, x))
{
    if (a->x > INT64_MAX / 2 || a->x < INT64_MIN / 2)
        return sopool_fail(call, "%" PRId64 " is too large", a->x);
    *out = 2 * a->x;
    return SOPOOL_OK;
}

SOPOOL_TASK(third, f64, "A third of x.", (f64, x))
{
    (void)call;
    *out = a->x / 3;
    return SOPOOL_OK;
}

/* Dies of a text of four or more characters with a % in it. */
SOPOOL_TASK(picky, u64, "How long the text is.", (str, text))
{
    (void)call;
    if (a->text.size > 3 && memchr(a->text.ptr, '%', a->text.size) != NULL)
        abort();
    *out = a->text.size;
    return SOPOOL_OK;
}

SOPOOL_TASK(stuck, bool, "Never ends if n is above 99.", (u64, n))
{
    (void)call;
    while (a->n > 99)
        (void)usleep(1000);
    *out = true;
    return SOPOOL_OK;
}

/* Which is no trouble in a fresh worker. */
SOPOOL_TASK(tired, bool, "Dies at the thousandth call.", (u64, n))
{
    static int calls;

    (void)call;
    (void)a;
    if (++calls == 1000)
        abort();
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_TASK(leak, bool, "Loses so many bytes, and one.", (u64, n))
{
    static void *volatile lost;

    (void)call;
    lost = malloc(a->n % 4096 + 1);
    *out = lost != NULL;
    lost = NULL;
    return SOPOOL_OK;
}

SOPOOL_TASK(overrun, bool, "Writes behind 16 bytes if n is above 16.", (u64, n))
{
    volatile char *bytes = malloc(16);

    (void)call;
    for (uint64_t i = 0; bytes != NULL && i < a->n && i < 20; i++)
        bytes[i] = 1;
    free((void *)(uintptr_t)bytes);
    *out = true;
    return SOPOOL_OK;
}

/* 0 if it could be done, or errno. */
SOPOOL_TASK(write_file, i64, "Makes a file.", (str, path))
{
    char path[256];
    int fd;

    if (a->path.size >= sizeof(path))
        return sopool_fail(call, "too long");
    memcpy(path, a->path.ptr, a->path.size);
    path[a->path.size] = '\0';
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    *out = fd < 0 ? errno : 0;
    if (fd >= 0)
        (void)close(fd);
    return SOPOOL_OK;
}

SOPOOL_TASK(write_temporary, i64, "Makes a file in TMPDIR.")
{
    char path[256];
    int fd;

    (void)call;
    (void)a;
    (void)snprintf(path, sizeof(path), "%s/made", getenv("TMPDIR"));
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    *out = fd < 0 ? errno : 0;
    if (fd >= 0)
        (void)close(fd);
    return SOPOOL_OK;
}

SOPOOL_TASK(connect_to, i64, "Connects to a port of this machine.", (u64, port))
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)a->port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)call;
    *out = connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? errno : 0;
    (void)close(fd);
    return SOPOOL_OK;
}

SOPOOL_TASK(secret, bool, "Dies of one text.", (str, text))
{
    (void)call;
    if (sopool_text_is(a->text, "open sesame"))
        abort();
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_TASK(pid, i64, "The worker's process id.")
{
    (void)call;
    (void)a;
    *out = getpid();
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(tried, "1.0", twice, third, picky, stuck, tired, leak, overrun,
              write_file, write_temporary, connect_to, secret, pid);
