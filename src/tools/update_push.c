/* wax update push: chunks first, then the manifest - to all, to some, or in stages. */
#include "tools/firmware.h"
#include "tools/fleet.h"
#include "tools/update_parts.h"
#include "tools/update_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 16, TOPIC_SIZE = 256 };

/* What is being done, in this order. */
enum step {
    STEP_CHUNKS,   /* publish the chunks, or take them back */
    STEP_LEARN,    /* which devices there are */
    STEP_OFFER,    /* publish the manifests of a stage */
    STEP_WATCH,    /* until the devices of the stage have it */
    STEP_TAKE_BACK /* the manifests of those that do not have it */
};

struct push {
    struct update_job job; /* first */
    struct firmware firmware;
    struct fleet fleet;
    struct update_plan plan;
    uint8_t *room; /* for the message of a chunk; on the heap */
    enum step step;
    uint32_t next; /* chunk, or topic, of this step */
    size_t stage;
    int code; /* with which it ends after STEP_TAKE_BACK */
};

static struct push *of(struct update_job *job)
{
    return (struct push *)(void *)job;
}

static void begin(struct push *push, enum step step)
{
    push->step = step;
    push->next = 0;
}

static bool waits(const struct push *push)
{
    return push->job.settings->update.waits || push->job.settings->update.percent != NULL;
}

/* ---- Chunks ---- */

static wax_bytes chunk_message(struct push *push, uint32_t index)
{
    const size_t chunk_size = push->firmware.manifest.chunk_size;
    const size_t start = index * chunk_size;
    wax_writer out = wax_writer_over(push->room, chunk_size + WAX_UPDATE_PROOF_MAX);

    if (push->job.settings->update.removes) {
        return wax_bytes_of("", 0);
    }
    wax_write_bytes(&out, wax_bytes_of(push->firmware.image.data + start,
                                       wax_update_chunk_size(&push->firmware.manifest, index)));
    wax_update_nodes_prove(&push->firmware.tree, index, &out);
    return wax_writer_bytes(&out);
}

static void send_chunks(struct push *push)
{
    const uint32_t count = push->firmware.tree.count;
    wax_status status = WAX_OK;

    while (status == WAX_OK && push->next < count && push->job.waiting < WINDOW) {
        uint8_t topic[WAX_UPDATE_TOPIC_MAX];
        wax_writer out = wax_writer_over(topic, sizeof topic);

        wax_update_chunk_topic(&out, update_prefix(push->job.settings), &push->firmware.manifest,
                               push->next);
        status =
            update_job_publish(&push->job, wax_writer_bytes(&out), chunk_message(push, push->next));
        push->next += status == WAX_OK ? 1 : 0;
    }
    update_draw(push->job.settings->update.removes ? "removing" : "publishing",
                push->next - (push->next < push->job.waiting ? push->next : push->job.waiting),
                count);
    if (push->next == count && push->job.waiting == 0) {
        tools_say(push->job.settings, "the broker has %s%u chunks",
                  push->job.settings->update.removes ? "removed " : "", count);
        begin(push, waits(push) ? STEP_LEARN : STEP_OFFER);
    }
}

/* ---- Manifests ---- */

static wax_status send_manifest(struct push *push, const char *name, bool is_taken_back)
{
    uint8_t topic[WAX_UPDATE_TOPIC_MAX];
    wax_writer out = wax_writer_over(topic, sizeof topic);

    wax_update_manifest_topic(&out, update_prefix(push->job.settings), wax_bytes_of_text(name));
    return update_job_publish(&push->job, wax_writer_bytes(&out),
                              is_taken_back ? wax_bytes_of("", 0) : push->firmware.message);
}

/* The name of all that are meant, by number; NULL after the last. */
static const char *scope(const struct push *push, uint32_t number)
{
    const struct texts *to = &push->job.settings->update.to;
    static char class_name[WAX_UPDATE_NAME_MAX + 1];

    if (to->count > 0) {
        return number < to->count ? to->items[number] : NULL;
    }
    (void)snprintf(class_name, sizeof class_name, "%.*s",
                   (int)push->firmware.manifest.class_name.size,
                   (const char *)push->firmware.manifest.class_name.data);
    return number == 0 ? class_name : NULL;
}

/* Offers it to everybody who is meant. */
static void offer_all(struct push *push)
{
    wax_status status = WAX_OK;
    const char *name = scope(push, push->next);

    while (status == WAX_OK && name != NULL) {
        status = send_manifest(push, name, push->job.settings->update.removes);
        push->next += status == WAX_OK ? 1 : 0;
        name = scope(push, push->next);
    }
    if (name != NULL || push->job.waiting > 0) {
        return;
    }
    tools_update_plan_offer(&push->plan, &push->fleet, push->fleet.count);
    if (waits(push)) {
        begin(push, STEP_WATCH);
        return;
    }
    tools_say(push->job.settings, "version %u is %s", push->firmware.manifest.version,
              push->job.settings->update.removes ? "taken back" : "published");
    update_job_end(&push->job, EXIT_GOOD);
}

/* Offers it to the devices of a stage, one by one. */
static void offer_some(struct push *push, uint32_t percent)
{
    const size_t count = tools_update_plan_share(&push->plan, percent);
    wax_status status = WAX_OK;

    while (status == WAX_OK && push->next < count) {
        const struct fleet_device *device =
            tools_update_plan_at(&push->plan, &push->fleet, push->next);

        status = device->is_offered ? WAX_OK : send_manifest(push, device->name, false);
        push->next += status == WAX_OK ? 1 : 0;
    }
    if (push->next == count && push->job.waiting == 0) {
        tools_update_plan_offer(&push->plan, &push->fleet, count);
        tools_say(push->job.settings, "stage of %u %%: %zu of %zu devices", percent, count,
                  push->plan.count);
        begin(push, STEP_WATCH);
    }
}

static void offer(struct push *push)
{
    const uint32_t percent = push->plan.stages[push->stage];

    if (push->next == 0) {
        tools_update_plan_forget(&push->plan, &push->fleet);
    }
    if (percent >= 100) {
        offer_all(push);
    } else {
        offer_some(push, percent);
    }
}

/* ---- Devices ---- */

static void connected(struct update_job *job)
{
    char topic[TOPIC_SIZE];
    wax_bytes filter;

    (void)snprintf(topic, sizeof topic, "%s/u/+/status", job->settings->update.prefix);
    filter = wax_bytes_of_text(topic);
    if (waits(of(job))) {
        (void)update_job_subscribe(job, &filter, 1);
    }
}

static void hear(struct update_job *job, const wax_publish *publish)
{
    struct push *push = of(job);

    if (tools_fleet_take(&push->fleet, update_prefix(job->settings), publish->topic,
                         publish->payload) != NULL &&
        push->step == STEP_LEARN) {
        job->due_ms = wax_clock_ms() + job->settings->update.settle_ms;
    }
}

static void due(struct update_job *job)
{
    struct push *push = of(job);

    if (push->step != STEP_LEARN) {
        return;
    }
    if (!tools_update_plan_make(&push->plan, &push->fleet, &job->settings->update.to,
                                &push->firmware.manifest)) {
        (void)tools_complain(job->settings, "there is not enough memory");
        update_job_end(job, EXIT_WRONG);
    }
    tools_say(job->settings, "%zu devices are known", push->plan.count);
    begin(push, STEP_OFFER);
}

static void learn(struct push *push)
{
    if (push->job.due_ms == WAX_NEVER) {
        push->job.due_ms = wax_clock_ms() + push->job.settings->update.settle_ms;
    }
}

/* Says it once of each device. */
static void tell(const struct push *push, struct update_tally *tally)
{
    for (size_t i = 0; i < tally->failed_now_count; i++) {
        const struct fleet_device *device = tally->failed_now[i];

        tools_say(push->job.settings, "%s has failed: it runs %u%s%s", device->name,
                  device->version, device->refused[0] != '\0' ? ", and refused: " : "",
                  device->refused);
    }
    update_draw("updating", (uint32_t)tally->done, (uint32_t)tally->offered);
}

static void halt(struct push *push, const struct update_tally *tally)
{
    tools_say(push->job.settings,
              "halted: %zu of %zu devices have failed, %zu run version %u; no other gets it",
              tally->failed, tally->offered, tally->done, push->firmware.manifest.version);
    push->code = EXIT_HALTED;
    begin(push, STEP_TAKE_BACK);
}

static void watch(struct push *push)
{
    struct update_tally tally;

    tools_update_plan_tally(&push->plan, &push->fleet, &push->firmware.manifest, &tally);
    tell(push, &tally);
    if (tally.failed >= push->job.settings->update.halt_after) {
        halt(push, &tally);
    } else if (tally.done + tally.failed == tally.offered) {
        const bool is_last = push->stage + 1 == push->plan.stage_count;

        tools_say(push->job.settings, "%zu of %zu devices run version %u", tally.done,
                  tally.offered, push->firmware.manifest.version);
        push->stage += is_last ? 0 : 1;
        push->code = EXIT_GOOD;
        begin(push, is_last ? STEP_TAKE_BACK : STEP_OFFER);
    }
}

/* What was offered one by one need not stay: after a halt nobody is to take it, and after the last
 * stage everybody has it by class. After a halt that goes for all that are meant, too. */
static void take_back(struct push *push)
{
    const bool is_whole = push->plan.stages[push->stage] >= 100;
    const size_t singles = is_whole || push->code == EXIT_HALTED ? push->plan.count : 0;
    wax_status status = WAX_OK;

    while (status == WAX_OK && push->next < singles) {
        const struct fleet_device *device =
            tools_update_plan_at(&push->plan, &push->fleet, push->next);
        const bool is_meant =
            push->code == EXIT_HALTED ||
            !tools_update_plan_names(&push->job.settings->update.to, device->name);

        status = device->is_offered && is_meant ? send_manifest(push, device->name, true) : WAX_OK;
        push->next += status == WAX_OK ? 1 : 0;
    }
    while (status == WAX_OK && push->code == EXIT_HALTED && is_whole &&
           scope(push, push->next - (uint32_t)singles) != NULL) {
        status = send_manifest(push, scope(push, push->next - (uint32_t)singles), true);
        push->next += status == WAX_OK ? 1 : 0;
    }
    if (status == WAX_OK && push->job.waiting == 0) {
        update_job_end(&push->job, push->code);
    }
}

static void move(struct update_job *job)
{
    static void (*const steps[])(struct push *) = {
        [STEP_CHUNKS] = send_chunks, [STEP_LEARN] = learn,         [STEP_OFFER] = offer,
        [STEP_WATCH] = watch,        [STEP_TAKE_BACK] = take_back,
    };
    struct push *push = of(job);
    enum step before;

    do {
        before = push->step;
        steps[before](push);
    } while (!job->ends && before != push->step && push->step != STEP_LEARN);
    if (push->step == STEP_LEARN && !job->ends) {
        learn(push);
    }
}

/* ---- Beginning ---- */

static bool prepare(struct push *push, struct settings *settings)
{
    const struct update_settings *wanted = &settings->update;

    if (wanted->words.count < 2) {
        return tools_complain(settings, "which image? Write `wax update push IMAGE --trust FILE`");
    }
    for (size_t i = 0; i < wanted->to.count; i++) {
        if (!wax_update_is_name(wax_bytes_of_text(wanted->to.items[i]))) {
            return tools_complain(settings, "--to %s: write the name of a device or a group",
                                  wanted->to.items[i]);
        }
    }
    if (wanted->removes && (wanted->percent != NULL || wanted->waits)) {
        return tools_complain(settings, "--remove goes without --percent and --wait");
    }
    if (!tools_update_plan_read(&push->plan, wanted->percent)) {
        return tools_complain(settings,
                              "--percent %s: write numbers that grow, from 1 to 100, as "
                              "5,25,100; %d at most",
                              wanted->percent, PLAN_STAGES_MAX);
    }
    if (!tools_firmware_load(&push->firmware, settings, wanted->words.items[1])) {
        return false;
    }
    push->room = malloc((size_t)push->firmware.manifest.chunk_size + WAX_UPDATE_PROOF_MAX);
    return push->room != NULL || tools_complain(settings, "there is not enough memory");
}

int update_push(struct settings *settings)
{
    static const struct update_deeds deeds = {connected, hear, due, move};
    static struct push push;
    int code = EXIT_WRONG;

    if (prepare(&push, settings)) {
        if (update_job_open(&push.job, settings)) {
            code = update_job_run(&push.job, &deeds);
        }
        update_job_close(&push.job);
    }
    tools_firmware_discard(&push.firmware);
    tools_update_plan_discard(&push.plan);
    tools_fleet_discard(&push.fleet);
    free(push.room);
    return code;
}
