/* line.c - see line.h. */
#include "service/line.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "room.h"

enum {
    READ_SIZE = 16384,
    ANSWER_MOST = 1 << 30, /* bytes */
};

int line_send(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            return -1;
        if (sent > 0) {
            data += sent;
            size -= (size_t)sent;
        }
    }
    return 0;
}

/* Reads one line, the caller's to free, without its newline. NULL and errno:
 * ECONNRESET if the service ended first. */
static char *read_line(int fd)
{
    char *line = NULL;
    size_t room = 0, size = 0;
    ssize_t got = 0;

    while (size < ANSWER_MOST &&
           room_for(&line, &room, size + READ_SIZE + 1) == 0) {
        got = recv(fd, line + size, READ_SIZE, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size += (size_t)got;
        if (line[size - 1] == '\n') {
            line[size - 1] = '\0';
            return line;
        }
    }
    free(line);
    errno = got == 0 ? ECONNRESET : got > 0 ? ENOMEM : errno;
    return NULL;
}

json_object *line_answer(int fd, int64_t id)
{
    char *line = read_line(fd);
    json_object *answer, *member = NULL;

    if (line == NULL)
        return NULL;
    answer = json_tokener_parse(line);
    free(line);
    if (json_object_get_type(answer) == json_type_object)
        (void)json_object_object_get_ex(answer, "id", &member);
    /* What could not be read as a request is answered without its id. */
    if (json_object_get_type(answer) == json_type_object &&
        (member == NULL || json_object_get_int64(member) == id))
        return answer;
    json_object_put(answer);
    errno = EPROTO;
    return NULL;
}

const char *line_text(json_object *object, const char *name)
{
    json_object *text;

    return json_object_object_get_ex(object, name, &text) &&
                   json_object_get_type(text) == json_type_string
               ? json_object_get_string(text)
               : "";
}
