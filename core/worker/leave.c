/* leave.c - see leave.h. */
#include "worker/leave.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sanitized.h"

/* Sanitizers register functions of the same names, and report at exit. */
#if SANITIZED_ADDRESS || SANITIZED_THREAD || SANITIZED_MEMORY

void leave_prepare(void)
{
}

void leave(int status)
{
    exit(status);
}

#else

static atomic_bool registered;    /* a function that exit() is to call */
static bool plain;                /* no library has a destructor of its own, */
static unsigned long long opened; /* as far as so many were ever opened */

/* ---- who registers functions ------------------------------------------- */

/* The program's functions go before the C library's. atexit() is made of the
 * first one, and so are the destructors of C++'s static objects. */

#define PUBLIC __attribute__((visibility("default")))

typedef void exit_fn(void *arg);
typedef int register_fn(exit_fn *fn, void *arg, void *dso);

PUBLIC int __cxa_atexit(exit_fn *fn, void *arg, void *dso);
PUBLIC int __cxa_thread_atexit_impl(exit_fn *fn, void *arg, void *dso);
PUBLIC int on_exit(void (*fn)(int status, void *arg), void *arg);

static int pass_on(const char *name, exit_fn *fn, void *arg, void *dso)
{
    /* POSIX allows what ISO C does not. */
    register_fn *next = __extension__(register_fn *) dlsym(RTLD_NEXT, name);

    atomic_store(&registered, true);
    return next != NULL ? next(fn, arg, dso) : -1;
}

int __cxa_atexit(exit_fn *fn, void *arg, void *dso)
{
    return pass_on("__cxa_atexit", fn, arg, dso);
}

int __cxa_thread_atexit_impl(exit_fn *fn, void *arg, void *dso)
{
    return pass_on("__cxa_thread_atexit_impl", fn, arg, dso);
}

int on_exit(void (*fn)(int status, void *arg), void *arg)
{
    int (*next)(void (*)(int, void *), void *) =
        __extension__(int (*)(void (*)(int, void *), void *))
            dlsym(RTLD_NEXT, "on_exit");

    atomic_store(&registered, true);
    return next != NULL ? next(fn, arg) : -1;
}

/* ---- which libraries have destructors ---------------------------------- */

/* The compiler's own start files bring one, and _fini; both do nothing that
 * matters at the end of a process. */
static bool has_destructors(const struct dl_phdr_info *info,
                            const ElfW(Phdr) * part)
{
    const ElfW(Dyn) *entry =
        (const ElfW(Dyn) *)(uintptr_t)(info->dlpi_addr + part->p_vaddr);
    bool start_files = false;
    size_t size = 0;

    for (; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_FINI_ARRAYSZ)
            size = entry->d_un.d_val;
        else if (entry->d_tag == DT_FINI)
            start_files = true;
    }
    return size > (start_files ? sizeof(void *) : 0);
}

static int look_at(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    opened = info->dlpi_adds;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC &&
            has_destructors(info, &info->dlpi_phdr[i]))
            return 1;
    return 0;
}

static int count_opened(struct dl_phdr_info *info, size_t size, void *arg)
{
    unsigned long long *count = arg;

    (void)size;
    *count = info->dlpi_adds;
    return 1;
}

void leave_prepare(void)
{
    plain = dl_iterate_phdr(look_at, NULL) == 0;
}

/* ---- the end ----------------------------------------------------------- */

static bool is_plain(void)
{
    unsigned long long now = 0;

    if (!plain || atomic_load(&registered))
        return false;
    (void)dl_iterate_phdr(count_opened, &now);
    return now == opened; /* a task may have opened others */
}

void leave(int status)
{
    if (!is_plain())
        exit(status);
    (void)fflush(NULL);
    _exit(status);
}

#endif
