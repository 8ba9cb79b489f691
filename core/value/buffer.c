/* buffer.c - see buffer.h. */
#include "value/buffer.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/forks.h"

struct sopool_buffer {
    sopool_buffer *next, *before; /* all that are there */
    uint64_t number;
    atomic_uint uses;
    atomic_uint known; /* one for all uses together */
    pid_t process;     /* that it belongs to */
    int file;          /* owned; -1: workers cannot read it in place */
    size_t size;       /* that was asked for */
    size_t room;       /* bytes mapped behind the buffer's own page */
};

/* Guards the lists. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sopool_buffer *first;
static struct buffer_watcher *watchers;
static uint64_t last_number;

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static uint8_t *data_of(const sopool_buffer *buffer)
{
    return (uint8_t *)(uintptr_t)buffer + page_size();
}

/* ---- the lists --------------------------------------------------------- */

static void join_list(sopool_buffer *buffer)
{
    pthread_mutex_lock(&lock);
    buffer->number = ++last_number;
    buffer->next = first;
    if (first != NULL)
        first->before = buffer;
    first = buffer;
    pthread_mutex_unlock(&lock);
}

/* Its file goes, and those who want to know are told. */
static void leave_list(const sopool_buffer *buffer)
{
    pthread_mutex_lock(&lock);
    if (buffer->before != NULL)
        buffer->before->next = buffer->next;
    else
        first = buffer->next;
    if (buffer->next != NULL)
        buffer->next->before = buffer->before;
    if (buffer->file >= 0)
        (void)close(buffer->file);
    for (struct buffer_watcher *w = watchers; w != NULL; w = w->next)
        w->gone(w);
    pthread_mutex_unlock(&lock);
}

void buffer_watch(struct buffer_watcher *watcher)
{
    pthread_mutex_lock(&lock);
    watcher->next = watchers;
    watchers = watcher;
    pthread_mutex_unlock(&lock);
}

void buffer_unwatch(struct buffer_watcher *watcher)
{
    struct buffer_watcher **at = &watchers;

    pthread_mutex_lock(&lock);
    while (*at != NULL && *at != watcher)
        at = &(*at)->next;
    if (*at != NULL)
        *at = watcher->next;
    pthread_mutex_unlock(&lock);
}

void buffers_leave(void)
{
    for (sopool_buffer *buffer = first; buffer != NULL; buffer = buffer->next)
        if (buffer->file >= 0)
            (void)close(buffer->file);
    first = NULL;
    watchers = NULL;
}

/* ---- making and freeing ------------------------------------------------ */

/* Maps a file over the pages at `data` that only this mapping can write. -1:
 * there is none, and what is mapped there may be anything. */
static int map_file(void *data, size_t room)
{
    int fd = memfd_create("sopool-buffer", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)room) == 0 &&
        mmap(data, room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
             0) != MAP_FAILED &&
        fcntl(fd, F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE |
                  F_SEAL_SEAL) == 0 &&
        madvise(data, room, MADV_DONTFORK) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

/* Pages for the buffer and its data, of a file if that can be; NULL. */
static sopool_buffer *map_pages(size_t room)
{
    const size_t page = page_size();
    uint8_t *at = mmap(NULL, page + room, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sopool_buffer *buffer;

    if (at == MAP_FAILED)
        return NULL;
    buffer = (sopool_buffer *)(void *)at;
    buffer->file = map_file(at + page, room);
    /* A file that others could write is none. */
    if (buffer->file >= 0 ||
        mmap(at + page, room, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
        return buffer;
    (void)munmap(at, page + room);
    return NULL;
}

sopool_buffer *sopool_buffer_new(size_t size, sopool_error *err)
{
    const size_t page = page_size();
    sopool_buffer *buffer = NULL;

    if (size == 0) {
        (void)error_set(err, SOPOOL_E_USAGE, "a buffer has at least one byte");
        return NULL;
    }
    if (size < PTRDIFF_MAX / 2)
        buffer = map_pages((size + page - 1) / page * page);
    if (buffer == NULL) {
        (void)error_nomem(err);
        return NULL;
    }
    atomic_init(&buffer->uses, 1);
    atomic_init(&buffer->known, 1);
    buffer->process = getpid();
    buffer->size = size;
    buffer->room = (size + page - 1) / page * page;
    join_list(buffer);
    return buffer;
}

static sopool_buffer *changing(const sopool_buffer *buffer)
{
    return (sopool_buffer *)(uintptr_t)buffer;
}

void buffer_ref(const sopool_buffer *buffer)
{
    (void)atomic_fetch_add(&changing(buffer)->uses, 1);
}

void buffer_unref(const sopool_buffer *buffer)
{
    if (atomic_fetch_sub(&changing(buffer)->uses, 1) != 1)
        return;
    (void)munmap(data_of(buffer), buffer->room);
    leave_list(buffer);
    buffer_forget(buffer);
}

void buffer_know(const sopool_buffer *buffer)
{
    (void)atomic_fetch_add(&changing(buffer)->known, 1);
}

void buffer_forget(const sopool_buffer *buffer)
{
    if (atomic_fetch_sub(&changing(buffer)->known, 1) == 1)
        (void)munmap(changing(buffer), page_size());
}

bool buffer_is_gone(const sopool_buffer *buffer)
{
    return atomic_load(&buffer->uses) == 0;
}

void sopool_buffer_free(sopool_buffer *buffer)
{
    if (buffer != NULL && buffer->process == getpid())
        buffer_unref(buffer);
}

/* ---- what it is -------------------------------------------------------- */

void *sopool_buffer_data(sopool_buffer *buffer)
{
    return data_of(buffer);
}

size_t sopool_buffer_size(const sopool_buffer *buffer)
{
    return buffer->size;
}

bool buffer_is_shared(const sopool_buffer *buffer)
{
    return buffer->file >= 0;
}

const sopool_buffer *buffer_at(const void *data)
{
    return (const sopool_buffer *)((uintptr_t)data - page_size());
}

int buffer_file(const sopool_buffer *buffer)
{
    return buffer->file;
}

uint64_t buffer_number(const sopool_buffer *buffer)
{
    return buffer->number;
}

FORKS_WAIT_FOR(lock)
