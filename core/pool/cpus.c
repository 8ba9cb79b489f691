/* cpus.c - see cpus.h. */
#include "pool/cpus.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static uint32_t of_affinity(void)
{
    cpu_set_t set;
    long online;

    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
        return (uint32_t)CPU_COUNT(&set);
    online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

uint32_t cpus_of_quota(int64_t quota_us, int64_t period_us)
{
    if (quota_us <= 0 || period_us <= 0)
        return 0;
    return (uint32_t)((quota_us + period_us - 1) / period_us);
}

static int read_numbers(const char *path, int64_t *a, int64_t *b)
{
    FILE *file = fopen(path, "re");
    long long first = -1, second = -1;
    int got;

    if (file == NULL)
        return 0;
    got = fscanf(file, "%lld %lld", &first, &second);
    (void)fclose(file);
    *a = first;
    if (b != NULL)
        *b = second;
    return got;
}

/* The two numbers of a group: version 2 has one file ("max 100000" if there is
 * no quota), version 1 has two. */
static uint32_t of_files(const char *root, const char *path, int version)
{
    char file[PATH_SIZE + 64];
    int64_t quota = -1, period = -1;

    if (version == 2) {
        (void)snprintf(file, sizeof(file), "%s%s/cpu.max", root, path);
        if (read_numbers(file, &quota, &period) != 2)
            return 0;
    } else {
        (void)snprintf(file, sizeof(file), "%s%s/cpu.cfs_quota_us", root, path);
        (void)read_numbers(file, &quota, NULL);
        (void)snprintf(file, sizeof(file), "%s%s/cpu.cfs_period_us", root,
                       path);
        (void)read_numbers(file, &period, NULL);
    }
    return cpus_of_quota(quota, period);
}

uint32_t cpus_of_group(const char *root, char *path, int version)
{
    uint32_t least = 0;
    char *slash;

    do {
        uint32_t cpus = of_files(root, path, version);

        if (cpus != 0 && (least == 0 || cpus < least))
            least = cpus;
        slash = strrchr(path, '/');
        if (slash != NULL)
            *slash = '\0';
    } while (slash != NULL);
    return least;
}

/* One line of /proc/self/cgroup: "ID:CONTROLLERS:PATH". */
static uint32_t of_line(char *line)
{
    char *controllers = strchr(line, ':');
    char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');

    if (path == NULL)
        return 0;
    *path++ = '\0';
    path[strcspn(path, "\n")] = '\0';
    if (controllers[1] == '\0')
        return cpus_of_group("/sys/fs/cgroup", path, 2);
    if (strcmp(controllers + 1, "cpu") == 0 ||
        strstr(controllers + 1, "cpu,") == controllers + 1)
        return cpus_of_group("/sys/fs/cgroup/cpu", path, 1);
    return 0;
}

static uint32_t of_cgroups(void)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[PATH_SIZE];
    uint32_t least = 0;

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        uint32_t cpus = of_line(line);

        if (cpus != 0 && (least == 0 || cpus < least))
            least = cpus;
    }
    (void)fclose(file);
    return least;
}

uint32_t cpus_available(void)
{
    uint32_t cpus = of_affinity();
    uint32_t quota = of_cgroups();

    return quota != 0 && quota < cpus ? quota : cpus;
}
