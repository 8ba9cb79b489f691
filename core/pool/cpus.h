/* cpus.h - how many processors this process may use. */
#ifndef SOPOOL_POOL_CPUS_H
#define SOPOOL_POOL_CPUS_H

#include <stdint.h>

/* The smaller of the processors of the affinity mask and those that the
 * control group's quota amounts to (rounded up); at least 1. */
uint32_t cpus_available(void);

/* The quota that a control group grants, in processors, rounded up; 0: none. */
uint32_t cpus_of_quota(int64_t quota_us, int64_t period_us);

/* The smallest quota of the group `path` and those around it, in the tree of
 * groups at `root`; 0: none. `path` is used up. `version` is 1 or 2. */
uint32_t cpus_of_group(const char *root, char *path, int version);

#endif
