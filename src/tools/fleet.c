/* Devices, as their statuses tell of them. */
#include "tools/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* The name of the device in PREFIX/u/DEVICE/status; false if it is no such topic. */
static bool name_in(wax_bytes prefix, wax_bytes topic, char name[static WAX_UPDATE_NAME_MAX + 1])
{
    const wax_bytes front = WAX_TEXT("/u/");
    const wax_bytes end = WAX_TEXT("/status");
    const size_t around = prefix.size + front.size + end.size;
    wax_bytes found;

    if (topic.size <= around || topic.size > around + WAX_UPDATE_NAME_MAX ||
        !wax_bytes_start_with(topic, prefix)) {
        return false;
    }
    found = wax_bytes_of(topic.data + prefix.size + front.size, topic.size - around);
    (void)snprintf(name, WAX_UPDATE_NAME_MAX + 1, "%.*s", (int)found.size,
                   (const char *)found.data);
    return wax_update_is_name(found) &&
           wax_bytes_equal(wax_bytes_of(topic.data + topic.size - end.size, end.size), end);
}

static struct fleet_device *find(struct fleet *fleet, const char *name)
{
    for (size_t i = 0; i < fleet->count; i++) {
        if (strcmp(fleet->devices[i].name, name) == 0) {
            return &fleet->devices[i];
        }
    }
    return NULL;
}

static struct fleet_device *add(struct fleet *fleet, const char *name)
{
    struct fleet_device *device;

    if (fleet->count == FLEET_MAX) {
        return NULL;
    }
    if (fleet->count == fleet->capacity) {
        const size_t capacity = fleet->capacity == 0 ? 64 : fleet->capacity * 2;
        struct fleet_device *grown = realloc(fleet->devices, capacity * sizeof *grown);

        if (grown == NULL) {
            return NULL;
        }
        fleet->devices = grown;
        fleet->capacity = capacity;
    }
    device = &fleet->devices[fleet->count++];
    *device = (struct fleet_device){.to = 0};
    (void)snprintf(device->name, sizeof device->name, "%s", name);
    return device;
}

static void take_text(const json_t *object, const char *key, char *room, size_t size)
{
    const char *text = json_string_value(json_object_get(object, key));
    const bool is_plain = text != NULL && wax_update_is_name(wax_bytes_of_text(text));

    (void)snprintf(room, size, "%s", is_plain ? text : "");
}

static uint32_t take_number(const json_t *object, const char *key)
{
    const json_int_t value = json_integer_value(json_object_get(object, key));

    return value > 0 && value <= UINT32_MAX ? (uint32_t)value : 0;
}

static void fill(struct fleet_device *device, const json_t *object)
{
    take_text(object, "group", device->group, sizeof device->group);
    take_text(object, "vendor", device->vendor, sizeof device->vendor);
    take_text(object, "class", device->class_name, sizeof device->class_name);
    take_text(object, "state", device->state, sizeof device->state);
    take_text(object, "refused", device->refused, sizeof device->refused);
    device->version = take_number(object, "version");
    device->to = take_number(object, "to");
    device->done = take_number(object, "done");
    device->of = take_number(object, "of");
    device->failed = take_number(object, "failed");
    device->is_told = true;
}

struct fleet_device *tools_fleet_take(struct fleet *fleet, wax_bytes prefix, wax_bytes topic,
                                      wax_bytes payload)
{
    char name[WAX_UPDATE_NAME_MAX + 1];
    struct fleet_device *device;
    json_t *object;

    if (!name_in(prefix, topic, name) || payload.size > WAX_UPDATE_STATUS_SIZE) {
        return NULL;
    }
    object = json_loadb((const char *)payload.data, payload.size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    device = find(fleet, name);
    device = device != NULL ? device : add(fleet, name);
    if (device != NULL) {
        fill(device, object);
    }
    json_decref(object);
    return device;
}

void tools_fleet_discard(struct fleet *fleet)
{
    free(fleet->devices);
    *fleet = (struct fleet){.count = 0};
}
