/* pause.h - what a loop that waits for another processor does in between. */
#ifndef SOPOOL_BASE_PAUSE_H
#define SOPOOL_BASE_PAUSE_H

static inline void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
