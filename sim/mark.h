/* SPDX-License-Identifier: Apache-2.0 */
/* Sometimes-marks: situations that a simulation must get into now and then. They judge the tests, not
 * the code: a night in which no process was ever killed while its proof was on its way has not looked
 * there, and is a failure (nxp-sim run --marks).
 *
 * Source:  simulation.md 2 (Antithesis' "sometimes", FoundationDB's code probes).
 */
#pragma once
#include <stdint.h>

enum mark {
    MARK_KILLED_BEFORE_RECORD, MARK_KILLED_PROVING, MARK_KILLED_SENDING, MARK_KILLED_WRITING,
    MARK_TORN_RECORD, MARK_LIE, MARK_WITHOUT_DISK,
    MARK_RESENT, MARK_RESENT_BY_ANOTHER, MARK_ACCEPTED_AFTER_429, MARK_CREDIT_UNHEARD,
    MARK_GONE_AFTER_UNHEARD, MARK_CONFLICT, MARK_EXPIRED, MARK_REFUSED, MARK_DOUBT,
    MARK_SECOND_COPY, MARK_KNOWN_TASK, MARK_HOLD_IN_RESTART, MARK_HOLD_IN_STEP,
    MARK_NODE_TROUBLED, MARK_OUTAGE, MARK_LATE_REQUEST, MARK_SECOND_INSTANCE,
    MARK_RESTART_WHILE_JUDGING, MARK_LESS_DIFFICULT, MARK_PROOF_FAILED, MARK_PROOF_WRONG,
    MARK_STOPPED_WITH_TASKS, MARK_STOPPED_AT_ONCE, MARK_REGISTERED_AGAIN, MARK_TURNED_AWAY,
    MARK_CHANGED_WHILE_JUDGING, MARK_ROT, MARK_SHORT_OF_MEMORY, MARK_SHORT_AT_START,
    MARKS,
};

const char *mark_name(enum mark m); /* "killed while sending" */
