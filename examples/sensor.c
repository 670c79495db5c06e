/* A proximity sensor: tells home/occupancy whether somebody is near.
 *
 * Usage: example_sensor [-3] HOST PORT [USERNAME PASSWORD]
 *
 * Distances in centimetres come on standard input, one a line; a device would ask its hardware.
 * Only changes are published, at QoS 1: what happens while the broker is away is told when it is
 * back. If the sensor itself goes, its will says so. */
#include "device.h"

#include <stdlib.h>

enum { NEAR_CM = 150 };

static const char *last;

static void typed(struct device *device, const char *line)
{
    char *end;
    unsigned long distance_cm = strtoul(line, &end, 10);
    const char *now = distance_cm <= NEAR_CM ? "occupied" : "empty";

    if (end != line && now != last) {
        last = now;
        device_say(device, "home/occupancy", now);
    }
}

static void heard(struct device *device, const wax_client_event *event)
{
    if (event->type == WAX_CLIENT_CONNECTED) {
        device_say(device, "home/sensor", "online");
    }
}

int main(int count, char **words)
{
    static const wax_will will = {
        .topic = {(const uint8_t *)"home/sensor", 11},
        .payload = {(const uint8_t *)"lost",        4 },
        .qos = 1,
        .retain = true,
    };
    static struct device device = {.heard = heard, .typed = typed, .reads_input = true};

    device.config.will = &will;
    if (!device_open(&device, "sensor", count, words)) {
        return EXIT_FAILURE;
    }
    return device_run(&device);
}
