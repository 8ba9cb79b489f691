/* message.c - see message.h. */
#include "worker/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

enum { FD_FLOOR = 16 };

int fd_high(int fd)
{
    int high;

    if (fd < 0 || fd >= FD_FLOOR)
        return fd;
    high = fcntl(fd, F_DUPFD_CLOEXEC, FD_FLOOR);
    if (high < 0 && errno == EINVAL) /* the limit is lower than that */
        errno = EMFILE;
    (void)close(fd);
    return high;
}

int message_pair(int pair[2], sopool_error *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return error_errno(err, "cannot make a control socket");
    pair[0] = fd_high(pair[0]);
    pair[1] = fd_high(pair[1]);
    if (pair[0] >= 0 && pair[1] >= 0)
        return 0;
    (void)error_errno(err, "cannot make a control socket");
    if (pair[0] >= 0)
        (void)close(pair[0]);
    if (pair[1] >= 0)
        (void)close(pair[1]);
    return -1;
}

static int send_packet(int sock, struct message *message, const int *fds,
                       size_t fd_count, int flags)
{
    union {
        char space[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)];
        struct cmsghdr align;
    } control;
    struct iovec iov = {
        .iov_base = message,
        .iov_len = offsetof(struct message, text) + message->text_size,
    };
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t sent;

    if (fd_count > 0) {
        struct cmsghdr *cmsg;

        memset(&control, 0, sizeof(control));
        msg.msg_control = control.space;
        msg.msg_controllen = (socklen_t)CMSG_SPACE(sizeof(int) * fd_count);
        cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = (socklen_t)CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * fd_count);
    }
    do {
        sent = sendmsg(sock, &msg, MSG_NOSIGNAL | flags);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

int message_send(int sock, uint32_t kind, int32_t value, uint64_t number,
                 const int *fds, size_t fd_count)
{
    struct message message = {.kind = kind, .value = value, .number = number};

    return send_packet(sock, &message, fds, fd_count, 0);
}

int message_send_now(int sock, uint32_t kind, int32_t value, uint64_t number,
                     const int *fds, size_t fd_count)
{
    struct message message = {.kind = kind, .value = value, .number = number};

    return send_packet(sock, &message, fds, fd_count, MSG_DONTWAIT);
}

int message_send_text(int sock, uint32_t kind, int32_t value, const char *text)
{
    struct message message;
    size_t size = strnlen(text, MESSAGE_TEXT - 1);

    memset(&message, 0, offsetof(struct message, text));
    message.kind = kind;
    message.value = value;
    message.text_size = (uint32_t)size;
    memcpy(message.text, text, size);
    return send_packet(sock, &message, NULL, 0, 0);
}

/* Takes the descriptors out of a packet; what exceeds the room was closed by
 * the kernel. */
static void take_fds(struct msghdr *msg, struct message_fds *fds)
{
    struct cmsghdr *cmsg;

    fds->count = 0;
    for (cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL;
         cmsg = CMSG_NXTHDR(msg, cmsg)) {
        size_t count;

        if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
            continue;
        count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (count > MESSAGE_FDS - fds->count)
            count = MESSAGE_FDS - fds->count;
        memcpy(fds->fd + fds->count, CMSG_DATA(cmsg), count * sizeof(int));
        fds->count += count;
    }
}

bool message_peek(int sock, uint32_t *kind, uint64_t *number)
{
    struct message message;
    const size_t head = offsetof(struct message, text);
    ssize_t got;

    do {
        got = recv(sock, &message, head, MSG_PEEK | MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)head)
        return false;
    *kind = message.kind;
    *number = message.number;
    return true;
}

int message_receive(int sock, struct message *out, struct message_fds *fds,
                    int wait)
{
    union {
        char space[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)];
        struct cmsghdr align;
    } control;
    const size_t head = offsetof(struct message, text);
    struct iovec iov = {.iov_base = out, .iov_len = sizeof(*out)};
    struct msghdr msg = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.space,
        .msg_controllen = sizeof(control.space),
    };
    ssize_t got;

    fds->count = 0;
    /* That the other side has ended without reading all is told once, and
     * before what it had sent. */
    do {
        got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    } while (got < 0 && (errno == EINTR || errno == ECONNRESET));
    if (got < 0)
        return -1;
    take_fds(&msg, fds);
    if (got == 0)
        return 0;
    if ((size_t)got < head || out->text_size >= MESSAGE_TEXT ||
        (size_t)got != head + out->text_size) {
        message_close(fds);
        errno = EPROTO;
        return -1;
    }
    out->text[out->text_size] = '\0';
    return 1;
}

void message_close(struct message_fds *fds)
{
    for (size_t i = 0; i < fds->count; i++)
        (void)close(fds->fd[i]);
    fds->count = 0;
}
