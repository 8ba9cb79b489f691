/* tls.h - variables of a thread that are reached without a function call, also
 * from within a shared library. There is little room for such: a few words. */
#ifndef SOPOOL_BASE_TLS_H
#define SOPOOL_BASE_TLS_H

#define FAST_TLS __attribute__((tls_model("initial-exec")))

#endif
