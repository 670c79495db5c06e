/* What a level comes to on a device, for wax bench advise. */
#include "tools/bench_parts.h"
#include "tools/levels_device.h"

static void add(struct device_cost *sum, const struct device_cost *cost, double times)
{
    for (size_t i = 0; i < DEVICE_METRICS; i++) {
        sum->values[i] += cost->values[i] * times;
    }
}

static void say_connect(const char *kind, const struct device_cost *cost)
{
    (void)printf("  a connection%s: %s instructions, %.0f bytes out, %.0f in\n", kind,
                 bench_number_of(cost->values[DEVICE_INSTRUCTIONS]).text, cost->values[DEVICE_OUT],
                 cost->values[DEVICE_IN]);
}

void levels_device_say(const struct device_level *level, const struct device_day *day)
{
    const struct device_cost message = levels_device_message(level, day->size);
    const struct device_cost *connect =
        level->resumes && !day->stays ? &level->resumed : &level->connect;
    struct device_cost whole = {{0}};
    double radio;
    double energy;

    add(&whole, &message, day->per_day);
    add(&whole, connect, day->stays ? 1 : day->per_day);
    energy = levels_device_energy_uj(&whole, &radio);
    (void)printf("\nOn the device (%s)\n", level->name);
    (void)printf("  %u bytes of flash and %u of RAM beside the network, and room for a message "
                 "twice\n",
                 levels_device_flash(level), levels_device_ram(level));
    (void)printf("  a message of %llu bytes: %s instructions, %.0f bytes to the broker\n",
                 (unsigned long long)day->size,
                 bench_number_of(message.values[DEVICE_INSTRUCTIONS]).text,
                 message.values[DEVICE_OUT]);
    say_connect("", &level->connect);
    if (level->resumes) {
        say_connect(" by the ticket of the one before", &level->resumed);
    }
    (void)printf(
        "  a day: %s instructions and %s bytes of frames, by rule of thumb %.3g mJ, of "
        "which %.0f %% the radio moving bytes (docs/levels.md, Battery)\n",
        bench_number_of(whole.values[DEVICE_INSTRUCTIONS]).text,
        bench_number_of(whole.values[DEVICE_FRAME_BYTES_OUT] + whole.values[DEVICE_FRAME_BYTES_IN])
            .text,
        energy / 1000, radio * 100);
}
