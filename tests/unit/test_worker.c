/* test_worker.c - what a worker is told and how: messages over the control
 * socket, and the setup. (What workers do is in test_pool.c.) */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "files.h"
#include "unit.h"
#include "worker/message.h"
#include "worker/setup.h"

static int pair[2];
static struct message message;
static struct message_fds fds;
static sopool_error err;

static void set_up(void)
{
    ck_assert_int_eq(message_pair(pair, &err), 0);
}

static void tear_down(void)
{
    (void)close(pair[0]);
    (void)close(pair[1]);
}

START_TEST(a_message_arrives_with_its_descriptors)
{
    int sent[2] = {open("/dev/null", O_RDONLY), open("/dev/zero", O_RDONLY)};
    char byte = 1;

    ck_assert_int_ge(pair[0], 16);
    ck_assert_int_eq(
        message_send(pair[0], MESSAGE_FORKED, -7, UINT64_MAX, sent, 2), 0);
    ck_assert_int_eq(message_receive(pair[1], &message, &fds, 1), 1);
    ck_assert_uint_eq(message.kind, MESSAGE_FORKED);
    ck_assert_int_eq(message.value, -7);
    ck_assert_uint_eq(message.number, UINT64_MAX);
    ck_assert_str_eq(message.text, "");
    ck_assert_uint_eq(fds.count, 2);
    ck_assert_int_eq(read(fds.fd[0], &byte, 1), 0);
    ck_assert_int_eq(read(fds.fd[1], &byte, 1), 1);
    ck_assert_int_eq(byte, 0);
    ck_assert_int_ne(fcntl(fds.fd[0], F_GETFD) & FD_CLOEXEC, 0);
    message_close(&fds);
    ck_assert_uint_eq(fds.count, 0);
    (void)close(sent[0]);
    (void)close(sent[1]);
}
END_TEST

START_TEST(texts_are_cut_to_what_fits)
{
    char text[MESSAGE_TEXT * 2];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    ck_assert_int_eq(
        message_send_text(pair[0], MESSAGE_FAILED, SOPOOL_E_TASK, text), 0);
    ck_assert_int_eq(message_receive(pair[1], &message, &fds, 1), 1);
    ck_assert_uint_eq(strlen(message.text), MESSAGE_TEXT - 1);
    ck_assert_int_eq(message.value, SOPOOL_E_TASK);
}
END_TEST

START_TEST(nothing_and_the_end_are_told_apart)
{
    ck_assert_int_eq(message_receive(pair[1], &message, &fds, 0), -1);
    ck_assert_int_eq(errno, EAGAIN);
    (void)close(pair[0]);
    ck_assert_int_eq(message_receive(pair[1], &message, &fds, 1), 0);
    ck_assert_int_eq(message_send(pair[1], MESSAGE_RING, 0, 0, NULL, 0), -1);
    ck_assert_int_eq(errno, EPIPE);
}
END_TEST

/* Who ends has mostly not read all that it was sent. */
START_TEST(last_words_are_heard)
{
    ck_assert_int_eq(message_send(pair[1], MESSAGE_START, 0, 7, NULL, 0), 0);
    ck_assert_int_eq(message_send_text(pair[0], MESSAGE_FAILED, 1, "why"), 0);
    (void)close(pair[0]);
    ck_assert_int_eq(message_receive(pair[1], &message, &fds, 0), 1);
    ck_assert_str_eq(message.text, "why");
    ck_assert_int_eq(message_receive(pair[1], &message, &fds, 0), 0);
}
END_TEST

START_TEST(what_is_no_message_is_refused)
{
    struct message lie = {.kind = MESSAGE_RING, .text_size = UINT32_MAX};

    ck_assert_int_eq(send(pair[0], "x", 1, 0), 1);
    ck_assert_int_eq(message_receive(pair[1], &message, &fds, 1), -1);
    ck_assert_int_eq(errno, EPROTO);
    ck_assert_int_gt(send(pair[0], &lie, sizeof(lie), 0), 0);
    ck_assert_int_eq(message_receive(pair[1], &message, &fds, 1), -1);
    ck_assert_int_eq(errno, EPROTO);
}
END_TEST

START_TEST(a_full_socket_does_not_hold_up_who_will_not_wait)
{
    int null = open("/dev/null", O_RDONLY);
    int sent = 0;

    while (message_send_now(pair[0], MESSAGE_BIG, 0, 1, &null, 1) == 0)
        ck_assert_int_lt(sent++, 100000);
    ck_assert_int_gt(sent, 0);
    while (message_receive(pair[1], &message, &fds, 0) == 1)
        message_close(&fds);
    ck_assert_int_eq(message_send_now(pair[0], MESSAGE_BIG, 0, 1, &null, 1), 0);
    (void)close(null);
}
END_TEST

/* ---- the setup --------------------------------------------------------- */

static void read_good_manifest(struct manifest *manifest, int *fd)
{
    path_text path;

    *fd =
        open(path_of(path, getenv("SOPOOL_TEST_PLUGINS"), "good.so"), O_RDONLY);
    ck_assert_msg(manifest_read(manifest, *fd, &err) == 0, "%s", err.message);
}

START_TEST(a_setup_arrives_as_it_was_sent)
{
    struct setup_plugin plugins[2];
    struct worker_setup sent = {.plugin = plugins, .plugin_count = 2};
    struct worker_setup got = {0};
    struct manifest manifest;
    uint8_t args[] = {0x81, 0x01};
    int fd;

    read_good_manifest(&manifest, &fd);
    plugins[0] =
        (struct setup_plugin){"/a/good.so", fd, false, NULL, &manifest};
    plugins[1] = (struct setup_plugin){"/b/good.so", fd, true, NULL, &manifest};
    sent.has_initializer = sent.plugins_required = true;
    sent.initializer = 3;
    sent.limit_memory = UINT64_MAX;
    sent.limit_cpu_ns = 5;
    sent.limit_files = 7;
    ck_assert_int_eq(buf_add(&sent.initargs, args, sizeof(args)), 0);
    ck_assert_int_eq(setup_send(&sent, pair[0], &err), 0);
    ck_assert_msg(setup_receive(&got, pair[1], &err) == 0, "%s", err.message);
    ck_assert_uint_eq(got.plugin_count, 2);
    ck_assert_str_eq(got.plugin[1].path, "/b/good.so");
    ck_assert(!got.plugin[0].skip && got.plugin[1].skip);
    ck_assert_str_eq(got.plugin[0].manifest->name, manifest.name);
    ck_assert_uint_eq(got.plugin[0].manifest->task_count, manifest.task_count);
    ck_assert_int_ge(got.plugin[1].fd, 0);
    ck_assert(got.has_initializer && got.plugins_required);
    ck_assert_uint_eq(got.initializer, 3);
    ck_assert_uint_eq(got.initargs.size, 2);
    ck_assert_uint_eq(got.limit_memory, UINT64_MAX);
    ck_assert_int_eq(got.limit_cpu_ns, 5);
    ck_assert_uint_eq(got.limit_files, 7);
    setup_finish_received(&got);
    buf_finish(&sent.initargs);
    manifest_finish(&manifest);
    (void)close(fd);
}
END_TEST

START_TEST(a_setup_that_is_none_is_refused)
{
    struct worker_setup got = {0};

    ck_assert_int_eq(message_send(pair[0], MESSAGE_RING, 0, 0, NULL, 0), 0);
    ck_assert_int_eq(setup_receive(&got, pair[1], &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_PROTOCOL);
    setup_finish_received(&got);
    (void)close(pair[0]);
    pair[0] = -1;
    ck_assert_int_eq(setup_receive(&got, pair[1], &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_CLOSED);
    setup_finish_received(&got);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("worker");
    TCase *t = tcase_create("worker");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, a_message_arrives_with_its_descriptors);
    tcase_add_test(t, texts_are_cut_to_what_fits);
    tcase_add_test(t, nothing_and_the_end_are_told_apart);
    tcase_add_test(t, last_words_are_heard);
    tcase_add_test(t, what_is_no_message_is_refused);
    tcase_add_test(t, a_full_socket_does_not_hold_up_who_will_not_wait);
    tcase_add_test(t, a_setup_arrives_as_it_was_sent);
    tcase_add_test(t, a_setup_that_is_none_is_refused);
    suite_add_tcase(s, t);
    return unit_run(s);
}
