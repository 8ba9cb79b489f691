/* joblog.c - see joblog.h. */
#include "joblog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "output.h"
#include "progress.h"
#include "room.h"

#define HEADER                                                                 \
    "#sopool-joblog-1\tInput\tRun\tStart\tDuration\tWorker\tPid\tStatus\t"     \
    "Attempts\tCpu\tMaxRSS\tKey\tError\n"

enum { SYNC_NS = 1000000000 };

struct joblog {
    const char *path;
    int fd;
    char *line; /* owned: those that wait for their results to be written */
    size_t size, room;
    int64_t synced; /* when */
    bool failed;    /* it has been told */
};

/* ---- reading ----------------------------------------------------------- */

enum { COLUMN_RUN = 2, COLUMN_STATUS = 7, COLUMN_KEY = 11, COLUMNS = 13 };

/* Cuts a line at its tabs: how many columns there are. */
static size_t columns(char *line, char *column[COLUMNS])
{
    size_t count = 0;

    for (char *at = line; at != NULL && count < COLUMNS; count++) {
        column[count] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    return count;
}

static bool is_key(const char *text)
{
    return strlen(text) == KEY_SIZE - 1 &&
           strspn(text, "0123456789abcdef") == KEY_SIZE - 1;
}

/* 0; 1: it is no line of a log; -1: no memory. */
static int take_line(char *line, struct done *done)
{
    char *column[COLUMNS];
    unsigned long run;

    if (columns(line, column) != COLUMNS || !is_key(column[COLUMN_KEY]))
        return 1;
    run = strtoul(column[COLUMN_RUN], NULL, 10);
    if (run == 0 || run > UINT32_MAX)
        return 1;
    return done_add(done, column[COLUMN_KEY],
                    strcmp(column[COLUMN_STATUS], "ok") != 0, (uint32_t)run);
}

static int wrong_line(const struct joblog *log, uint64_t number)
{
    message("%s:%" PRIu64 ":1: this is no line of a job log; allowed: what "
            "--joblog has written",
            log->path, number);
    return -1;
}

/* What a crash has torn is the last line; that call is run again. */
static int drop_torn(struct joblog *log, off_t size)
{
    message("%s: its last line is not whole; that call is run again",
            log->path);
    if (ftruncate(log->fd, size) == 0)
        return 0;
    message("%s: cannot be cut: %s", log->path, strerror(errno));
    return -1;
}

/* Is the line, which has no newline or holds what a crash of the machine leaves
 * in a file, followed by nothing? */
static bool is_torn(const char *line, ssize_t size, FILE *file)
{
    int next;

    if (line[size - 1] != '\n')
        return true;
    if (memchr(line, '\0', (size_t)size) == NULL)
        return false;
    next = getc(file);
    (void)ungetc(next, file);
    return next == EOF;
}

static int read_lines(struct joblog *log, FILE *file, struct done *done)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    off_t good = 0;
    int status = 0;

    for (uint64_t number = 1;
         status == 0 && (size = getline(&line, &room, file)) > 0; number++) {
        if (is_torn(line, size, file)) {
            status = drop_torn(log, good);
            break;
        }
        if (number == 1 && strcmp(line, HEADER) != 0)
            status = wrong_line(log, number);
        line[size - 1] = '\0';
        if (number > 1 && (status = take_line(line, done)) == 1)
            status = wrong_line(log, number);
        good += size;
    }
    free(line);
    return status;
}

static int read_log(struct joblog *log, struct done *done)
{
    int fd = fcntl(log->fd, F_DUPFD_CLOEXEC, 3);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    int status;

    if (file == NULL) {
        message("%s: %s", log->path, strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    status = read_lines(log, file, done);
    if (status == 0 && ferror(file)) {
        message("%s: cannot be read: %s", log->path, strerror(errno));
        status = -1;
    }
    (void)fclose(file);
    done_seal(done);
    return status;
}

/* ---- opening ----------------------------------------------------------- */

static int lock(const struct joblog *log)
{
    if (flock(log->fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        message("%s: another run is writing this job log; wait for its end, or "
                "give another file",
                log->path);
    else
        message("%s: cannot be locked: %s", log->path, strerror(errno));
    return -1;
}

static int begin(struct joblog *log, bool resume, struct done *done)
{
    struct stat st;

    if (lock(log) != 0)
        return -1;
    if (fstat(log->fd, &st) != 0) {
        message("%s: %s", log->path, strerror(errno));
        return -1;
    }
    if (st.st_size > 0 && !resume) {
        message("%s: there is a job log already; go on with it by --resume, or "
                "remove it",
                log->path);
        return -1;
    }
    if (st.st_size > 0 && read_log(log, done) != 0)
        return -1;
    if (fstat(log->fd, &st) != 0 || st.st_size > 0 ||
        output_write(log->fd, HEADER, sizeof(HEADER) - 1) == 0)
        return 0;
    message("%s: cannot be written: %s", log->path, strerror(errno));
    return -1;
}

struct joblog *joblog_open(const char *path, bool resume, struct done *done)
{
    struct joblog *log = calloc(1, sizeof(*log));

    if (log == NULL) {
        message("out of memory");
        return NULL;
    }
    log->path = path;
    log->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log->fd < 0)
        message("%s: cannot be opened: %s", path, strerror(errno));
    else if (begin(log, resume, done) == 0)
        return log;
    if (log->fd >= 0)
        (void)close(log->fd);
    free(log);
    return NULL;
}

/* ---- writing ----------------------------------------------------------- */

static void cannot_write(struct joblog *log)
{
    if (!log->failed)
        message("%s: cannot be written: %s; calls from here on are not in it",
                log->path, strerror(errno));
    log->failed = true;
}

static void seconds(char *out, size_t room, int64_t ns)
{
    if (ns < 0)
        (void)snprintf(out, room, "-");
    else
        (void)snprintf(out, room, "%" PRId64 ".%06" PRId64, ns / 1000000000,
                       ns % 1000000000 / 1000);
}

/* "ok", "E_TASK", "E_DIED:SIGSEGV". */
static void status_of(const sopool_error *err, char *out, size_t room)
{
    char name[SIGNAL_ROOM];

    if (err == NULL)
        (void)snprintf(out, room, "ok");
    else if (err->signal != 0)
        (void)snprintf(out, room, "%s:%s", sopool_code_name(err->code),
                       message_signal(err->signal, name));
    else
        (void)snprintf(out, room, "%s", sopool_code_name(err->code));
}

static int add(struct joblog *log, const char *text, size_t size)
{
    if (log->room - log->size < size &&
        room_for(&log->line, &log->room, (log->size + size) * 2) != 0) {
        errno = ENOMEM;
        cannot_write(log);
        return -1;
    }
    memcpy(log->line + log->size, text, size);
    log->size += size;
    return 0;
}

/* The message is one column of a line. */
static void clean(char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '\t' || *text == '\n')
            *text = ' ';
}

static void note(void *ctx, const struct ended *ended)
{
    const sopool_call_info *info = ended->info;
    char start[32], duration[32], cpu[32], status[64], reason[1024] = "";
    char line[1600];
    struct joblog *log = ctx;
    int size;

    if (log->failed)
        return;
    seconds(start, sizeof(start), info->started_ns > 0 ? info->started_ns : -1);
    seconds(duration, sizeof(duration), info->duration_ns);
    seconds(cpu, sizeof(cpu), info->cpu_ns);
    status_of(ended->error, status, sizeof(status));
    if (ended->error != NULL)
        (void)snprintf(reason, sizeof(reason), "%s", ended->error->message);
    clean(reason);
    size = snprintf(line, sizeof(line),
                    "call\t%" PRIu64 "\t%" PRIu32 "\t%s\t%s\t%" PRIu32
                    "\t%d\t%s\t%" PRIu32 "\t%s\t%" PRIu64 "\t%s\t%s\n",
                    ended->number, ended->run, start, duration, info->worker,
                    info->pid, status, info->attempts, cpu, info->peak_kib,
                    ended->key, reason);
    (void)add(log, line, (size_t)size);
}

static void written(void *ctx)
{
    struct joblog *log = ctx;
    int64_t now;

    if (log->size == 0 || log->failed)
        return;
    if (output_write(log->fd, log->line, log->size) != 0) {
        cannot_write(log);
        return;
    }
    log->size = 0;
    now = progress_now();
    if (now - log->synced < SYNC_NS)
        return;
    log->synced = now;
    (void)fdatasync(log->fd);
}

static int finish(void *ctx)
{
    struct joblog *log = ctx;
    bool failed;

    written(log);
    if (!log->failed && fdatasync(log->fd) != 0 && errno != EINVAL &&
        errno != EROFS)
        cannot_write(log);
    failed = log->failed;
    (void)close(log->fd);
    free(log->line);
    free(log);
    return failed ? -1 : 0;
}

struct follower joblog_follower(struct joblog *log)
{
    return (struct follower){
        .call = note, .written = written, .finish = finish, .ctx = log};
}
