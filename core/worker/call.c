/* call.c - see call.h. */
#include "worker/call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "value/number.h"

struct scratch {
    struct scratch *next;
    _Alignas(max_align_t) uint8_t data[];
};

static struct call *call_of(sopool_call *abi)
{
    return (struct call *)(void *)abi;
}

static __attribute__((format(printf, 2, 3))) void
set_reason(struct call *call, const char *fmt, ...)
{
    va_list ap;
    int size;

    va_start(ap, fmt);
    size = vsnprintf(call->reason, sizeof(call->reason), fmt, ap);
    va_end(ap);
    call->reason_size = size < 0 ? 0 : (size_t)size;
    if (call->reason_size >= sizeof(call->reason))
        call->reason_size = sizeof(call->reason) - 1;
    call->failed = call->used = true;
}

/* ---- where results go -------------------------------------------------- */

static void drop_file(struct call *call)
{
    if (call->file < 0)
        return;
    if (call->space != NULL)
        (void)munmap(call->space, call->room);
    (void)close(call->file);
    call->file = -1;
    call->space = NULL;
    call->room = 0;
}

static void *reserve_heap(struct call *call, size_t size)
{
    uint8_t *heap = realloc(call->heap, size > 0 ? size : 1);

    if (heap == NULL)
        return NULL;
    call->heap = call->space = heap;
    call->room = size;
    return heap;
}

/* From nothing, or from the ring, to a file. */
static void *begin_file(struct call *call, size_t size)
{
    int fd = memfd_create("sopool-result", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *map;

    if (fd < 0)
        return NULL;
    if (ftruncate(fd, (off_t)size) != 0 ||
        (map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) ==
            MAP_FAILED) {
        (void)close(fd);
        return NULL;
    }
    if (call->space != NULL)
        memcpy(map, call->space, call->room < size ? call->room : size);
    call->file = fd;
    call->space = map;
    call->room = size;
    return map;
}

static void *grow_file(struct call *call, size_t size)
{
    void *map;

    if (ftruncate(call->file, (off_t)size) != 0)
        return NULL;
    map = mremap(call->space, call->room, size, MREMAP_MAYMOVE);
    if (map == MAP_FAILED)
        return NULL;
    call->space = map;
    call->room = size;
    return map;
}

/* From nothing, or from the ring, to memory that is there already. */
static void *begin_warm(struct call *call)
{
    if (call->space != NULL)
        memcpy(call->warm, call->space, call->room);
    call->space = call->warm;
    call->room = call->warm_room;
    return call->space;
}

static void *reserve_ring(struct call *call, size_t size)
{
    call->space = worker_reserve(call->end, size);
    call->room = size;
    return call->space;
}

static void *reserve(struct call *call, size_t size)
{
    call->used = true;
    if (call->end == NULL)
        return reserve_heap(call, size);
    if (call->file >= 0)
        return size <= call->room ? call->space : grow_file(call, size);
    if (call->space != NULL && call->space == call->warm)
        return size <= call->room ? call->space : begin_file(call, size);
    if (size <= CHANNEL_INLINE)
        return reserve_ring(call, size);
    return size <= call->warm_room ? begin_warm(call) : begin_file(call, size);
}

static void *host_reserve(sopool_call *abi, uint64_t size)
{
    struct call *call = call_of(abi);

    if (size > PTRDIFF_MAX / 2 || chaos_nomem(&call->chaos))
        return NULL;
    return reserve(call, (size_t)size);
}

static int32_t host_reserved(sopool_call *abi, const void *ptr, uint64_t size)
{
    const struct call *call = call_of(abi);
    const uint8_t *at = ptr;

    return call->space != NULL && at >= call->space &&
           at <= call->space + call->room &&
           size <= (uint64_t)(call->space + call->room - at);
}

static int32_t host_result(sopool_call *abi, const void *start, uint64_t size)
{
    struct call *call = call_of(abi);

    if (size == 0 || !host_reserved(abi, start, size))
        return -1;
    call->start = start;
    call->size = (size_t)size;
    return 0;
}

/* ---- the rest of the host ---------------------------------------------- */

static void *host_scratch(sopool_call *abi, uint64_t size)
{
    struct call *call = call_of(abi);
    struct scratch *piece;

    if (size > PTRDIFF_MAX / 2 || chaos_nomem(&call->chaos))
        return NULL;
    piece = malloc(sizeof(*piece) + (size_t)size);
    if (piece == NULL)
        return NULL;
    call->used = true;
    piece->next = call->scratch;
    call->scratch = piece;
    return piece->data;
}

static void host_fail(sopool_call *abi, const char *reason, uint64_t size)
{
    struct call *call = call_of(abi);
    const size_t most = sizeof(call->reason) - 1;

    call->reason_size = size < most ? (size_t)size : most;
    if (size > 0)
        memcpy(call->reason, reason, call->reason_size);
    call->reason[call->reason_size] = '\0';
    call->failed = call->used = true;
}

static uint32_t host_should_stop(sopool_call *abi)
{
    const struct call *call = call_of(abi);

    return call->end != NULL && worker_should_stop(call->end);
}

static void host_log(sopool_call *abi, uint32_t level, const char *text,
                     uint64_t size)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    const struct call *call = call_of(abi);
    char line[1024];
    int used = snprintf(line, sizeof(line), "%s: %s: %.*s\n", call->name,
                        names[level < 4 ? level : 3],
                        size > 900 ? 900 : (int)size, text);

    if (used > 0)
        (void)!write(STDERR_FILENO, line,
                     (size_t)used < sizeof(line) ? (size_t)used
                                                 : sizeof(line) - 1);
}

static const sopool_host host = {
    .size = sizeof(sopool_host),
    .minor = SOPOOL_ABI_MINOR,
    .reserve = host_reserve,
    .result = host_result,
    .scratch = host_scratch,
    .fail = host_fail,
    .should_stop = host_should_stop,
    .log = host_log,
    .reserved = host_reserved,
};

/* ---- running and answering --------------------------------------------- */

void call_init(struct call *call, struct worker_end *end, int control)
{
    memset(call, 0, sizeof(*call));
    call->abi.host = &host;
    call->end = end;
    call->control = control;
    call->file = -1;
    call->name = "";
}

void call_forget(struct call *call)
{
    drop_file(call);
    free(call->heap);
    call->heap = NULL;
    call->space = NULL;
    call->room = 0;
    call->start = NULL;
    while (call->scratch != NULL) {
        struct scratch *piece = call->scratch;

        call->scratch = piece->next;
        free(piece);
    }
    call->used = call->failed = false;
    call->reason_size = 0;
}

/* What a task returned and what it did must agree. */
int call_outcome(struct call *call, int32_t returned)
{
    if (returned != SOPOOL_OK) {
        if (!call->failed || call->reason_size == 0)
            set_reason(call, "the task failed without giving a reason");
        return SOPOOL_E_TASK;
    }
    if (call->failed)
        return SOPOOL_E_TASK;
    return 0;
}

int call_run(struct call *call, const struct task *task, const uint8_t *args,
             size_t size)
{
    sopool_error err;
    int code;

    if (task->abi == NULL) {
        set_reason(call, "%s", task->trouble);
        return SOPOOL_E_PLUGIN;
    }
    if (signature_check_args(&task->signature, args, size, &err) != 0) {
        set_reason(call, "%s", err.message);
        return err.code;
    }
    code = call_outcome(call, task->abi->run(&call->abi, args, size));
    if (code == 0 && call->start == NULL) {
        set_reason(call, "the task returned without a result");
        return SOPOOL_E_RESULT;
    }
    return code;
}

bool call_run_listed(struct call *call, const struct task *task,
                     uint8_t *numbers, int *code)
{
    uint8_t list[NUMBER_LIST];
    size_t size = number_put_list(&task->signature, numbers, list);
    uint64_t word;

    *code = call_run(call, task, list, size);
    if (*code != 0 ||
        !number_get(task->signature.result, call->start, call->size, &word))
        return false;
    memcpy(numbers, &word, sizeof(word));
    return true;
}

int call_hook(struct call *call, int32_t (*hook)(sopool_call *call))
{
    return call_outcome(call, hook(&call->abi));
}

static void answer_text(struct call *call, uint32_t index, int code)
{
    worker_answer(call->end, index, (uint32_t)code, call->reason,
                  call->reason_size);
}

/* Hands a result over in its file. The seals let the pool read it in place:
 * nobody can change or cut it any more. */
static int send_file(struct call *call, uint32_t index)
{
    void *space = call->space;

    call->space = NULL;
    if (munmap(space, call->room) != 0 ||
        fcntl(call->file, F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        return -1;
    return message_send(call->control, MESSAGE_BIG, (int32_t)index,
                        call->end->seq, &call->file, 1);
}

static void answer_file(struct call *call, uint32_t index)
{
    uint64_t where[2] = {(uint64_t)(call->start - call->space), call->size};

    if (send_file(call, index) == 0) {
        worker_answer(call->end, index, CHANNEL_BIG_RESULT, where,
                      sizeof(where));
        return;
    }
    set_reason(call, "cannot hand over a result of %llu bytes: %s",
               (unsigned long long)call->size, strerror(errno));
    answer_text(call, index, SOPOOL_E_NOMEM);
}

static void answer_warm(struct call *call, uint32_t index)
{
    const uint64_t where[2] = {(uint64_t)(call->start - call->space),
                               call->size};

    worker_answer(call->end, index, CHANNEL_WARM_RESULT, where, sizeof(where));
}

void call_answer(struct call *call, uint32_t index, int code)
{
    if (code != 0)
        answer_text(call, index, code);
    else if (call->size > CHANNEL_INLINE && call->space == call->warm)
        answer_warm(call, index);
    else if (call->size > CHANNEL_INLINE)
        answer_file(call, index);
    else
        worker_answer(call->end, index, 0, call->start, call->size);
}
