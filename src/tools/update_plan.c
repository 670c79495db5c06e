/* A roll-out: who gets a version, in which order, in which stages, and how far that has come. */
#include "tools/update_plan.h"

#include <stdlib.h>
#include <string.h>

bool tools_update_plan_read(struct update_plan *plan, const char *percent)
{
    const char *at = percent != NULL ? percent : "100";
    uint32_t before = 0;

    plan->stage_count = 0;
    for (;;) {
        char *end = NULL;
        const unsigned long value = strtoul(at, &end, 10);

        if (end == at || value <= before || value > 100 || plan->stage_count == PLAN_STAGES_MAX) {
            return false;
        }
        before = (uint32_t)value;
        plan->stages[plan->stage_count++] = before;
        if (*end == '\0') {
            return true;
        }
        if (*end != ',') {
            return false;
        }
        at = end + 1;
    }
}

bool tools_update_plan_names(const struct texts *to, const char *name)
{
    for (size_t i = 0; i < to->count; i++) {
        if (strcmp(to->items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_meant(const struct fleet_device *device, const struct texts *to,
                     const wax_update_manifest *manifest)
{
    return wax_bytes_equal(wax_bytes_of_text(device->class_name), manifest->class_name) &&
           wax_bytes_equal(wax_bytes_of_text(device->vendor), manifest->vendor) &&
           (to->count == 0 || tools_update_plan_names(to, device->name) ||
            tools_update_plan_names(to, device->group));
}

struct place {
    uint64_t rank;
    size_t device;
};

static int compare(const void *one, const void *other)
{
    const struct place *first = one;
    const struct place *second = other;

    return first->rank < second->rank ? -1 : first->rank > second->rank;
}

bool tools_update_plan_make(struct update_plan *plan, const struct fleet *fleet,
                            const struct texts *to, const wax_update_manifest *manifest)
{
    const uint64_t key[2] = {manifest->version, 0};
    struct place *places = calloc(fleet->count + 1, sizeof *places);

    plan->count = 0;
    plan->order = calloc(fleet->count + 1, sizeof *plan->order);
    for (size_t i = 0; places != NULL && i < fleet->count; i++) {
        if (is_meant(&fleet->devices[i], to, manifest)) {
            places[plan->count++] =
                (struct place){wax_hash(key, wax_bytes_of_text(fleet->devices[i].name)), i};
        }
    }
    if (places != NULL && plan->count > 0) {
        qsort(places, plan->count, sizeof *places, compare);
    }
    for (size_t i = 0; places != NULL && plan->order != NULL && i < plan->count; i++) {
        plan->order[i] = places[i].device;
    }
    free(places);
    return places != NULL && plan->order != NULL;
}

size_t tools_update_plan_share(const struct update_plan *plan, uint32_t percent)
{
    return (plan->count * percent + 99) / 100;
}

struct fleet_device *tools_update_plan_at(const struct update_plan *plan, const struct fleet *fleet,
                                          size_t number)
{
    return &fleet->devices[plan->order[number]];
}

void tools_update_plan_offer(struct update_plan *plan, const struct fleet *fleet, size_t count)
{
    count = count < plan->count ? count : plan->count;
    for (size_t i = 0; i < count; i++) {
        tools_update_plan_at(plan, fleet, i)->is_offered = true;
    }
    plan->offered = count;
}

/* What a device said before it had the manifest is no answer to it. */
void tools_update_plan_forget(const struct update_plan *plan, const struct fleet *fleet)
{
    for (size_t i = plan->offered; i < plan->count; i++) {
        tools_update_plan_at(plan, fleet, i)->is_told = false;
    }
}

static bool has_it(const struct fleet_device *device, const wax_update_manifest *manifest)
{
    return device->version >= manifest->version && strcmp(device->state, "idle") == 0;
}

/* A device that came back, or that refuses what it was offered. */
static bool has_failed(const struct fleet_device *device, const wax_update_manifest *manifest)
{
    return device->failed == manifest->version ||
           (device->is_told && device->refused[0] != '\0' && device->to != manifest->version);
}

static void note_failure(struct fleet_device *device, struct update_tally *tally)
{
    if (!device->has_failed && tally->failed_now_count < TOLD_MAX) {
        tally->failed_now[tally->failed_now_count++] = device;
        device->has_failed = true;
    }
    tally->failed++;
}

void tools_update_plan_tally(const struct update_plan *plan, const struct fleet *fleet,
                             const wax_update_manifest *manifest, struct update_tally *tally)
{
    *tally = (struct update_tally){.offered = plan->offered};
    for (size_t i = 0; i < plan->offered; i++) {
        struct fleet_device *device = tools_update_plan_at(plan, fleet, i);

        if (has_it(device, manifest)) {
            tally->done++;
        } else if (has_failed(device, manifest)) {
            note_failure(device, tally);
        }
    }
}

void tools_update_plan_discard(struct update_plan *plan)
{
    free(plan->order);
    plan->order = NULL;
}
