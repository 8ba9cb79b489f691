/* replay.c - runs a fuzz target over its corpus: what once was found stays
 * found. It says which file it is at, so that a crash has a name. */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

static int run_file(const char *folder, const char *name)
{
    char path[4096];
    uint8_t *data;
    FILE *file;
    size_t size;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "re");
    if (file == NULL)
        return -1;
    data = malloc(1 << 20);
    size = data != NULL ? fread(data, 1, 1 << 20, file) : 0;
    (void)fclose(file);
    if (data != NULL) {
        /* Of just that size, so that a byte too far is seen. */
        uint8_t *exact = malloc(size + (size == 0));

        if (exact != NULL) {
            memcpy(exact, data, size);
            (void)LLVMFuzzerTestOneInput(exact, size);
        }
        free(exact);
    }
    free(data);
    return 0;
}

static const char *target_name(const char *program)
{
    const char *name = strrchr(program, '/');

    name = name != NULL ? name + 1 : program;
    return strncmp(name, "lt-", 3) == 0 ? name + 3 : name;
}

int main(int argc, char **argv)
{
    const char *source = getenv("SOPOOL_TEST_SOURCE");
    struct dirent **names;
    char folder[2048];
    int count, run = 0, failed = 0;

    (void)argc;
    (void)snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s",
                   source != NULL ? source : ".", target_name(argv[0]));
    count = scandir(folder, &names, NULL, alphasort);
    if (count < 0) {
        (void)printf("Bail out! %s: %s\n", folder, strerror(errno));
        return 1;
    }
    (void)printf("1..1\n");
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.') {
            (void)fprintf(stderr, "# %s\n", names[i]->d_name);
            failed += run_file(folder, names[i]->d_name) != 0;
            run++;
        }
        free(names[i]);
    }
    free(names);
    (void)printf("%s 1 - %d inputs of the corpus\n",
                 run > 0 && failed == 0 ? "ok" : "not ok", run);
    return run > 0 && failed == 0 ? 0 : 1;
}
