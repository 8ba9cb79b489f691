/* resolve.c - see resolve.h.
 *
 * Only the linker knows where it finds a library, so it is asked, in a child:
 * a library's constructors run as it is opened. The child says a line for each
 * library, "F" and its file, and for each symbol that is nowhere, "S" and its
 * name.
 */
#include "resolve.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"

enum { SECONDS = 30 }; /* a constructor may hang */

void resolved_finish(struct resolved *out)
{
    names_finish(&out->file);
    names_finish(&out->missing);
}

/* ---- the child --------------------------------------------------------- */

/* One folder of a runpath, in which $ORIGIN is the folder of the object. */
static void *open_in(const char *folder, size_t size, const char *path,
                     const char *library)
{
    static const char origin[] = "$ORIGIN";
    const size_t skip = sizeof(origin) - 1;
    const char *slash = strrchr(path, '/');
    const char *before = "";
    int before_size = 0;
    char *file = NULL;
    void *handle = NULL;

    if (size >= skip && strncmp(folder, origin, skip) == 0) {
        before = slash == NULL ? "." : path;
        before_size = slash == NULL ? 1 : (int)(slash - path);
        folder += skip;
        size -= skip;
    }
    if (asprintf(&file, "%.*s%.*s/%s", before_size, before, (int)size, folder,
                 library) < 0)
        return NULL;
    if (access(file, R_OK) == 0)
        handle = dlopen(file, RTLD_LAZY | RTLD_GLOBAL);
    free(file);
    return handle;
}

static void *open_library(const struct elf_facts *facts, const char *path,
                          const char *library)
{
    const char *at = facts->runpath;
    void *handle = NULL;

    while (handle == NULL && at != NULL && *at != '\0') {
        size_t size = strcspn(at, ":");

        if (size > 0)
            handle = open_in(at, size, path, library);
        at += size + (at[size] == ':');
    }
    return handle != NULL ? handle : dlopen(library, RTLD_LAZY | RTLD_GLOBAL);
}

static const char *file_of(void *handle)
{
    struct link_map *map = NULL;

    return handle != NULL && dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 &&
                   map != NULL
               ? map->l_name
               : "";
}

/* Not in the whole process: the command has libraries of its own. */
static bool has_symbol(void *const *handle, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (handle[i] == NULL)
            continue;
        (void)dlerror();
        if (dlsym(handle[i], name) != NULL || dlerror() == NULL)
            return true;
    }
    return false;
}

static _Noreturn void run_child(const struct elf_facts *facts, const char *path,
                                int out)
{
    size_t count = facts->needed.count;
    void **handle = calloc(count + 1, sizeof(*handle));
    FILE *to = fdopen(out, "w");

    (void)alarm(SECONDS);
    if (handle == NULL || to == NULL)
        _exit(1);
    for (size_t i = 0; i < count; i++) {
        handle[i] = open_library(facts, path, facts->needed.name[i]);
        (void)fprintf(to, "F%s\n", file_of(handle[i]));
    }
    /* Whoever runs a plugin has this one. */
    handle[count] = dlopen("libc.so.6", RTLD_LAZY);
    for (size_t i = 0; i < facts->undefined.count; i++)
        if (!has_symbol(handle, count + 1, facts->undefined.name[i]))
            (void)fprintf(to, "S%s\n", facts->undefined.name[i]);
    _exit(fclose(to) == 0 ? 0 : 1);
}

/* ---- the parent -------------------------------------------------------- */

static int take_line(struct resolved *out, const char *line)
{
    return names_add(line[0] == 'F' ? &out->file : &out->missing, line + 1);
}

static int take_lines(struct resolved *out, int fd)
{
    FILE *from = fdopen(fd, "r");
    char *line = NULL;
    size_t room = 0;
    int status = 0;

    if (from == NULL) {
        (void)close(fd);
        return -1;
    }
    while (status == 0 && getline(&line, &room, from) > 0) {
        line[strcspn(line, "\n")] = '\0';
        status = take_line(out, line);
    }
    free(line);
    (void)fclose(from);
    return status;
}

static int child_failed(const char *path, int status)
{
    char name[SIGNAL_ROOM];

    if (WIFSIGNALED(status))
        message("%s: opening the libraries that it needs ended in %s", path,
                message_signal(WTERMSIG(status), name));
    else
        message("%s: the libraries that it needs cannot be looked at", path);
    return -1;
}

int resolve(const struct elf_facts *facts, const char *path,
            struct resolved *out)
{
    int ends[2], status = 0;
    pid_t child;

    *out = (struct resolved){0};
    if (pipe(ends) != 0) {
        message("cannot make a pipe: %s", strerror(errno));
        return -1;
    }
    child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        run_child(facts, path, ends[1]);
    }
    (void)close(ends[1]);
    if (child < 0) {
        message("cannot start a process: %s", strerror(errno));
        (void)close(ends[0]);
        return -1;
    }
    if (take_lines(out, ends[0]) != 0) {
        message("out of memory");
        (void)kill(child, SIGKILL);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return status == 0 ? 0 : child_failed(path, status);
}
