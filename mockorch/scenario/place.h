/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a scenario's text a value stands, for complaints. libcyaml hands out values without their
 * places, so a complaint reads the text once more.
 */
#pragma once
#include "base/bytes.h"

struct place_wish {
    const char *part; /* a key on the way to it: "orchestrator", "faults"; "scenario": the whole */
    size_t number;    /* of the entry of that part's list, from 1; 0: none */
    const char *key;  /* NULL: the entry itself */
    const char *text; /* the value; NULL: any */
};

struct place {
    size_t line, column; /* from 1; 0: it was not found */
};

struct place place_of(struct bytes yaml, const struct place_wish *wish);
