/* results.c - see results.h. */
#include "results.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "session.h"
#include "status.h"

/* Nothing is left of the file that could not be written. */
static void give_up(struct results *results)
{
    int error = errno;

    (void)unlinkat(results->dir, results->draft, 0);
    message("cannot write results in '%s': %s", results->name, strerror(error));
    session_quit(EXIT_FAILED);
}

/* What the output's sink is given goes to the file. */
static void write_file(void *ctx, const char *data, size_t size)
{
    struct results *results = ctx;

    if (output_write(results->out.fd, data, size) != 0)
        give_up(results);
}

struct results *results_open(const char *name)
{
    struct results *results = calloc(1, sizeof(*results));

    if (results == NULL) {
        message("out of memory");
        return NULL;
    }
    results->name = name;
    results->out.sink = write_file;
    results->out.ctx = results;
    results->dir = -1;
    if (mkdir(name, 0777) == 0 || errno == EEXIST)
        results->dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (results->dir >= 0 && faccessat(results->dir, ".", W_OK, 0) == 0)
        return results;
    message("--results: cannot write in '%s': %s", name, strerror(errno));
    results_close(results);
    return NULL;
}

void results_close(struct results *results)
{
    if (results == NULL)
        return;
    if (results->dir >= 0)
        (void)close(results->dir);
    free(results);
}

struct output *results_begin(struct results *results, uint64_t number)
{
    (void)snprintf(results->draft, sizeof(results->draft), ".%09" PRIu64,
                   number);
    results->out.fd = openat(results->dir, results->draft,
                             O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (results->out.fd < 0)
        give_up(results);
    return &results->out;
}

void results_end(struct results *results, uint64_t number, bool failed)
{
    char good[32], bad[40];

    output_flush(&results->out);
    (void)snprintf(good, sizeof(good), "%09" PRIu64, number);
    (void)snprintf(bad, sizeof(bad), "%s.err", good);
    if (close(results->out.fd) != 0 ||
        renameat(results->dir, results->draft, results->dir,
                 failed ? bad : good) != 0)
        give_up(results);
    /* What a run before this one has left. */
    (void)unlinkat(results->dir, failed ? good : bad, 0);
}
