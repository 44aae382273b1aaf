/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: who is answered, what is refused, and that nobody holds us up. */
#include "tests/support/test.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/shell/control.h"
#include "tests/client/shell/scratch.h"

struct desk {
    struct scratch scratch;
    const char *path;
    struct control *control;
    size_t big; /* bytes of an answer; 0: an echo */
    unsigned questions;
};

static void answer(void *context, struct buffer *out, const char *question)
{
    struct desk *d = context;

    d->questions++;
    buffer_put_text(out, question);
    for (size_t i = 0; i < d->big; i++)
        buffer_put_u8(out, 'x');
}

static void set_up(struct desk *d)
{
    struct why why;

    *d = (struct desk){0};
    scratch_init(&d->scratch);
    d->path = strdup(scratch_path(&d->scratch, "control.sock"));
    assert_int_equal(control_new(&d->control, d->path, answer, d, &why), ST_OK);
}

static void tear_down(struct desk *d)
{
    control_free(d->control);
    free((char *)d->path);
    scratch_fini(&d->scratch);
}

static int call(const struct desk *d)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(to.sun_path, sizeof to.sun_path, "%s", d->path);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static bool wants_service(const struct desk *d)
{
    struct pollfd p = {.fd = control_fd(d->control), .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

static void serve_all(struct desk *d)
{
    while (wants_service(d))
        control_serve(d->control);
}

/* Closed without a byte. */
static bool hung_up(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* Another process asks while we serve; its exit code is the status. The first bytes of the answer
 * are in `text`. */
static enum status ask_meanwhile(struct desk *d, char *text, size_t room, uid_t uid)
{
    int out[2], code;
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(out), 0);
    pid = fork();
    if (pid == 0) {
        struct buffer got;
        enum status st;

        if (uid && setuid(uid) < 0)
            _exit(99);
        buffer_init(&got, CONTROL_MAX_ANSWER);
        st = control_ask(&got, d->path, "hello", NULL);
        if (got.size > 0 && write(out[1], got.data, got.size < room ? got.size : room) < 0)
            st = ST_LIMIT;
        _exit((int)st);
    }
    close(out[1]);
    for (;;) {
        struct pollfd p[] = {{.fd = control_fd(d->control), .events = POLLIN},
                             {.fd = out[0], .events = POLLIN}};

        poll(p, 2, -1);
        if (p[0].revents)
            control_serve(d->control);
        if (p[1].revents)
            break;
    }
    n = read(out[0], text, room - 1);
    text[n < 0 ? 0 : n] = '\0';
    close(out[0]);
    assert_int_equal(waitpid(pid, &code, 0), pid);
    assert_true(WIFEXITED(code));
    return (enum status)WEXITSTATUS(code);
}

static void a_question_gets_its_answer_and_the_socket_is_private(void **state)
{
    struct desk d;
    char text[100];

    (void)state;
    set_up(&d);
    assert_int_equal(scratch_mode(d.path), 0600);
    assert_int_equal(ask_meanwhile(&d, text, sizeof text, 0), ST_OK);
    assert_string_equal(text, "hello");
    assert_int_equal(ask_meanwhile(&d, text, sizeof text, 0), ST_OK);
    assert_int_equal(d.questions, 2);
    assert_false(wants_service(&d)); /* and then there is silence */
    tear_down(&d);
}

static void a_large_answer_arrives_whole_and_an_endless_one_not_at_all(void **state)
{
    struct desk d;
    char text[100];

    (void)state;
    set_up(&d);
    d.big = CONTROL_MAX_ANSWER - 5;
    assert_int_equal(ask_meanwhile(&d, text, sizeof text, 0), ST_OK);
    d.big = CONTROL_MAX_ANSWER;
    assert_int_equal(ask_meanwhile(&d, text, sizeof text, 0), ST_IO);
    tear_down(&d);
}

static void a_question_may_come_in_pieces_but_is_short(void **state)
{
    char many[CONTROL_MAX_QUESTION];
    struct desk d;
    int fd;

    (void)state;
    set_up(&d);
    fd = call(&d);
    assert_int_equal(send(fd, "hel", 3, 0), 3);
    serve_all(&d);
    assert_int_equal(d.questions, 0);
    assert_int_equal(send(fd, "lo\n", 3, 0), 3);
    serve_all(&d);
    assert_int_equal(d.questions, 1);
    assert_int_equal(recv(fd, many, sizeof many, 0), 5);
    assert_true(hung_up(fd));
    close(fd);

    fd = call(&d);
    memset(many, 'x', sizeof many);
    assert_int_equal(send(fd, many, sizeof many, 0), sizeof many);
    serve_all(&d);
    assert_int_equal(recv(fd, many, 1, MSG_DONTWAIT), 0);
    assert_int_equal(d.questions, 1);
    close(fd);

    fd = call(&d); /* says nothing and goes */
    serve_all(&d);
    close(fd);
    serve_all(&d);
    assert_int_equal(d.questions, 1);
    tear_down(&d);
}

static void who_says_nothing_loses_the_place_to_who_comes_after(void **state)
{
    int silent[CONTROL_MAX_CLIENTS], fd;
    struct desk d;
    char byte;

    (void)state;
    set_up(&d);
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        silent[i] = call(&d);
        serve_all(&d);
    }
    fd = call(&d);
    assert_int_equal(send(fd, "hi\n", 3, 0), 3);
    serve_all(&d);
    assert_int_equal(recv(fd, &byte, 1, 0), 1);
    assert_true(hung_up(silent[0]));
    assert_false(hung_up(silent[1]));
    close(fd);
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++)
        close(silent[i]);
    serve_all(&d);
    tear_down(&d);
}

static void who_does_not_read_the_answer_is_forgotten_when_gone(void **state)
{
    struct desk d;
    int fd;

    (void)state;
    set_up(&d);
    d.big = CONTROL_MAX_ANSWER - 3; /* more than the system takes at once */
    fd = call(&d);
    assert_int_equal(send(fd, "hi\n", 3, 0), 3);
    serve_all(&d);
    assert_int_equal(d.questions, 1);
    assert_false(wants_service(&d)); /* no turning in circles while it does not read */
    close(fd);
    serve_all(&d);
    tear_down(&d);
}

static void another_user_is_not_answered(void **state)
{
    struct desk d;
    char text[100];

    (void)state;
    if (geteuid() != 0) /* only root can ask as somebody else */
        skip();
    set_up(&d);
    assert_int_equal(chmod(d.scratch.path, 0777), 0);
    assert_int_equal(chmod(d.path, 0777), 0); /* were the mode not there to stop them */
    assert_int_equal(ask_meanwhile(&d, text, sizeof text, 65534), ST_IO);
    assert_int_equal(d.questions, 0);
    tear_down(&d);
}

static void a_stale_socket_is_replaced_and_anything_else_is_left(void **state)
{
    struct control *second = NULL;
    char longer[300];
    struct why why;
    struct desk d;

    (void)state;
    set_up(&d);
    assert_int_equal(control_new(&second, d.path, answer, &d, &why), ST_OK); /* as after kill -9 */
    control_free(d.control);
    d.control = second;
    assert_int_equal(control_ask(NULL, scratch_path(&d.scratch, "none"), "x", &why), ST_NOT_FOUND);
    assert_int_equal(control_ask(NULL, d.scratch.path, "x", &why), ST_NOT_FOUND);

    scratch_write(scratch_path(&d.scratch, "file"), "precious");
    assert_int_equal(
        control_new(&second, scratch_path(&d.scratch, "file"), answer, &d, &why), ST_EXISTS);
    assert_int_equal(scratch_mode(scratch_path(&d.scratch, "file")) & 0400, 0400);
    assert_int_equal(
        control_new(&second, scratch_path(&d.scratch, "file/below"), answer, &d, &why), ST_IO);
    assert_int_equal(
        control_new(&second, scratch_path(&d.scratch, "no/folder"), answer, &d, &why), ST_IO);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(control_new(&second, longer, answer, &d, &why), ST_INPUT);
    assert_int_equal(control_ask(NULL, longer, "x", &why), ST_INPUT);
    tear_down(&d);
}

static void the_socket_is_gone_with_its_owner(void **state)
{
    struct why why;
    struct desk d;

    (void)state;
    set_up(&d);
    control_free(d.control);
    d.control = NULL;
    assert_int_equal(scratch_mode(d.path), 0);
    assert_int_equal(control_ask(NULL, d.path, "x", &why), ST_NOT_FOUND);
    tear_down(&d);
}

static void without_descriptors_questions_end_and_nothing_turns_in_circles(void **state)
{
    struct rlimit before, none;
    struct desk d;
    int fd;

    (void)state;
    set_up(&d);
    fd = call(&d);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    control_serve(d.control);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_false(wants_service(&d));
    close(fd);
    tear_down(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_gets_its_answer_and_the_socket_is_private),
        cmocka_unit_test(a_large_answer_arrives_whole_and_an_endless_one_not_at_all),
        cmocka_unit_test(a_question_may_come_in_pieces_but_is_short),
        cmocka_unit_test(who_says_nothing_loses_the_place_to_who_comes_after),
        cmocka_unit_test(who_does_not_read_the_answer_is_forgotten_when_gone),
        cmocka_unit_test(another_user_is_not_answered),
        cmocka_unit_test(a_stale_socket_is_replaced_and_anything_else_is_left),
        cmocka_unit_test(the_socket_is_gone_with_its_owner),
        cmocka_unit_test(without_descriptors_questions_end_and_nothing_turns_in_circles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
