/* crash.c - see crash.h.
 *
 * The handler runs on a stack of its own, because the task's may be what is
 * used up, and touches nothing but memory that was made ready before: it may
 * have interrupted anything. It notes what is sure first and walks up the
 * stack last, since a damaged stack may end it: by a second fault, which then
 * does what the first would have done, or by the alarm.
 */
#include "worker/crash.h"

#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

enum { STACK_BYTES = 65536, MODULES = 128, WALK_SECONDS = 5 };

/* The code of a file as it lies in memory. */
struct module {
    uintptr_t from, to;
    uintptr_t base; /* what is to be taken from an address in it */
    uint32_t plugin;
    char name[FAULT_MODULE];
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

/* Where a function that was jumped to in vain was to return to. */
static uintptr_t return_address(const ucontext_t *context)
{
#if defined(__x86_64__)
    return *(const uintptr_t *)stack_pointer(context);
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.regs[30];
#else
    (void)context;
    return 0;
#endif
}

static const struct module *module_at(uintptr_t at)
{
    for (size_t i = 0; i < module_count; i++)
        if (at >= modules[i].from && at < modules[i].to)
            return &modules[i];
    return NULL;
}

static void add_frame(struct last_fault *fault, uintptr_t at)
{
    const struct module *module = module_at(at);
    struct fault_frame *frame;

    if (fault->depth >= FAULT_FRAMES)
        return;
    frame = &fault->frame[fault->depth];
    frame->plugin = module != NULL ? module->plugin : UINT32_MAX;
    frame->offset = module != NULL ? at - module->base : at;
    if (module != NULL)
        memcpy(frame->module, module->name, sizeof(frame->module));
    fault->depth++;
}

/* ---- up the stack ------------------------------------------------------ */

struct walk {
    struct last_fault *fault;
    uintptr_t at; /* the frames above the handler's begin here */
    bool met;
};

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *arg)
{
    struct walk *walk = arg;
    int before = 0;
    uintptr_t at = (uintptr_t)_Unwind_GetIPInfo(context, &before);

    if (at == 0 || walk->fault->depth >= FAULT_FRAMES)
        return _URC_END_OF_STACK;
    if (walk->met)
        /* The call stands before the address that it returns to. */
        add_frame(walk->fault, before ? at : at - 1);
    else if (at == walk->at)
        walk->met = true;
    return _URC_NO_REASON;
}

/* Where a walk hangs, this ends it. */
static void limit_walk(void)
{
    sigset_t alarms;

    (void)signal(SIGALRM, SIG_DFL);
    (void)sigemptyset(&alarms);
    (void)sigaddset(&alarms, SIGALRM);
    (void)pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    (void)alarm(WALK_SECONDS);
}

static void walk_up(struct last_fault *fault, const ucontext_t *context)
{
    struct walk walk = {.fault = fault, .at = program_counter(context)};

    if (walk.at == 0)
        return;
    limit_walk();
    (void)_Unwind_Backtrace(step, &walk);
    (void)alarm(0);
}

/* ---- the handler ------------------------------------------------------- */

static void note(int sig, const siginfo_t *info, const ucontext_t *context)
{
    struct last_fault *fault = worker_fault(channel);

    fault->depth = 0;
    fault->code = info->si_code;
    fault->sender = info->si_code <= 0 ? (int32_t)info->si_pid : 0;
    fault->address = info->si_code > 0 ? (uintptr_t)info->si_addr : 0;
    fault->stack = stack_pointer(context);
    fault->signal = sig;
    add_frame(fault, program_counter(context));
    atomic_signal_fence(memory_order_seq_cst);
    if (module_at(program_counter(context)) == NULL) {
        uintptr_t caller = return_address(context);

        if (module_at(caller) != NULL)
            add_frame(fault, caller - 1);
    } else {
        walk_up(fault, context);
    }
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
    static atomic_flag noted = ATOMIC_FLAG_INIT;

    if (!atomic_flag_test_and_set(&noted) && channel != NULL)
        note(sig, info, context);
    /* The handler is reset: this ends the process when the handler returns,
     * also if somebody else sent the signal. */
    (void)raise(sig);
}

void crash_watch(struct shared *shared)
{
    static bool watching;
    static const int signals[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                                  SIGABRT, SIGTRAP, SIGSYS};
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_sigaction = on_fault};

    if (shared != NULL)
        channel = shared;
    if (watching)
        return;
    watching = true;
    (void)sigaltstack(&own, NULL);
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        (void)sigaction(signals[i], &action, NULL);
}

/* ---- which code is where ----------------------------------------------- */

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

/* The first one is the program itself, which has no name here. */
static void set_name(struct module *module, const char *path)
{
    const char *name = strrchr(path, '/');

    name = name != NULL ? name + 1 : path;
    if (module_count == 0)
        name = "the worker";
    (void)strncpy(module->name, name, sizeof(module->name) - 1);
}

static int add_module(struct dl_phdr_info *info, size_t size, void *arg)
{
    const struct tasks *tasks = arg;
    struct module module = {.base = info->dlpi_addr};

    (void)size;
    span(info, false, &module.from, &module.to);
    module.plugin = plugin_in(tasks, module.from, module.to);
    span(info, true, &module.from, &module.to);
    set_name(&module, info->dlpi_name);
    if (module_count == MODULES)
        return 1;
    modules[module_count++] = module;
    return 0;
}

void crash_know(const struct tasks *tasks)
{
    module_count = 0;
    (void)dl_iterate_phdr(add_module, (void *)(uintptr_t)tasks);
}
