/* watcher.c - see watcher.h. */
#include "watcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elffacts.h"
#include "message.h"
#include "output.h"
#include "sanitizer.h"
#include "status.h"

/* The files' names begin so. */
#define REPORT "report"

/* ---- sanitizers -------------------------------------------------------- */

static int begin_sanitizers(struct watcher *w, const char *library)
{
    char *options;
    int status;

    if (asprintf(&options,
                 "log_path=%s/" REPORT
                 ":halt_on_error=1:print_stacktrace=1:abort_on_error=0",
                 w->folder) < 0) {
        message("out of memory");
        return EXIT_FAILED;
    }
    w->sanitizers = true;
    status = sanitizer_preload(library, options);
    free(options);
    return status == 0 ? EXIT_GOOD : EXIT_FAILED;
}

/* If the plugin has any; `asked`: it must. */
static int look_for_sanitizers(struct watcher *w, const char *plugin,
                               bool asked)
{
    struct elf_facts facts = {0};
    const char *library;
    int status = EXIT_GOOD;

    if (!elf_facts_known()) {
        if (asked)
            message("--sanitizers: this sopool was built without libelf, and "
                    "cannot see which sanitizers a plugin has");
        return asked ? EXIT_USAGE : EXIT_GOOD;
    }
    if (elf_facts_read(&facts, plugin) != 0)
        return EXIT_USAGE;
    library = sanitizer_of(&facts);
    if (library != NULL)
        status = begin_sanitizers(w, library);
    else if (asked) {
        message("%s: no sanitizer is in it; build it with "
                "-fsanitize=address,undefined (clang: and -shared-libsan)",
                plugin);
        status = EXIT_USAGE;
    }
    elf_facts_finish(&facts);
    return status;
}

/* ---- valgrind ---------------------------------------------------------- */

/* A worker program that runs the real one in valgrind. It ends at the first
 * error, so that the call is known by which it came. */
static const char script[] =
    "#!/bin/sh\n"
    "exec valgrind -q --error-exitcode=99 --exit-on-first-error=yes \\\n"
    "    --leak-check=full --show-leak-kinds=definite \\\n"
    "    --errors-for-leak-kinds=definite \\\n"
    "    --log-file=\"$SOPOOL_WATCHER/" REPORT ".%p\" "
    "\"$SOPOOL_WATCHED\" \"$@\"\n";

static int set_worker(const char *path, const char *folder)
{
    static struct output out;
    const char *given = secure_getenv("SOPOOL_WORKER");

    if (given == NULL || given[0] == '\0')
        given = SOPOOL_WORKER_PROGRAM;
    if (output_open(&out, path) != 0)
        return -1;
    output_text(&out, script);
    (void)fchmod(out.fd, 0700);
    if (output_close(&out) != 0)
        return -1;
    if (setenv("SOPOOL_WATCHED", given, 1) == 0 &&
        setenv("SOPOOL_WATCHER", folder, 1) == 0 &&
        setenv("SOPOOL_WORKER", path, 1) == 0)
        return 0;
    message("out of memory");
    return -1;
}

static bool is_there(const char *program)
{
    char *path = getenv("PATH"), *copy, *file, *rest;
    bool found = false;

    copy = path != NULL ? strdup(path) : NULL;
    rest = copy;
    while (!found && rest != NULL && (file = strsep(&rest, ":")) != NULL) {
        char *whole;

        if (asprintf(&whole, "%s/%s", file, program) < 0)
            break;
        found = access(whole, X_OK) == 0;
        free(whole);
    }
    free(copy);
    return found;
}

static int begin_valgrind(struct watcher *w)
{
    char *path;
    int status = EXIT_FAILED;

    if (!is_there("valgrind")) {
        message("--valgrind: valgrind is not installed");
        return EXIT_USAGE;
    }
    if (asprintf(&path, "%s/worker", w->folder) < 0) {
        message("out of memory");
        return EXIT_FAILED;
    }
    if (set_worker(path, w->folder) == 0) {
        w->valgrind = true;
        status = EXIT_GOOD;
    }
    free(path);
    return status;
}

int watcher_begin(struct watcher *watcher, const char *plugin, bool valgrind,
                  bool sanitizers)
{
    if (valgrind)
        return begin_valgrind(watcher);
    return look_for_sanitizers(watcher, plugin, sanitizers);
}

bool watcher_looks(const struct watcher *watcher)
{
    return watcher->valgrind || watcher->sanitizers;
}

/* ---- what was found ---------------------------------------------------- */

/* Adds the file's text to the report, and takes the file away. */
static void take_file(int folder, const char *name, FILE *to)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    char part[4096];
    ssize_t got;

    while (fd >= 0 && (got = read(fd, part, sizeof(part))) > 0)
        (void)fwrite(part, 1, (size_t)got, to);
    if (fd >= 0)
        (void)close(fd);
    (void)unlinkat(folder, name, 0);
}

static int is_report(const struct dirent *entry)
{
    return strncmp(entry->d_name, REPORT ".", strlen(REPORT ".")) == 0;
}

/* A picture of the sanitizer's own memory helps nobody, and is long. */
static void cut_shadow(char *text)
{
    char *shadow = strstr(text, "Shadow bytes around");

    if (shadow != NULL)
        *shadow = '\0';
}

char *watcher_report(const struct watcher *watcher)
{
    struct dirent **entry = NULL;
    int count = scandir(watcher->folder, &entry, is_report, alphasort);
    int folder = open(watcher->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);

    for (int i = 0; i < count; i++) {
        if (to != NULL && folder >= 0)
            take_file(folder, entry[i]->d_name, to);
        free(entry[i]);
    }
    free(entry);
    if (folder >= 0)
        (void)close(folder);
    if (to == NULL || fclose(to) != 0 || size == 0) {
        free(text);
        return NULL;
    }
    cut_shadow(text);
    return text;
}
