/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager hears, from a socket that stands for it. */
#include "tests/support/test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/shell/notify.h"
#include "tests/client/shell/scratch.h"

struct manager {
    struct scratch scratch;
    int fd;
};

static void set_up(struct manager *m, const char *watchdog_us)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    scratch_init(&m->scratch);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", scratch_path(&m->scratch, "notify"));
    m->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(m->fd, (struct sockaddr *)&at, sizeof at), 0);
    setenv("NOTIFY_SOCKET", at.sun_path, 1);
    unsetenv("WATCHDOG_PID");
    if (watchdog_us)
        setenv("WATCHDOG_USEC", watchdog_us, 1);
    else
        unsetenv("WATCHDOG_USEC");
}

static void tear_down(struct manager *m)
{
    close(m->fd);
    unsetenv("NOTIFY_SOCKET");
    scratch_fini(&m->scratch);
}

static const char *heard(const struct manager *m)
{
    static char text[300];
    ssize_t n = recv(m->fd, text, sizeof text - 1, MSG_DONTWAIT);

    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static void it_hears_ready_status_and_stopping(void **state)
{
    struct manager m;
    struct notify n;

    (void)state;
    set_up(&m, NULL);
    notify_init(&n);
    assert_int_equal(n.watchdog_fd, 0); /* no timer that nobody wants */
    notify_ready(&n);
    assert_string_equal(heard(&m), "READY=1");
    notify_status(&n, "Step 1 of 4: 100 % waiting");
    assert_string_equal(heard(&m), "STATUS=Step 1 of 4: 100 % waiting");
    notify_stopping(&n);
    assert_string_equal(heard(&m), "STOPPING=1");
    notify_fini(&n);
    tear_down(&m);
}

static void a_watchdog_hears_that_we_are_alive_twice_in_its_time(void **state)
{
    struct manager m;
    struct notify n;
    struct pollfd p = {.events = POLLIN};

    (void)state;
    set_up(&m, "20000");
    notify_init(&n);
    assert_true(n.watchdog_fd > 0);
    notify_alive(&n); /* before the time: says nothing */
    assert_string_equal(heard(&m), "");
    p.fd = n.watchdog_fd;
    assert_int_equal(poll(&p, 1, 10000), 1);
    notify_alive(&n);
    assert_string_equal(heard(&m), "WATCHDOG=1");
    notify_fini(&n);
    tear_down(&m);
}

static void a_watchdog_of_another_process_or_of_no_sense_is_not_ours(void **state)
{
    static const char *const odd[] = {"0", "1", "soon"};
    struct manager m;
    struct notify n;

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        set_up(&m, odd[i]);
        notify_init(&n);
        assert_int_equal(n.watchdog_fd, 0);
        notify_fini(&n);
        tear_down(&m);
    }
    set_up(&m, "20000");
    setenv("WATCHDOG_PID", "1", 1);
    notify_init(&n);
    assert_int_equal(n.watchdog_fd, 0);
    notify_fini(&n);
    unsetenv("WATCHDOG_PID");
    tear_down(&m);
}

static void without_a_manager_nothing_happens(void **state)
{
    struct notify n;

    (void)state;
    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "20000", 1);
    notify_init(&n);
    assert_int_equal(n.watchdog_fd, 0);
    notify_ready(&n);
    notify_status(&n, "x");
    notify_stopping(&n);
    notify_fini(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_hears_ready_status_and_stopping),
        cmocka_unit_test(a_watchdog_hears_that_we_are_alive_twice_in_its_time),
        cmocka_unit_test(a_watchdog_of_another_process_or_of_no_sense_is_not_ours),
        cmocka_unit_test(without_a_manager_nothing_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
