/* The figures of a device, read from JSON. */
#include "tools/levels_device.h"

#include "tools/json_take.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1 };

static const char *const metrics[DEVICE_METRICS] = {
    [DEVICE_INSTRUCTIONS] = "instructions",
    [DEVICE_OUT] = "bytes_out",
    [DEVICE_IN] = "bytes_in",
    [DEVICE_FRAMES_OUT] = "frames_out",
    [DEVICE_FRAMES_IN] = "frames_in",
    [DEVICE_FRAME_BYTES_OUT] = "frame_bytes_out",
    [DEVICE_FRAME_BYTES_IN] = "frame_bytes_in",
};

/* What is not there, or no number, is 0. */
static void take_cost(const json_t *object, struct device_cost *cost)
{
    for (size_t i = 0; i < DEVICE_METRICS; i++) {
        cost->values[i] = json_take_value(object, metrics[i]);
    }
}

/* Whether a message of QoS 0 comes first, and those ascend, which reading between them rests on. */
static bool take_messages(const json_t *list, struct device_level *level)
{
    size_t count = json_array_size(list);
    uint32_t before = 0;

    if (count > DEVICE_SIZES_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *object = json_array_get(list, i);
        struct device_message *message = &level->messages[i];

        message->size = json_take_whole(object, "size");
        message->qos = json_take_whole(object, "qos");
        take_cost(object, &message->cost);
        if (message->qos == 0 ? message->size <= before : i == 0) {
            return false;
        }
        before = message->qos == 0 ? message->size : before;
    }
    level->message_count = count;
    return before > 0;
}

static bool take_level(const json_t *object, struct device_level *level)
{
    const json_t *resumed = json_object_get(object, "resumed");

    json_take_text(object, "level", level->name, sizeof level->name);
    json_take_text(object, "text", level->text, sizeof level->text);
    level->flash_wax = json_take_whole(object, "flash_wax_bytes");
    level->flash_library = json_take_whole(object, "flash_library_bytes");
    level->static_ram = json_take_whole(object, "static_bytes");
    level->heap_peak = json_take_whole(object, "heap_peak_bytes");
    level->stack_peak = json_take_whole(object, "stack_peak_bytes");
    level->resumes = json_is_object(resumed);
    take_cost(json_object_get(object, "connect"), &level->connect);
    take_cost(resumed, &level->resumed);
    return level->name[0] != '\0' && take_messages(json_object_get(object, "messages"), level);
}

static bool take_all(const json_t *whole, struct levels_device *device)
{
    const json_t *list = json_object_get(whole, "levels");
    bool is_good = json_take_whole(whole, "format") == FORMAT && json_array_size(list) > 0 &&
                   json_array_size(list) <= DEVICE_LEVELS_MAX;

    json_take_text(whole, "device", device->text, sizeof device->text);
    for (size_t i = 0; is_good && i < json_array_size(list); i++) {
        is_good = take_level(json_array_get(list, i), &device->levels[i]);
        device->level_count++;
    }
    return is_good;
}

bool levels_device_read(const struct settings *settings, struct levels_device **device)
{
    const char *path = settings->bench.device;
    json_error_t error;
    json_t *whole;
    bool is_read;

    *device = NULL;
    if (path == NULL) {
        return true;
    }
    whole = json_load_file(path, 0, &error);
    if (whole == NULL) {
        return tools_complain(settings, "--device %s: %s", path, error.text);
    }
    *device = calloc(1, sizeof **device);
    is_read = *device != NULL && take_all(whole, *device);
    json_decref(whole);
    return is_read || tools_complain(settings,
                                     "--device %s: these are no figures of `scripts/levels.py "
                                     "--device`; docs/levels-device.json has some",
                                     path);
}

void levels_device_discard(struct levels_device *device)
{
    free(device);
}

/* ---- What they tell ---- */

const struct device_level *levels_device_find(const struct levels_device *device, const char *name)
{
    static const char *const others[][2] = {
        {"L3-tls1.3-psk",    "L3-tls1.2-psk"   },
        {"L3-tls1.3-cert",   "L3-tls1.2-cert"  },
        {"L3-tls1.3-mutual", "L3-tls1.2-mutual"},
        {"L4-suite1",        "L4-cert-suite1"  },
        {"L4-suite2",        "L4-cert-suite2"  },
    };

    for (size_t i = 0; i < WAX_COUNT(others); i++) {
        name = strcmp(others[i][0], name) == 0 ? others[i][1] : name;
    }
    for (size_t i = 0; device != NULL && i < device->level_count; i++) {
        if (strcmp(device->levels[i].name, name) == 0) {
            return &device->levels[i];
        }
    }
    return NULL;
}

uint32_t levels_device_flash(const struct device_level *level)
{
    return level->flash_wax + level->flash_library;
}

uint32_t levels_device_ram(const struct device_level *level)
{
    return level->heap_peak + level->stack_peak + level->static_ram + DEVICE_CLIENT_RAM;
}

struct device_cost levels_device_message(const struct device_level *level, uint64_t size)
{
    const struct device_message *low = level->messages;
    const struct device_message *high = level->messages;
    struct device_cost cost = {{0}};

    for (size_t i = 0; i < level->message_count; i++) {
        const struct device_message *message = &level->messages[i];
        bool goes_on = low == high || high->size < size;

        if (message->qos == 0 && goes_on) {
            low = high;
            high = message;
        }
    }
    for (size_t i = 0; i < DEVICE_METRICS; i++) {
        double from = low->cost.values[i];
        double slope = low == high ? 0 : (high->cost.values[i] - from) / (high->size - low->size);
        double value = from + slope * ((double)size - low->size);

        cost.values[i] = value > 0 ? value : 0;
    }
    return cost;
}

double levels_device_energy_uj(const struct device_cost *cost, double *radio)
{
    static const double instruction_uj = 0.0003;
    static const double byte_uj = 0.5;
    double carried =
        (cost->values[DEVICE_FRAME_BYTES_OUT] + cost->values[DEVICE_FRAME_BYTES_IN]) * byte_uj;
    double all = carried + cost->values[DEVICE_INSTRUCTIONS] * instruction_uj;

    *radio = all > 0 ? carried / all : 0;
    return all;
}
