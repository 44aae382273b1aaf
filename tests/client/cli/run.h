/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the program nxp as a user would, in a home of its own. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

struct run {
    pid_t pid;
    int out_fd, err_fd;
    int code; /* of exit; 128 + signal */
    char out[65536], err[65536]; /* what it wrote, with an end */
    size_t out_size, err_size;
};

/* args: words after "nxp", separated by single blanks. home: NXP_HOME. */
void run_begin(struct run *r, const char *home, const char *args);
/* Reads until its output holds the text; the test ends when it closes before. */
void run_until(struct run *r, const char *text);
bool run_more(struct run *r); /* waits for more of its output; false: there is no more */
void run_finish(struct run *r); /* reads to the end, waits for it */
/* All at once; returns the exit code. */
int run(struct run *r, const char *home, const char *args);
