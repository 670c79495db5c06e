/* A roll-out: who gets a version, in which order, in which stages, and how far that has come. */
#ifndef WAX_TOOLS_UPDATE_PLAN_H
#define WAX_TOOLS_UPDATE_PLAN_H

#include "tools/fleet.h"
#include "tools/settings.h"

enum { PLAN_STAGES_MAX = 20, TOLD_MAX = 32 };

struct update_plan {
    uint32_t stages[PLAN_STAGES_MAX]; /* in percent; the last may be less than 100 */
    size_t stage_count;
    size_t *order; /* of devices in the fleet; on the heap */
    size_t count;
    size_t offered; /* the first of them */
};

/* How a roll-out fares among those that it was offered to. */
struct update_tally {
    size_t offered;
    size_t done;
    size_t failed;
    const struct fleet_device *failed_now[TOLD_MAX]; /* since the last time */
    size_t failed_now_count;
};

/* Reads stages as 5,25,100; NULL is 100. False if they are none. */
bool tools_update_plan_read(struct update_plan *plan, const char *percent);

/* Whether a name is among those of --to. */
bool tools_update_plan_names(const struct texts *to, const char *name);

/* Puts the devices that are meant in an order that depends on version and name alone: it is
 * another one for each version, so that it is not always the same devices that go first. False
 * without memory. */
bool tools_update_plan_make(struct update_plan *plan, const struct fleet *fleet,
                            const struct texts *to, const wax_update_manifest *manifest);

/* How many devices a stage has, with those of the stages before it; one of them. */
size_t tools_update_plan_share(const struct update_plan *plan, uint32_t percent);
struct fleet_device *tools_update_plan_at(const struct update_plan *plan, const struct fleet *fleet,
                                          size_t number);

/* Notes, before a stage begins, that devices to which nothing was offered have answered nothing. */
void tools_update_plan_forget(const struct update_plan *plan, const struct fleet *fleet);

/* Notes that the first `count` have been offered it. */
void tools_update_plan_offer(struct update_plan *plan, const struct fleet *fleet, size_t count);

/* Counts who has it, and who has failed. */
void tools_update_plan_tally(const struct update_plan *plan, const struct fleet *fleet,
                             const wax_update_manifest *manifest, struct update_tally *tally);

/* Gives back the memory. */
void tools_update_plan_discard(struct update_plan *plan);

#endif
