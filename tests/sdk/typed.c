/* typed.c - typed PLUGINS (TASK HEX)...: calls with these CBOR arguments, which
 * no text of the command's can be. Prints numbers. */
#include <sopool.h>

#include <stdio.h>
#include <string.h>

/* The bytes, of which there is room for all that stand on a command line. */
static size_t of_hex(const char *hex, unsigned char *bytes)
{
    size_t size = strlen(hex) / 2;

    for (size_t i = 0; i < size; i++)
        if (sscanf(hex + 2 * i, "%2hhx", &bytes[i]) != 1)
            return i;
    return size;
}

static void call(sopool_pool *pool, const char *task, const char *hex)
{
    unsigned char args[256];
    size_t size = of_hex(hex, args);
    sopool_error err = {0};
    double number = 0;
    sopool_value *value =
        sopool_apply(pool, task, sopool_args_cbor(args, size), &err);

    if (value == NULL)
        printf("%s\n", err.message);
    else if (sopool_value_f64(value, &number, &err) == 0)
        printf("%g\n", number);
    else
        printf("a list\n");
    sopool_value_free(value);
}

int main(int argc, char **argv)
{
    sopool_options *options = sopool_options_new();
    sopool_error err = {0};
    sopool_pool *pool = NULL;

    if (sopool_options_set(options, "plugin_path", argv[1], &err) != 0 ||
        (pool = sopool_open_options(options, &err)) == NULL)
        return fprintf(stderr, "%s\n", err.message), 1;
    sopool_options_free(options);
    for (int i = 2; i + 1 < argc; i += 2)
        call(pool, argv[i], argv[i + 1]);
    sopool_close(pool);
    sopool_destroy(pool);
    return 0;
}
