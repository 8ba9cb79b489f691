/* counted.h - functions whose instructions bench/instructions counts. It finds
 * them by their names, so they must not become a part of others. */
#ifndef SOPOOL_BASE_COUNTED_H
#define SOPOOL_BASE_COUNTED_H

#define COUNTED __attribute__((noinline))

#endif
