/* crash.c - see crash.h.
 *
 * The handler runs on a stack of its own, because the task's may be what is
 * used up, and touches nothing but memory that was made ready before: it may
 * have interrupted anything. Then the signal does what it would have done.
 */
#include "worker/crash.h"

#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

enum { STACK_BYTES = 32768, MODULES = 64 };

/* A part of a plugin's code as it lies in memory. */
struct module {
    uintptr_t from, to;
    uintptr_t base; /* what is to be taken from an address in it */
    uint32_t plugin;
};

static struct shared *channel;
static struct module modules[MODULES];
static size_t module_count;
static _Alignas(16) char stack[STACK_BYTES];

static uintptr_t program_counter(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

static uintptr_t stack_pointer(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.sp;
#else
    (void)context;
    return 0;
#endif
}

static void locate(uintptr_t at, struct last_fault *fault)
{
    for (size_t i = 0; i < module_count; i++)
        if (at >= modules[i].from && at < modules[i].to) {
            fault->plugin = modules[i].plugin;
            fault->offset = at - modules[i].base;
            return;
        }
}

static void on_fault(int sig, siginfo_t *info, void *arg)
{
    struct last_fault fault = {
        .signal = sig,
        .code = info->si_code,
        .plugin = UINT32_MAX,
        .address = (uintptr_t)info->si_addr,
        .stack = stack_pointer(arg),
    };

    locate(program_counter(arg), &fault);
    worker_note_fault(channel, &fault);
    /* The handler is reset: this ends the process when the handler returns,
     * also if somebody else sent the signal. */
    (void)raise(sig);
}

void crash_watch(struct shared *shared)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_sigaction = on_fault};

    channel = shared;
    (void)sigaltstack(&own, NULL);
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        (void)sigaction(signals[i], &action, NULL);
}

/* ---- where plugins are ------------------------------------------------- */

struct search {
    const struct tasks *tasks;
};

/* The plugin whose description lies in that part of memory. */
static uint32_t plugin_in(const struct tasks *tasks, uintptr_t from,
                          uintptr_t to)
{
    for (size_t i = 0; i < tasks->plugin_count; i++) {
        uintptr_t at = (uintptr_t)tasks->plugin[i].loaded.abi;

        if (at >= from && at < to)
            return (uint32_t)i;
    }
    return UINT32_MAX;
}

static void span(const struct dl_phdr_info *info, bool code, uintptr_t *from,
                 uintptr_t *to)
{
    *from = UINTPTR_MAX;
    *to = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t at = info->dlpi_addr + part->p_vaddr;

        if (part->p_type != PT_LOAD || (code && (part->p_flags & PF_X) == 0))
            continue;
        if (at < *from)
            *from = at;
        if (at + part->p_memsz > *to)
            *to = at + part->p_memsz;
    }
}

static int add_module(struct dl_phdr_info *info, size_t size, void *arg)
{
    const struct search *search = arg;
    struct module module = {.base = info->dlpi_addr};

    (void)size;
    span(info, false, &module.from, &module.to);
    module.plugin = plugin_in(search->tasks, module.from, module.to);
    span(info, true, &module.from, &module.to);
    if (module.plugin != UINT32_MAX && module_count < MODULES)
        modules[module_count++] = module;
    return 0;
}

void crash_know(const struct tasks *tasks)
{
    struct search search = {tasks};

    module_count = 0;
    (void)dl_iterate_phdr(add_module, &search);
}
