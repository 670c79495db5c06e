/* A climate controller: heats while somebody is at home, and obeys who overrides it.
 *
 * Usage: example_controller [-3] HOST PORT [USERNAME PASSWORD]
 *
 * It listens to home/occupancy ("occupied" or "empty") and home/hvac/override ("on" or "off" while
 * the dog fools the sensor, "auto" to give the choice back), and sets the unit's temperature with
 * home/hvac/set, in degrees Celsius. It runs until it is stopped. */
#include "device.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
    bool is_occupied;
    bool is_known;
    enum { AUTO, ON, OFF } override;
    const char *set; /* what was published last */
} climate;

/* Tells the unit what follows from all that is known, if it is news. */
static void decide(struct device *device)
{
    bool heats = climate.override == ON || (climate.override == AUTO && climate.is_occupied);
    const char *set = heats ? "21.0" : "16.0";

    if (set != climate.set && (climate.is_known || climate.override != AUTO)) {
        climate.set = set;
        device_say(device, "home/hvac/set", set);
    }
}

static void take_occupancy(wax_bytes payload)
{
    bool is_occupied = wax_bytes_equal(payload, WAX_TEXT("occupied"));

    if (is_occupied || wax_bytes_equal(payload, WAX_TEXT("empty"))) {
        climate.is_occupied = is_occupied;
        climate.is_known = true;
    }
}

static void take_override(wax_bytes payload)
{
    if (wax_bytes_equal(payload, WAX_TEXT("on"))) {
        climate.override = ON;
    } else if (wax_bytes_equal(payload, WAX_TEXT("off"))) {
        climate.override = OFF;
    } else if (wax_bytes_equal(payload, WAX_TEXT("auto"))) {
        climate.override = AUTO;
    }
}

static void subscribe(struct device *device)
{
    const wax_subscription subscriptions[] = {
        {.filter = WAX_TEXT("home/occupancy"),     .qos = 1},
        {.filter = WAX_TEXT("home/hvac/override"), .qos = 1},
    };
    wax_client_request request = {.subscriptions = subscriptions, .count = 2};
    uint32_t token;

    if (wax_client_subscribe(&device->client, &request, &token) != WAX_OK) {
        fprintf(stderr, "the queue has no room to subscribe\n");
    }
}

static void heard(struct device *device, const wax_client_event *event)
{
    if (event->type == WAX_CLIENT_CONNECTED) {
        subscribe(device); /* also to a session that is there: retained messages come anew */
    }
    if (event->type == WAX_CLIENT_SUBSCRIBED) {
        for (size_t i = 0; i < event->suback.reasons.size; i++) {
            if (event->suback.reasons.data[i] >= 0x80) {
                fprintf(stderr, "the broker refuses a subscription: allow this user to read "
                                "home/occupancy and home/hvac/override\n");
            }
        }
        printf("ready\n");
    }
    if (event->type == WAX_CLIENT_MESSAGE) {
        if (wax_bytes_equal(event->publish.topic, WAX_TEXT("home/occupancy"))) {
            take_occupancy(event->publish.payload);
        } else {
            take_override(event->publish.payload);
        }
        decide(device);
    }
}

int main(int count, char **words)
{
    static struct device device = {.heard = heard};

    if (!device_open(&device, "controller", count, words)) {
        return EXIT_FAILURE;
    }
    return device_run(&device);
}
