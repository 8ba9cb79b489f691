/* key.c - see key.h. */
#include "key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"

#ifdef HAVE_LIBCRYPTO

#include <openssl/evp.h>

bool key_available(void)
{
    return true;
}

/* What belongs together has its size before it. */
static int add(EVP_MD_CTX *digest, const void *data, size_t size)
{
    uint64_t count = size;

    return EVP_DigestUpdate(digest, &count, sizeof(count)) == 1 &&
                   EVP_DigestUpdate(digest, data, size) == 1
               ? 0
               : -1;
}

/* A plugin without a build-id is told apart by its version. */
static int add_task(EVP_MD_CTX *digest, const sopool_task_info *task)
{
    const char *build =
        task->build_id[0] != '\0' ? task->build_id : task->plugin_version;

    return add(digest, build, strlen(build)) == 0 &&
                   add(digest, task->name, strlen(task->name)) == 0
               ? 0
               : -1;
}

static int finish(EVP_MD_CTX *digest, char out[KEY_SIZE])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    if (EVP_DigestFinal_ex(digest, bytes, &size) != 1)
        return -1;
    for (unsigned i = 0; i < size; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

static int digest_of(EVP_MD_CTX *digest, const sopool_task_info *task,
                     const void *data, size_t size, char out[KEY_SIZE])
{
    if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1 ||
        add_task(digest, task) != 0 || add(digest, data, size) != 0)
        return -1;
    return finish(digest, out);
}

int key_make(const sopool_task_info *task, const sopool_args *args,
             const char *text, size_t size, char out[KEY_SIZE])
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    void *list = NULL;
    int status = 0;

    if (args != NULL && arguments_list(args, &list, &size) != 0)
        status = -1;
    if (status == 0)
        status = digest_of(digest, task, args != NULL ? list : text, size, out);
    free(list);
    EVP_MD_CTX_free(digest);
    return status;
}

#else

bool key_available(void)
{
    return false;
}

int key_make(const sopool_task_info *task, const sopool_args *args,
             const char *text, size_t size, char out[KEY_SIZE])
{
    (void)task;
    (void)args;
    (void)text;
    (void)size;
    out[0] = '\0';
    return -1;
}

#endif
