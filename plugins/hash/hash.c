/* hash.c - message digests, by OpenSSL.
 *
 * What costs is looking an algorithm up and making a context, so a process
 * fetches each algorithm once and each thread keeps one context. What is in a
 * context, EVP makes anew for each message, which takes a fifth of the time of
 * a short one; so where EVP would end up at libcrypto's own SHA-2, that is
 * called as it is.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/sha.h>

#include <sopool/task.h>

/* ---- algorithms -------------------------------------------------------- */

enum algorithm {
    ALGORITHM_SHA256,
    ALGORITHM_SHA512,
    ALGORITHM_BLAKE2B,
    ALGORITHM_COUNT
};

static const struct {
    const char *name;    /* the task's */
    const char *openssl; /* OpenSSL's */
} algorithms[ALGORITHM_COUNT] = {
    [ALGORITHM_SHA256] = {"sha256", "SHA256"},
    [ALGORITHM_SHA512] = {"sha512", "SHA512"},
    [ALGORITHM_BLAKE2B] = {"blake2b", "BLAKE2B-512"},
};

static EVP_MD *fetched[ALGORITHM_COUNT];
static pthread_key_t context_key;
static int key_status = -1;

/* ---- ways to a digest -------------------------------------------------- */

/* A digest that is being made. */
struct hasher {
    const struct method *method;
    enum algorithm which;
    EVP_MD_CTX *evp; /* owned, or NULL */
#ifndef OPENSSL_NO_DEPRECATED_3_0
    SHA256_CTX sha256;
    SHA512_CTX sha512;
#endif
};

/* Each returns 1, as OpenSSL does. */
struct method {
    int (*begin)(struct hasher *hasher);
    int (*add)(struct hasher *hasher, const void *data, size_t size);
    int (*end)(struct hasher *hasher, uint8_t *digest, unsigned *size);
};

static void free_context(void *context)
{
    EVP_MD_CTX_free((EVP_MD_CTX *)context);
}

static int evp_begin(struct hasher *hasher)
{
    if (hasher->evp == NULL) {
        hasher->evp = EVP_MD_CTX_new();
        if (hasher->evp == NULL)
            return 0;
        (void)pthread_setspecific(context_key, hasher->evp); /* to be freed */
    }
    return EVP_DigestInit_ex2(hasher->evp, fetched[hasher->which], NULL);
}

static int evp_add(struct hasher *hasher, const void *data, size_t size)
{
    return EVP_DigestUpdate(hasher->evp, data, size);
}

static int evp_end(struct hasher *hasher, uint8_t *digest, unsigned *size)
{
    return EVP_DigestFinal_ex(hasher->evp, digest, size);
}

static const struct method by_evp = {evp_begin, evp_add, evp_end};

#ifndef OPENSSL_NO_DEPRECATED_3_0

static int sha256_begin(struct hasher *hasher)
{
    return SHA256_Init(&hasher->sha256);
}

static int sha256_add(struct hasher *hasher, const void *data, size_t size)
{
    return SHA256_Update(&hasher->sha256, data, size);
}

static int sha256_end(struct hasher *hasher, uint8_t *digest, unsigned *size)
{
    *size = SHA256_DIGEST_LENGTH;
    return SHA256_Final(digest, &hasher->sha256);
}

static int sha512_begin(struct hasher *hasher)
{
    return SHA512_Init(&hasher->sha512);
}

static int sha512_add(struct hasher *hasher, const void *data, size_t size)
{
    return SHA512_Update(&hasher->sha512, data, size);
}

static int sha512_end(struct hasher *hasher, uint8_t *digest, unsigned *size)
{
    *size = SHA512_DIGEST_LENGTH;
    return SHA512_Final(digest, &hasher->sha512);
}

#endif

/* Without EVP. */
static const struct method direct[ALGORITHM_COUNT] = {
#ifndef OPENSSL_NO_DEPRECATED_3_0
    [ALGORITHM_SHA256] = {sha256_begin, sha256_add, sha256_end},
    [ALGORITHM_SHA512] = {sha512_begin, sha512_add, sha512_end},
#endif
};

static const struct method *methods[ALGORITHM_COUNT];

/* What the system is set up to use instead of the default provider, one for
 * FIPS say, only EVP knows. */
static const struct method *find_method(enum algorithm which)
{
    const OSSL_PROVIDER *provider = EVP_MD_get0_provider(fetched[which]);
    bool usual = strcmp(OSSL_PROVIDER_get0_name(provider), "default") == 0;

    return usual && direct[which].begin != NULL ? &direct[which] : &by_evp;
}

/* Once in each process, before any task. */
static int32_t load(sopool_call *call)
{
    for (int i = 0; i < ALGORITHM_COUNT; i++) {
        fetched[i] = EVP_MD_fetch(NULL, algorithms[i].openssl, NULL);
        if (fetched[i] != NULL)
            methods[i] = find_method((enum algorithm)i);
    }
    key_status = pthread_key_create(&context_key, free_context);
    if (key_status != 0)
        return sopool_fail(call, "no room for a context: %s",
                           strerror(key_status));
    return SOPOOL_OK;
}

/* ---- digests ----------------------------------------------------------- */

/* The thread's, ready to take data; NULL after sopool_fail. */
static struct hasher *begin(sopool_call *call, enum algorithm which)
{
    static __thread struct hasher own;

    own.method = methods[which];
    own.which = which;
    if (own.method != NULL && own.method->begin(&own) == 1)
        return &own;
    (void)sopool_fail(call, "OpenSSL offers no %s here",
                      algorithms[which].openssl);
    return NULL;
}

static int32_t add(sopool_call *call, struct hasher *hasher, const void *data,
                   size_t size)
{
    if (hasher->method->add(hasher, data, size) == 1)
        return SOPOOL_OK;
    return sopool_fail(call, "OpenSSL could not take the data");
}

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
static int32_t finish(sopool_call *call, struct hasher *hasher,
                      sopool_text *out)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    char *hex;

    if (hasher->method->end(hasher, digest, &size) != 1)
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
    struct hasher *hasher = begin(call, which);

    if (hasher == NULL ||
        add(call, hasher, data.ptr, (size_t)data.size) != SOPOOL_OK)
        return SOPOOL_FAILED;
    return finish(call, hasher, out);
}

static int32_t digest_stream(sopool_call *call, struct hasher *hasher,
                             FILE *file, const char *path)
{
    static __thread uint8_t block[64 * 1024];
    size_t got;

    while ((got = fread(block, 1, sizeof(block), file)) > 0) {
        if (add(call, hasher, block, got) != SOPOOL_OK)
            return SOPOOL_FAILED;
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
    struct hasher *hasher = begin(call, which);
    char *path = (char *)sopool_scratch(call, name.size + 1);
    int32_t status;
    FILE *file;

    if (hasher == NULL)
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
    status = digest_stream(call, hasher, file, path);
    (void)fclose(file);
    return status == SOPOOL_OK ? finish(call, hasher, out) : status;
}

/* ---- tasks ------------------------------------------------------------- */

SOPOOL_TASK(init, bool,
            "An initializer: makes sure that an algorithm is there.",
            (str, algorithm))
{
    for (int i = 0; i < ALGORITHM_COUNT; i++) {
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
    return digest_data(call, ALGORITHM_SHA256, a->data, out);
}

SOPOOL_TASK_WITH(PURE, sha512, str, "SHA-512 of the data, in hex.",
                 (bytes, data))
{
    return digest_data(call, ALGORITHM_SHA512, a->data, out);
}

SOPOOL_TASK_WITH(PURE, blake2b, str, "BLAKE2b-512 of the data, in hex.",
                 (bytes, data))
{
    return digest_data(call, ALGORITHM_BLAKE2B, a->data, out);
}

SOPOOL_TASK_WITH(SOPOOL_IDEMPOTENT, sha256_file, str,
                 "SHA-256 of a file, in hex.", (str, path))
{
    return digest_file(call, ALGORITHM_SHA256, a->path, out);
}

SOPOOL_TASK_WITH(SOPOOL_IDEMPOTENT, sha512_file, str,
                 "SHA-512 of a file, in hex.", (str, path))
{
    return digest_file(call, ALGORITHM_SHA512, a->path, out);
}

SOPOOL_TASK_WITH(SOPOOL_IDEMPOTENT, blake2b_file, str,
                 "BLAKE2b-512 of a file, in hex.", (str, path))
{
    return digest_file(call, ALGORITHM_BLAKE2B, a->path, out);
}

SOPOOL_PLUGIN_WITH(load, hash, "1.0", init, sha256, sha512, blake2b,
                   sha256_file, sha512_file, blake2b_file);
