/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/secrecy.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

void secrecy_begin(void)
{
    int refused = setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});

    refused |= prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    assert(!refused); /* both always may be lowered */
    umask(077);
}

enum status secrecy_lockable(struct why *why)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    enum status st = ST_OK;

    if (page == MAP_FAILED || mlock(page, size))
        st = fail(why, ST_LIMIT, "%s", strerror(errno));
    if (page != MAP_FAILED)
        munmap(page, size); /* unlocks */
    return st;
}
