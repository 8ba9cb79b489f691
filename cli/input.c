/* input.c - see input.h. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "session.h"

enum { FIRST_ROOM = 256 * 1024 };

/* ---- files ------------------------------------------------------------- */

static bool is_stdin(const char *name)
{
    return strcmp(name, "-") == 0;
}

const char *input_name(char *const *name, size_t file)
{
    return is_stdin(name[file]) ? "stdin" : name[file];
}

int input_check(char *const *name, size_t count)
{
    struct stat st;

    for (size_t i = 0; i < count; i++) {
        int error = 0;

        if (is_stdin(name[i]))
            continue;
        if (access(name[i], R_OK) != 0)
            error = errno;
        else if (stat(name[i], &st) == 0 && S_ISDIR(st.st_mode))
            error = EISDIR;
        if (error != 0) {
            message("cannot read '%s': %s", name[i], strerror(error));
            return -1;
        }
    }
    return 0;
}

uint64_t input_total(char *const *name, size_t count)
{
    uint64_t total = 0;
    struct stat st;

    for (size_t i = 0; i < count; i++) {
        int status = is_stdin(name[i]) ? fstat(session_input(), &st)
                                       : stat(name[i], &st);
        off_t skipped = 0;

        if (status != 0 || !S_ISREG(st.st_mode))
            return 0;
        if (is_stdin(name[i]))
            skipped = lseek(session_input(), 0, SEEK_CUR);
        if (st.st_size > skipped)
            total += (uint64_t)(st.st_size - skipped);
    }
    return total;
}

static void fail(struct input *in)
{
    message("cannot read '%s': %s", input_name(in->name, in->file),
            strerror(errno));
    in->failed = true;
}

static void close_file(struct input *in)
{
    if (in->fd >= 0 && in->fd != session_input())
        (void)close(in->fd);
    in->fd = -1;
}

static int open_file(struct input *in)
{
    const char *name = in->name[in->file];

    in->line = 0;
    in->ended = false;
    in->from = in->to = in->clear = 0;
    in->fd = is_stdin(name) ? session_input()
                            : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return in->fd >= 0 ? 0 : -1;
}

/* ---- reading ----------------------------------------------------------- */

int input_init(struct input *in, char *const *name, size_t count,
               char terminator)
{
    memset(in, 0, sizeof(*in));
    in->name = name;
    in->name_count = count;
    in->terminator = terminator;
    in->fd = -1;
    in->room = FIRST_ROOM;
    in->data = malloc(in->room);
    if (in->data != NULL)
        return 0;
    message("out of memory");
    return -1;
}

void input_finish(struct input *in)
{
    close_file(in);
    free(in->data);
}

/* Tells the caller if the next read may have to wait, and waits. */
static void wait_for_data(struct input *in)
{
    struct pollfd poller = {.fd = in->fd, .events = POLLIN};

    if (poll(&poller, 1, 0) != 0)
        return;
    if (in->waits != NULL)
        in->waits(in->ctx);
    (void)poll(&poller, 1, -1);
}

/* Makes room behind what is left of the buffer. */
static int make_room(struct input *in)
{
    size_t left = in->to - in->from;
    char *grown;

    if (in->from > 0)
        memmove(in->data, in->data + in->from, left);
    in->from = 0;
    in->to = left;
    if (left < in->room)
        return 0;
    grown = in->room <= SIZE_MAX / 2 ? realloc(in->data, in->room * 2) : NULL;
    if (grown == NULL) {
        errno = ENOMEM;
        return -1;
    }
    in->data = grown;
    in->room *= 2;
    return 0;
}

/* Reads more of the file; -1 when that cannot be. */
static int fill(struct input *in)
{
    ssize_t got;

    if (make_room(in) != 0)
        return -1;
    do {
        wait_for_data(in);
        got = read(in->fd, in->data + in->to, in->room - in->to);
    } while (got < 0 && (errno == EINTR || errno == EAGAIN));
    if (got < 0)
        return -1;
    in->to += (size_t)got;
    in->ended = got == 0;
    return 0;
}

/* The next `size` bytes are a line; what ends it comes behind them. */
static int take(struct input *in, struct line *line, size_t size, size_t behind)
{
    line->text = in->data + in->from;
    line->size = size;
    in->from += size + behind;
    in->done += size + behind;
    in->clear = 0;
    in->line++;
    return 1;
}

/* A line of the file that is open; 0: there is none any more. Inlined, as it
 * would be if it were called once: it is called for each line. */
static inline __attribute__((always_inline)) int next_of_file(struct input *in,
                                                              struct line *line)
{
    for (;;) {
        size_t left = in->to - in->from;
        const char *from = in->data + in->from;
        const char *end =
            memchr(from + in->clear, in->terminator, left - in->clear);

        if (end != NULL)
            return take(in, line, (size_t)(end - from), 1);
        in->clear = left;
        if (in->ended)
            return left > 0 ? take(in, line, left, 0) : 0;
        if (fill(in) != 0) {
            fail(in);
            return 0;
        }
    }
}

int input_next(struct input *in, struct line *line)
{
    while (in->file < in->name_count) {
        if (in->fd < 0 && open_file(in) != 0)
            fail(in);
        else if (next_of_file(in, line) == 1)
            return 1;
        close_file(in);
        in->file++;
    }
    return 0;
}

int input_more(struct input *in, struct line *line)
{
    return in->fd >= 0 ? next_of_file(in, line) : 0;
}

void input_skip(struct input *in)
{
    in->ended = true;
    in->from = in->to = in->clear = 0;
}
