/* SPDX-License-Identifier: Apache-2.0 */
/* What the client and its prover worker say to each other, as frames on a stream socket.
 *
 * A frame: length of the rest (4 bytes, little endian), type (1), fields. Numbers are little endian;
 * bytes and texts have their length (4) in front, a text ends with its only NUL.
 *
 *   client                                 worker
 *   HELLO (version, what it may use)  ->
 *                                     <-   READY, or REFUSED
 *   JOB                               ->
 *                                     <-   MEASURING, MEASURED (the guest is run once), then
 *                                     <-   STARTED (what it needs is there), then
 *                                     <-   PROVED, or at any time FAILED
 *   CANCEL                            ->   FAILED (cancelled), or it was done already
 *
 * Owner:   a message read points into its stream, until the next call for that stream.
 * Errors:  ST_INPUT a frame that is too long or not well formed; the stream is of no use then.
 *          ST_NO_MEMORY.
 */
#pragma once
#include "base/bytes.h"
#include "prover/nxp.h"

#define WORKER_WIRE_VERSION    1
#define WORKER_WIRE_MAX_BYTES  ((size_t)64 << 20) /* of a frame; only a proof is longer than a page */
#define WORKER_WIRE_NAME_SIZE  128                /* of a program, longer ones cannot be found */

enum worker_message_type {
    WORKER_HELLO = 1,
    WORKER_JOB,
    WORKER_CANCEL,
    WORKER_READY,
    WORKER_REFUSED,
    WORKER_MEASURING,
    WORKER_MEASURED,
    WORKER_STARTED,
    WORKER_PROVED,
    WORKER_FAILED,
};

struct worker_hello {
    uint32_t version; /* first of all fields, in every version */
    uint32_t cores, slots;
    uint32_t idle_ms; /* without work until memory is given back */
    struct nxp_limits limits;
    const char *kernel; /* "auto", "avx2", … */
    const char *guests; /* folder of the guest store */
    const char *root;   /* as for resources_read */
};

struct worker_message {
    enum worker_message_type type;
    uint64_t id; /* of the job; HELLO, READY and REFUSED concern none */
    union {
        struct worker_hello hello;
        struct {
            bool alone;
            uint32_t input[3];
            const char *program;
        } job;
        uint64_t need_bytes; /* MEASURED: memory */
        uint64_t free_bytes; /* STARTED: for all proofs together */
        struct {
            uint64_t steps, time_ns;
            uint32_t log_rows;
            struct bytes proof;
        } proved;
        struct {
            enum status status; /* never ST_OK */
            const char *text;
        } failed; /* REFUSED and FAILED */
    };
};

/* Appends the frame. */
void worker_wire_put(struct buffer *out, const struct worker_message *m);

struct worker_stream {
    struct buffer in;
    size_t at; /* where the next frame begins */
};

void worker_stream_init(struct worker_stream *s);
void worker_stream_fini(struct worker_stream *s);
void worker_stream_put(struct worker_stream *s, struct bytes received);
/* *got: a whole message was there. */
enum status MUST_USE worker_stream_next(struct worker_stream *s, struct worker_message *out,
                                        bool *got, struct why *why);

/* Reads some of what has come, without waiting. *open: false after the other side has closed, or
 * went with something unread. */
enum status MUST_USE worker_stream_read(struct worker_stream *s, int fd, bool *open,
                                        struct why *why);
