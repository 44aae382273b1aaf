/* SPDX-License-Identifier: Apache-2.0 */
/* A raw HTTP client for tests: bytes out, bytes in, and how the connection ended. Ends the test
 * when ten seconds bring nothing.
 */
#pragma once
#include "base/bytes.h"

int dial(unsigned port);
int dial_unix(const char *path);
void dial_send(int fd, struct bytes bytes);
/* Head and body of one request. headers: "" or lines with their ends. */
void dial_request(int fd, const char *method, const char *path, const char *headers,
                  struct bytes body);

enum dial_end { DIAL_OPEN, DIAL_CLOSED, DIAL_RESET };

struct dial_answer {
    enum dial_end end; /* OPEN: the body was complete */
    unsigned status;   /* 0: no head */
    char head[2048];
    uint8_t body[65536];
    size_t size, length; /* received; what content-length said */
};

/* Reads one answer, or until the connection ends. */
void dial_read(int fd, struct dial_answer *out);
/* Whether a header line (lower-case name, "name: value") is in the head. */
bool dial_has(const struct dial_answer *a, const char *line);
/* Nothing has come so far and the connection stands. */
bool dial_is_quiet(int fd);
