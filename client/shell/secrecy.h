/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps what this process knows out of files that others read.
 *
 *   no core dump        RLIMIT_CORE is 0, and the process is marked as not dumpable: neither the
 *                       kernel nor another process of the same user reads its memory
 *   no swap             the key's page is locked (proto/signing.h, libsodium), when the system
 * allows it; the same page is left out of dumps (MADV_DONTDUMP) no other's files    new files are
 * for their owner only
 *
 * Source:  client.md 4.5.
 */
#pragma once
#include "base/status.h"

/* Before a key is made, and for the rest of the process. */
void secrecy_begin(void);

/* Can a page be locked? ST_LIMIT with the system's words: the key may be written to swap space. */
enum status MUST_USE secrecy_lockable(struct why *why);
