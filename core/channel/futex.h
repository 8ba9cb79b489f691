/* futex.h - sleeping on a word of shared memory, across processes. */
#ifndef SOPOOL_CHANNEL_FUTEX_H
#define SOPOOL_CHANNEL_FUTEX_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sleeps while the word is `value`; may return early. */
static inline void futex_wait(_Atomic uint32_t *word, uint32_t value)
{
    (void)syscall(SYS_futex, (uint32_t *)word, FUTEX_WAIT, value, NULL, NULL,
                  0);
}

static inline void futex_wake(_Atomic uint32_t *word)
{
    (void)syscall(SYS_futex, (uint32_t *)word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

#endif
