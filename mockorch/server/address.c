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
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"

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

static bool is_loopback(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
    return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
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
    snprintf(out->place, sizeof out->place, "%s%s%s:%s", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
             port);
    out->port = (unsigned)strtoul(port, NULL, 10);
    out->local = is_loopback(&bound);
    out->fd = fd;
}

/* ---- unix:PATH ---- */

/* Somebody listens there. A file that is no socket is never touched: binding fails on it. */
static bool in_use(const struct sockaddr_un *name)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool used = fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof *name) == 0;

    if (fd >= 0)
        close(fd);
    return used;
}

static void remove_stale(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path);
}

static enum status listen_unix(struct address_bound *out, const char *address, struct why *why)
{
    const char *path = address + strlen(UNIX_PREFIX);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd;

    if (!*path || strlen(path) >= sizeof name.sun_path)
        return fail(why, ST_INPUT, "'%s': the path must have 1 to %zu bytes", address,
                    sizeof name.sun_path - 1);
    strcpy(name.sun_path, path);
    if (in_use(&name))
        return fail(why, ST_EXISTS, "%s: somebody listens there", address);
    remove_stale(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name) || chmod(path, 0600) ||
        listen(fd, 1024)) {
        enum status st = fail(why, errno == EADDRINUSE ? ST_EXISTS : ST_IO, "%s: %s", address,
                              strerror(errno));

        if (fd >= 0)
            close(fd);
        return st;
    }
    *out = (struct address_bound){.fd = fd, .local = true};
    snprintf(out->place, sizeof out->place, "%s", address);
    return ST_OK;
}

void address_forget(const struct address_bound *bound)
{
    if (strncmp(bound->place, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        unlink(bound->place + strlen(UNIX_PREFIX));
}

enum status address_listen(struct address_bound *out, const char *address, struct why *why)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *info = NULL;
    char host[64], port[8];
    enum status st = ST_OK;
    int fd = -1;

    if (strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        return listen_unix(out, address, why);
    if (!split(host, port, address) || getaddrinfo(host, port, &hints, &info)) {
        st = fail(why, ST_INPUT, "'%s' is neither a numeric HOST:PORT nor unix:PATH", address);
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
