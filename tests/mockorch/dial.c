/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/mockorch/dial.h"

int dial(unsigned port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

int dial_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = 10};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0 && strlen(path) < sizeof to.sun_path);
    strcpy(to.sun_path, path);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

void dial_send(int fd, struct bytes bytes)
{
    size_t sent = 0;

    while (sent < bytes.size) {
        ssize_t n = send(fd, bytes.data + sent, bytes.size - sent, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* the server has hung up: reading tells how */
        sent += (size_t)n;
    }
}

void dial_request(int fd, const char *method, const char *path, const char *headers,
                  struct bytes body)
{
    struct buffer out;

    buffer_init(&out, 0);
    buffer_put_format(&out, "%s %s HTTP/1.1\r\nhost: localhost\r\n%s", method, path, headers);
    if (body.size)
        buffer_put_format(&out, "content-length: %zu\r\n", body.size);
    buffer_put_text(&out, "\r\n");
    buffer_put(&out, body.data, body.size);
    dial_send(fd, buffer_bytes(&out));
    buffer_fini(&out);
}

/* One byte; false when the connection ended. */
static bool read_byte(int fd, struct dial_answer *out, uint8_t *byte)
{
    ssize_t n = recv(fd, byte, 1, 0);

    if (n == 1)
        return true;
    if (n < 0 && errno != ECONNRESET)
        fail_msg("read: %s", strerror(errno));
    out->end = n == 0 ? DIAL_CLOSED : DIAL_RESET;
    return false;
}

void dial_read(int fd, struct dial_answer *out)
{
    size_t used = 0;
    const char *length;
    uint8_t byte;

    memset(out, 0, sizeof *out);
    while (used < 4 || memcmp(out->head + used - 4, "\r\n\r\n", 4) != 0) {
        if (!read_byte(fd, out, &byte))
            return;
        assert_true(used < sizeof out->head - 1);
        out->head[used++] = (char)byte;
    }
    assert_int_equal(sscanf(out->head, "HTTP/1.1 %u", &out->status), 1);
    length = strcasestr(out->head, "\ncontent-length:");
    out->length = length ? strtoul(length + 16, NULL, 10) : 0;
    while (out->size < out->length) {
        assert_true(out->size < sizeof out->body);
        if (!read_byte(fd, out, &out->body[out->size]))
            return;
        out->size++;
    }
}

bool dial_has(const struct dial_answer *a, const char *line)
{
    const char *at = strcasestr(a->head, line);

    return at && at > a->head && at[-1] == '\n' && at[strlen(line)] == '\r';
}

bool dial_is_quiet(int fd)
{
    uint8_t byte;
    ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}
