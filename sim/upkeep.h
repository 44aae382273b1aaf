/* SPDX-License-Identifier: Apache-2.0 */
/* Who keeps an orchestrator running, and what goes wrong with its files: a store that is damaged
 * between two lives, a configuration with a mistake, a backup that is none any more.
 *
 * An orchestrator that finds a damaged record refuses to start and names it, or the damage is one
 * that nobody can see (another name in a word of the journal); then it must live: show and back up
 * all that it has, hand out work, and read its own backup. Whatever happens, the people put the
 * right file back, and the orchestrator goes on from there.
 *
 * Source:  client.md 13; mockorch/core/store.h, admin.h.
 */
#pragma once
#include "mockorch/scenario/scenario.h"

struct run;

/* While it is down: starts with damaged copies of its store, e->amount of them. */
void upkeep_damaged_store(struct run *r, const struct scenario_event *e);
/* While it is down: a start with the configuration in e->body, which must be refused. */
void upkeep_bad_settings(struct run *r, const struct scenario_event *e);
/* POST /admin/restore with damaged backups, e->amount of them. Each that is refused changes
 * nothing; behind one that is not, the right one is read. */
void upkeep_restore(struct run *r, const struct scenario_event *e);
