/* wax update device: a device to try updates with, whose flash is a file. What is its own is here:
 * subscriptions, booting, and when an image is well. The rest is the room update, as on a board. */
#include "tools/firmware.h"
#include "tools/update_flash.h"
#include "tools/update_parts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 8, NAMES_MAX = 3, STATUS_STEPS = 20 };

struct device {
    struct update_job job; /* first */
    struct update_flash flash;
    struct firmware firmware; /* the key, and what the factory writes */
    wax_update_config config;
    wax_update update;
    uint32_t asked_version; /* chunks of this version, from here, up to there, are asked for */
    uint32_t asked_from;
    uint32_t asked_end;
    uint32_t last_wanted;
    uint32_t told_step; /* of progress, in a status */
    bool has_missed;    /* a chunk came out of turn, and has to be asked for again */
    bool is_told;       /* the status is at the broker, or on its way */
    uint8_t room[WAX_UPDATE_CHUNK_MAX];
};

static struct device *of(struct update_job *job)
{
    return (struct device *)(void *)job;
}

/* ---- Status ---- */

static void tell(struct device *device)
{
    uint8_t topic[WAX_UPDATE_TOPIC_MAX];
    uint8_t room[WAX_UPDATE_STATUS_SIZE];
    wax_writer name = wax_writer_over(topic, sizeof topic);
    wax_writer out = wax_writer_over(room, sizeof room);

    wax_update_status_topic(&name, device->config.prefix, device->config.device);
    wax_update_show(&device->update, &out);
    device->is_told =
        update_job_publish(&device->job, wax_writer_bytes(&name), wax_writer_bytes(&out)) == WAX_OK;
}

static void say(const struct device *device, const char *what)
{
    tools_say(device->job.settings, "%s: version %u, %s%s", what,
              wax_update_running_version(&device->update),
              wax_update_phase_word(device->update.phase),
              device->update.state.failed != 0 ? ", another one has failed" : "");
}

/* ---- Booting ---- */

/* Boots, as the boot loader does, and then as the image that it starts. An image that does not work
 * is one that the watchdog stops. */
static bool boot(struct device *device)
{
    wax_status status;
    uint8_t slot;

    do {
        status = wax_update_boot(&device->update, &slot);
        if (status == WAX_OK) {
            status = wax_update_resume(&device->update, slot);
        }
        if (status != WAX_OK) {
            return tools_complain(device->job.settings, "it does not boot: %s",
                                  status == WAX_UNTRUSTED
                                      ? "no slot holds what the vendor has signed"
                                      : wax_status_text(status));
        }
        say(device, "boots");
    } while (device->update.phase == WAX_UPDATE_TRIAL &&
             device->job.settings->update.never_confirms);
    device->is_told = false;
    device->asked_end = 0;
    return true;
}

/* What was written is read back; then the device restarts. */
static void finish(struct device *device)
{
    wax_status status = WAX_MORE;

    while (status == WAX_MORE) {
        status = wax_update_check(&device->update);
    }
    device->is_told = false;
    if (status == WAX_OK && !boot(device)) {
        update_job_end(&device->job, EXIT_WRONG);
    }
}

/* ---- Asking for chunks ---- */

static void ask_between(struct device *device, bool asks)
{
    static uint8_t room[WINDOW][WAX_UPDATE_TOPIC_MAX];
    wax_update_manifest about = device->update.manifest;
    wax_bytes topics[WINDOW];
    size_t count = 0;

    about.version = device->asked_version;
    about.class_name = device->config.class_name;
    for (uint32_t i = device->asked_from; i < device->asked_end; i++) {
        wax_writer out = wax_writer_over(room[count], WAX_UPDATE_TOPIC_MAX);

        wax_update_chunk_topic(&out, device->config.prefix, &about, i);
        topics[count++] = wax_writer_bytes(&out);
    }
    if (count > 0) {
        (void)(asks ? update_job_subscribe : update_job_unsubscribe)(&device->job, topics, count);
    }
}

/* Asks for the chunk that is wanted and some behind it, unless that has been done. One that was
 * bad is not asked for again: the good one comes when somebody publishes it. */
static void ask(struct device *device)
{
    const uint32_t version = device->update.manifest.version;
    uint32_t count;
    uint32_t wanted;
    bool is_wanted = wax_update_wanted(&device->update, &wanted);

    if (is_wanted && (!device->has_missed || wanted == device->asked_from) &&
        version == device->asked_version && wanted >= device->last_wanted &&
        wanted < device->asked_end) {
        device->last_wanted = wanted;
        return;
    }
    ask_between(device, false);
    device->asked_end = 0;
    device->asked_from = 0;
    if (!is_wanted) {
        return;
    }
    count = wax_update_chunk_count(&device->update.manifest);
    device->asked_version = version;
    device->asked_from = wanted;
    device->asked_end = count - wanted < WINDOW ? count : wanted + WINDOW;
    device->last_wanted = wanted;
    device->has_missed = false;
    ask_between(device, true);
}

static void connected(struct update_job *job)
{
    struct device *device = of(job);
    const wax_bytes names[NAMES_MAX] = {device->config.class_name, device->config.device,
                                        device->config.group};
    static uint8_t room[NAMES_MAX][WAX_UPDATE_TOPIC_MAX];
    wax_bytes topics[NAMES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < NAMES_MAX; i++) {
        if (names[i].size > 0) {
            wax_writer out = wax_writer_over(room[count], WAX_UPDATE_TOPIC_MAX);

            wax_update_manifest_topic(&out, device->config.prefix, names[i]);
            topics[count++] = wax_writer_bytes(&out);
        }
    }
    (void)update_job_subscribe(job, topics, count);
    device->is_told = false;
    device->asked_end = 0;
}

/* ---- What comes ---- */

static void note_progress(struct device *device)
{
    const uint32_t count = wax_update_chunk_count(&device->update.manifest);
    const uint32_t step = (uint32_t)((uint64_t)device->update.next * STATUS_STEPS / count);

    update_draw("receiving", device->update.next, count);
    if (step != device->told_step) {
        device->told_step = step;
        device->is_told = false;
    }
}

static void hear(struct update_job *job, const wax_publish *publish)
{
    struct device *device = of(job);
    const wax_update_phase phase = device->update.phase;
    const wax_update_refusal refusal = device->update.refusal;
    const wax_status status = wax_update_hear(&device->update, publish->topic, publish->payload);

    if (status == WAX_NOT_AUTHORIZED) {
        tools_say(job->settings, "a manifest was refused: %s",
                  wax_update_refusal_word(device->update.refusal));
    } else if (status == WAX_NOT_FOUND) {
        device->has_missed = phase == WAX_UPDATE_RECEIVING;
        return;
    } else if (status != WAX_OK) {
        tools_say(job->settings, "a chunk was refused on %.*s: %s", (int)publish->topic.size,
                  (const char *)publish->topic.data,
                  status == WAX_UNTRUSTED   ? "it is not what the vendor has signed"
                  : status == WAX_MALFORMED ? "it has the wrong size"
                                            : wax_status_text(status));
        return;
    }
    if (device->update.phase == WAX_UPDATE_RECEIVING) {
        note_progress(device);
    }
    if (device->update.phase != phase || device->update.refusal != refusal) {
        device->is_told = false;
    }
}

/* ---- What is next ---- */

/* With --until: whether there is nothing to wait for, and how it came out. */
static bool is_over(const struct device *device, int *code)
{
    const wax_update *update = &device->update;
    const uint32_t until = device->job.settings->update.until;
    const bool is_done = wax_update_running_version(update) == until;

    *code = is_done ? EXIT_GOOD : EXIT_WRONG;
    return until != 0 && update->phase == WAX_UPDATE_IDLE &&
           (is_done || update->state.failed == until || update->refusal != WAX_UPDATE_TAKEN);
}

/* An image is well that has reached the broker: its status has been acknowledged. */
static void judge_itself(struct device *device)
{
    int code;

    if (!device->is_told || device->job.waiting > 0) {
        return;
    }
    if (device->update.phase == WAX_UPDATE_TRIAL) {
        if (wax_update_confirm(&device->update) != WAX_OK) {
            update_job_end(&device->job, EXIT_WRONG);
        }
        say(device, "confirmed");
        device->is_told = false;
    } else if (is_over(device, &code)) {
        update_job_end(&device->job, code);
    }
}

static void move(struct update_job *job)
{
    struct device *device = of(job);

    if (device->update.phase == WAX_UPDATE_CHECKING) {
        finish(device);
    }
    if (job->ends) {
        return;
    }
    ask(device);
    judge_itself(device);
    if (!device->is_told) {
        tell(device);
    }
}

static void due(struct update_job *job)
{
    (void)job;
}

/* ---- Beginning ---- */

static bool fill(struct device *device, const struct settings *settings)
{
    const struct update_settings *wanted = &settings->update;

    if (wanted->words.count < 2 || wanted->vendor == NULL || wanted->class_name == NULL) {
        return tools_complain(settings, "write `wax update device FLASH --vendor NAME --class NAME "
                                        "--trust FILE --device NAME`");
    }
    device->config = (wax_update_config){
        .vendor = wax_bytes_of_text(wanted->vendor),
        .class_name = wax_bytes_of_text(wanted->class_name),
        .device = wax_bytes_of_text(wanted->device != NULL ? wanted->device : "device"),
        .group = wax_bytes_of_text(wanted->group),
        .prefix = update_prefix(settings),
        .board = &device->flash.board,
        .room = device->room,
        .room_size = sizeof device->room,
        .tries = (uint8_t)wanted->tries,
    };
    return tools_firmware_trust(&device->firmware, settings);
}

static bool open_update(struct device *device, const struct settings *settings)
{
    return wax_update_open(&device->update, &device->config, device->firmware.anchor, 1) ==
               WAX_OK ||
           tools_complain(settings, "--vendor, --class, --device and --group take names without / "
                                    "+ and #; --sector-size is a power of two, and --slot-size a "
                                    "multiple of it");
}

/* Makes the flash as a factory does. */
static bool make(struct device *device, const struct settings *settings, const char *path)
{
    struct firmware *firmware = &device->firmware;
    uint8_t rest[WAX_UPDATE_WRITE_MAX];
    size_t whole;
    wax_status status;

    if (!tools_firmware_load(firmware, settings, settings->update.factory) ||
        !update_flash_make(&device->flash, settings, path) || !open_update(device, settings)) {
        return false;
    }
    whole = firmware->image.size - firmware->image.size % device->flash.board.write_size;
    memset(rest, 0xff, sizeof rest);
    memcpy(rest, firmware->image.data + whole, firmware->image.size - whole);
    status = firmware->image.size <= device->flash.board.slot_size ? WAX_OK : WAX_TOO_LARGE;
    for (size_t at = 0; status == WAX_OK && at < whole; at += device->flash.board.write_size) {
        status = device->flash.board.write(
            &device->flash.board, WAX_UPDATE_SLOT_0, (uint32_t)at,
            wax_bytes_of(firmware->image.data + at, device->flash.board.write_size));
    }
    if (status == WAX_OK && whole < firmware->image.size) {
        status = device->flash.board.write(&device->flash.board, WAX_UPDATE_SLOT_0, (uint32_t)whole,
                                           wax_bytes_of(rest, device->flash.board.write_size));
    }
    if (status == WAX_OK) {
        status = wax_update_factory(&device->update, firmware->message);
    }
    if (status != WAX_OK) {
        (void)unlink(path);
        return tools_complain(settings, "%s cannot be made: %s", path,
                              status == WAX_TOO_LARGE   ? "the image is larger than a slot"
                              : status == WAX_UNTRUSTED ? "the image is for another vendor or class"
                                                        : wax_status_text(status));
    }
    (void)printf("made %s, with version %u\n", path, firmware->manifest.version);
    return true;
}

static int live(struct device *device, struct settings *settings, const char *path)
{
    static const struct update_deeds deeds = {connected, hear, due, move};
    int code = EXIT_WRONG;

    device->job.settings = settings;
    if (!update_flash_open(&device->flash, settings, path) || !open_update(device, settings) ||
        !boot(device)) {
        return EXIT_WRONG;
    }
    if (update_job_open(&device->job, settings)) {
        device->job.link.persists = true;
        code = update_job_run(&device->job, &deeds);
    }
    update_job_close(&device->job);
    return code;
}

int update_device(struct settings *settings)
{
    static struct device device = {.flash.file = -1};
    int code = EXIT_WRONG;

    if (fill(&device, settings)) {
        const char *path = settings->update.words.items[1];

        if (settings->update.factory == NULL) {
            code = live(&device, settings, path);
        } else if (make(&device, settings, path)) {
            code = EXIT_GOOD;
        }
        update_flash_close(&device.flash);
    }
    tools_firmware_discard(&device.firmware);
    return code;
}
