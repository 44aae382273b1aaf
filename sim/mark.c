/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/mark.h"

const char *mark_name(enum mark m)
{
    static const char *const names[MARKS] = {
        "killed before the record of a task was on disk",
        "killed while proving",
        "killed while a submission was under way",
        "killed in the middle of a write",
        "half a record was found and dropped",
        "a disk took back what it had called written",
        "went on without the disk",
        "a submission was sent again",
        "a submission was sent again by another process",
        "accepted after a 429",
        "credited, and the answer was lost",
        "gone after a lost answer",
        "409 for a submission",
        "a task expired before its proof arrived",
        "a proof was refused",
        "proofs were refused until the client doubted them",
        "a submission was delivered twice and credited",
        "a known task was handed out again",
        "a Retry-After was kept across a restart",
        "the wall clock was set while a Retry-After was kept",
        "one node stood aside and another went on",
        "ten requests of a route failed in a row",
        "a request arrived when nobody waited for it any more",
        "a second instance was kept out",
        "the orchestrator was restarted while it judged",
        "less was asked for than before",
        "a proof failed",
        "a proof was none",
        "stopped by the user with tasks open",
        "stopped by the user twice",
        "registered after a failure",
        "not welcome: wallet, version or country",
        "another state was read while a proof was judged",
        "a damaged record was found and set aside",
        "an allocation of a client at work was refused",
        "an allocation of a client that started was refused",
    };

    return names[m];
}
