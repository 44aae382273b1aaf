/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/faithful.h"

#include "client/cli/words.h"
#include "client/core/reference.h"
#include "client/shell/resources.h"
#include "client/shell/hardware.h"

/* One unless told otherwise: v0.9.0 took up to 8 workers, 0.10.18 three quarters of the cores. */
static unsigned workers_of(const struct start_options *o)
{
    unsigned cores = resources_read("", hardware_cpus()).cores;
    unsigned most = o->profile == &profile_seed ? 8 : (3 * cores + 3) / 4;
    unsigned wanted = o->threads ? (unsigned)(o->threads < 1024 ? o->threads : 1024) : 1;

    return wanted < most ? wanted : most;
}

enum status faithful_open(struct runtime **out, struct signing_key **key,
                          const struct start_options *o, unsigned slots, struct why *why)
{
    struct reference_options options = {
        .node_id = o->node_ids[0],
        .workers = workers_of(o),
        .proofs_at_once = slots,
        .max_tasks = o->max_tasks,
        .has_max_difficulty = o->has_difficulty,
        .max_difficulty = o->difficulty,
    };
    enum status st = signing_start(why);

    words_warn("--faithful: this run behaves as the network's client %s did, with its defects. It "
               "throws finished proofs away after a 429 or another failure, obeys Retry-After by "
               "half, and keeps nothing over a restart. Without --faithful nothing is lost",
               o->profile->network_version);
    if (!st)
        st = signing_key_random(key, why);
    if (st)
        return st;
    options.key = *key;
    return o->profile == &profile_seed ? reference_seed_new(out, &options, why)
                                       : reference_current_new(out, &options, why);
}
