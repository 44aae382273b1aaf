/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Cuts "127.0.0.1:80" and "[::1]:80". */
static bool split(char host[static 64], char port[static 8], const char *address)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon ? (size_t)(colon - address) : 0;

    if (!colon || length == 0 || length > 63 || strlen(colon + 1) > 5)
        return false;
    if (address[0] == '[' && address[length - 1] == ']') {
        address++;
        length -= 2;
    }
    memcpy(host, address, length);
    host[length] = 0;
    strcpy(port, colon + 1);
    return port[0] && strspn(port, "0123456789") == strlen(port) && strtol(port, NULL, 10) < 65536;
}

static enum status bind_socket(int fd, const struct addrinfo *info, const char *address,
                               struct why *why)
{
    const int on = 1;

    /* Reuse: a restarted server takes its port back at once. NODELAY: answers are small and whole.
     */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) || listen(fd, 1024))
        return fail(why, errno == EADDRINUSE ? ST_EXISTS : ST_IO, "%s: %s", address,
                    strerror(errno));
    return ST_OK;
}

static void describe(struct address_bound *out, int fd)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[64] = "", port[8] = "";
    bool is_v6;

    getsockname(fd, (struct sockaddr *)&bound, &size);
    getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    is_v6 = bound.ss_family == AF_INET6;
    snprintf(out->url, sizeof out->url, "http://%s%s%s:%s", is_v6 ? "[" : "", host,
             is_v6 ? "]" : "", port);
    out->port = (unsigned)strtoul(port, NULL, 10);
    out->fd = fd;
}

enum status address_listen(struct address_bound *out, const char *address, struct why *why)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *info = NULL;
    char host[64], port[8];
    enum status st = ST_OK;
    int fd = -1;

    if (!split(host, port, address) || getaddrinfo(host, port, &hints, &info)) {
        st = fail(why, ST_INPUT, "'%s' is not a numeric HOST:PORT", address);
        goto out;
    }
    fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        st = fail(why, ST_IO, "%s: %s", address, strerror(errno));
        goto out;
    }
    st = bind_socket(fd, info, address, why);
    if (st)
        goto out;

    describe(out, fd);
    fd = -1;
out:
    if (fd >= 0)
        close(fd);
    if (info)
        freeaddrinfo(info);
    return st;
}
