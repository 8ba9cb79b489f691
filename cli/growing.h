/* growing.h - a CBOR writer that makes room for itself. */
#ifndef SOPOOL_CLI_GROWING_H
#define SOPOOL_CLI_GROWING_H

#include <sopool/cbor.h>

/* Nothing written yet; its `data` are to be freed by free(). */
sopool_writer growing_writer(void);

#endif
