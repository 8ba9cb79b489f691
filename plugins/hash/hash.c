/* hash.c - message digests, by OpenSSL's EVP.
 *
 * What costs is looking an algorithm up and making a context, so a process
 * fetches each algorithm once and each thread keeps one context.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include <sopool/task.h>

/* ---- algorithms -------------------------------------------------------- */

enum algorithm { SHA256, SHA512, BLAKE2B, ALGORITHMS };

static const struct {
    const char *name;    /* the task's */
    const char *openssl; /* OpenSSL's */
} algorithms[ALGORITHMS] = {
    [SHA256] = {"sha256", "SHA256"},
    [SHA512] = {"sha512", "SHA512"},
    [BLAKE2B] = {"blake2b", "BLAKE2B-512"},
};

static EVP_MD *fetched[ALGORITHMS];
static pthread_key_t context_key;
static int key_status = -1;

static void free_context(void *context)
{
    EVP_MD_CTX_free((EVP_MD_CTX *)context);
}

/* Once in each process, before any task. */
static int32_t load(sopool_call *call)
{
    for (int i = 0; i < ALGORITHMS; i++)
        fetched[i] = EVP_MD_fetch(NULL, algorithms[i].openssl, NULL);
    key_status = pthread_key_create(&context_key, free_context);
    if (key_status != 0)
        return sopool_fail(call, "no room for a context: %s",
                           strerror(key_status));
    return SOPOOL_OK;
}

static EVP_MD_CTX *own_context(void)
{
    static __thread EVP_MD_CTX *own;

    if (own == NULL) {
        own = EVP_MD_CTX_new();
        if (own != NULL)
            (void)pthread_setspecific(context_key, own); /* to be freed */
    }
    return own;
}

/* The thread's context, ready to take data; NULL after sopool_fail. */
static EVP_MD_CTX *begin(sopool_call *call, enum algorithm which)
{
    EVP_MD_CTX *context = own_context();

    if (fetched[which] != NULL && context != NULL &&
        EVP_DigestInit_ex2(context, fetched[which], NULL) == 1)
        return context;
    (void)sopool_fail(call, "OpenSSL offers no %s here",
                      algorithms[which].openssl);
    return NULL;
}

/* ---- digests ----------------------------------------------------------- */

/* Digests are whole pieces of this, which compilers turn into vectors. */
enum { PIECE = 16 };

static char hex_digit(unsigned value)
{
    return (char)(value + (value < 10 ? '0' : 'a' - 10));
}

static void hex_piece(const uint8_t *restrict from, char *restrict to)
{
    for (unsigned i = 0; i < PIECE; i++) {
        to[2 * i] = hex_digit(from[i] >> 4);
        to[2 * i + 1] = hex_digit(from[i] & 15);
    }
}

/* The digest in hex, written where the result goes. */
static int32_t finish(sopool_call *call, EVP_MD_CTX *context, sopool_text *out)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    char *hex;

    if (EVP_DigestFinal_ex(context, digest, &size) != 1)
        return sopool_fail(call, "OpenSSL could not finish the digest");
    hex = (char *)sopool_reserve(call, size * 2);
    if (hex == NULL)
        return sopool_fail(call, "no memory for the digest");
    for (unsigned done = 0; done < size; done += PIECE)
        hex_piece(digest + done, hex + 2 * (size_t)done);
    out->ptr = hex;
    out->size = size * 2;
    return SOPOOL_OK;
}

static int32_t digest_data(sopool_call *call, enum algorithm which,
                           sopool_blob data, sopool_text *out)
{
    EVP_MD_CTX *context = begin(call, which);

    if (context == NULL)
        return SOPOOL_FAILED;
    if (EVP_DigestUpdate(context, data.ptr, (size_t)data.size) != 1)
        return sopool_fail(call, "OpenSSL could not take the data");
    return finish(call, context, out);
}

static int32_t digest_stream(sopool_call *call, EVP_MD_CTX *context, FILE *file,
                             const char *path)
{
    static __thread uint8_t block[64 * 1024];
    size_t got;

    while ((got = fread(block, 1, sizeof(block), file)) > 0) {
        if (EVP_DigestUpdate(context, block, got) != 1)
            return sopool_fail(call, "OpenSSL could not take the data");
        if (sopool_should_stop(call))
            return sopool_fail(call, "%s: stopped", path);
    }
    if (ferror(file))
        return sopool_fail(call, "%s: %s", path, strerror(errno));
    return SOPOOL_OK;
}

static int32_t digest_file(sopool_call *call, enum algorithm which,
                           sopool_text name, sopool_text *out)
{
    EVP_MD_CTX *context = begin(call, which);
    char *path = (char *)sopool_scratch(call, name.size + 1);
    int32_t status;
    FILE *file;

    if (context == NULL)
        return SOPOOL_FAILED;
    if (path == NULL)
        return sopool_fail(call, "no memory for the path");
    memcpy(path, name.ptr, (size_t)name.size);
    path[name.size] = '\0';
    if (strlen(path) != name.size)
        return sopool_fail(call, "a path has no NUL characters");
    file = fopen(path, "re");
    if (file == NULL)
        return sopool_fail(call, "%s: %s", path, strerror(errno));
    (void)setvbuf(file, NULL, _IONBF, 0);
    status = digest_stream(call, context, file, path);
    (void)fclose(file);
    return status == SOPOOL_OK ? finish(call, context, out) : status;
}

/* ---- tasks ------------------------------------------------------------- */

SOPOOL_TASK(init, bool,
            "An initializer: makes sure that an algorithm is there.",
            (str, algorithm))
{
    for (int i = 0; i < ALGORITHMS; i++) {
        size_t size = strlen(algorithms[i].name);

        if (size != a->algorithm.size ||
            memcmp(algorithms[i].name, a->algorithm.ptr, size) != 0)
            continue;
        *out = true;
        return begin(call, (enum algorithm)i) != NULL ? SOPOOL_OK
                                                      : SOPOOL_FAILED;
    }
    return sopool_fail(call,
                       "there is no algorithm '%.*s'; allowed: sha256, sha512, "
                       "blake2b",
                       a->algorithm.size > 40 ? 40 : (int)a->algorithm.size,
                       a->algorithm.ptr);
}

#define PURE (SOPOOL_PURE | SOPOOL_IDEMPOTENT)

SOPOOL_TASK_WITH(PURE, sha256, str, "SHA-256 of the data, in hex.",
                 (bytes, data))
{
    return digest_data(call, SHA256, a->data, out);
}

SOPOOL_TASK_WITH(PURE, sha512, str, "SHA-512 of the data, in hex.",
                 (bytes, data))
{
    return digest_data(call, SHA512, a->data, out);
}

SOPOOL_TASK_WITH(PURE, blake2b, str, "BLAKE2b-512 of the data, in hex.",
                 (bytes, data))
{
    return digest_data(call, BLAKE2B, a->data, out);
}

SOPOOL_TASK_WITH(SOPOOL_IDEMPOTENT, sha256_file, str,
                 "SHA-256 of a file, in hex.", (str, path))
{
    return digest_file(call, SHA256, a->path, out);
}

SOPOOL_TASK_WITH(SOPOOL_IDEMPOTENT, sha512_file, str,
                 "SHA-512 of a file, in hex.", (str, path))
{
    return digest_file(call, SHA512, a->path, out);
}

SOPOOL_TASK_WITH(SOPOOL_IDEMPOTENT, blake2b_file, str,
                 "BLAKE2b-512 of a file, in hex.", (str, path))
{
    return digest_file(call, BLAKE2B, a->path, out);
}

SOPOOL_PLUGIN_WITH(load, hash, "1.0", init, sha256, sha512, blake2b,
                   sha256_file, sha512_file, blake2b_file);
