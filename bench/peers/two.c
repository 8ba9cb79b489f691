/* two.c - what two processes can do at best: a plain program that hashes the
 * lines of a file with SHA-512. It forks once; each process takes half of the
 * file and keeps its output in memory; the halves are written in order.
 *
 *     two FILE >digests
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

enum { DIGEST = 64, LINE = 2 * DIGEST + 1 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static size_t count_lines(const char *at, const char *end)
{
    size_t count = 0;

    for (; at < end; count++) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));

        at = eol == NULL ? end : eol + 1;
    }
    return count;
}

/* Hashes the lines to `out`; the context is made once. */
static char *hash_lines(const char *at, const char *end, char *out)
{
    static const char digits[] = "0123456789abcdef";
    EVP_MD *sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;

    while (at < end) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));

        if (eol == NULL)
            eol = end;
        (void)EVP_DigestInit_ex2(context, sha512, NULL);
        (void)EVP_DigestUpdate(context, at, (size_t)(eol - at));
        (void)EVP_DigestFinal_ex(context, digest, &size);
        for (unsigned i = 0; i < DIGEST; i++) {
            *out++ = digits[digest[i] >> 4];
            *out++ = digits[digest[i] & 15];
        }
        *out++ = '\n';
        at = eol + 1;
    }
    EVP_MD_CTX_free(context);
    EVP_MD_free(sha512);
    return out;
}

static void write_all(const char *data, size_t size)
{
    while (size > 0) {
        ssize_t put = write(STDOUT_FILENO, data, size);

        if (put <= 0)
            fail("write");
        data += put;
        size -= (size_t)put;
    }
}

int main(int argc, char **argv)
{
    const char *data, *end, *half;
    size_t first, second;
    struct stat st;
    char *out;
    pid_t pid;
    int fd, status;

    if (argc != 2 || (fd = open(argv[1], O_RDONLY)) < 0 || fstat(fd, &st) != 0)
        fail("usage: two FILE");
    data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        fail("mmap");
    end = data + st.st_size;
    half = memchr(data + st.st_size / 2, '\n', (size_t)(st.st_size / 2));
    half = half == NULL ? end : half + 1;
    first = count_lines(data, half);
    second = count_lines(half, end);
    out = mmap(NULL, (first + second + 1) * LINE, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (out == MAP_FAILED)
        fail("mmap");
    pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        (void)hash_lines(half, end, out + first * LINE);
        _exit(0);
    }
    (void)hash_lines(data, half, out);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        fail("the other half");
    write_all(out, (first + second) * LINE);
    return 0;
}
