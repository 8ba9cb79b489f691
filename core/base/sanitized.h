/* sanitized.h - which sanitizers the code is built with, by either compiler. */
#ifndef SOPOOL_BASE_SANITIZED_H
#define SOPOOL_BASE_SANITIZED_H

#if defined(__has_feature)
#define SANITIZED_FEATURE(name) __has_feature(name)
#else
#define SANITIZED_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || SANITIZED_FEATURE(address_sanitizer)
#define SANITIZED_ADDRESS 1
#else
#define SANITIZED_ADDRESS 0
#endif

#if defined(__SANITIZE_THREAD__) || SANITIZED_FEATURE(thread_sanitizer)
#define SANITIZED_THREAD 1
#else
#define SANITIZED_THREAD 0
#endif

#define SANITIZED_MEMORY SANITIZED_FEATURE(memory_sanitizer)

#endif
