/* What each level costs on a device: the figures that scripts/levels.py --device measures on an
 * emulated Cortex-M4, read from their file. */
#ifndef WAX_TOOLS_LEVELS_DEVICE_H
#define WAX_TOOLS_LEVELS_DEVICE_H

#include "tools/settings.h"

#include <stdio.h>

enum {
    DEVICE_LEVELS_MAX = 32,
    DEVICE_SIZES_MAX = 16,  /* of one level's messages */
    DEVICE_CLIENT_RAM = 256 /* the client's struct and its room for small packets */
};

/* What a connection or a message takes; all without the time of waiting. */
enum device_metric {
    DEVICE_INSTRUCTIONS,
    DEVICE_OUT, /* bytes above TCP */
    DEVICE_IN,
    DEVICE_FRAMES_OUT,
    DEVICE_FRAMES_IN,
    DEVICE_FRAME_BYTES_OUT, /* with the heads of all below */
    DEVICE_FRAME_BYTES_IN,
    DEVICE_METRICS,
};

struct device_cost {
    double values[DEVICE_METRICS];
};

struct device_message {
    uint32_t size;
    uint32_t qos;
    struct device_cost cost;
};

/* One level; sizes are in bytes. */
struct device_level {
    char name[32];
    char text[128];
    uint32_t flash_wax;
    uint32_t flash_library; /* of TLS and ciphers */
    uint32_t static_ram;    /* of keys and contexts */
    uint32_t heap_peak;
    uint32_t stack_peak;
    bool resumes;
    struct device_cost connect;
    struct device_cost resumed; /* by the ticket of the connection before, where it resumes */
    struct device_message messages[DEVICE_SIZES_MAX];
    size_t message_count;
};

struct levels_device {
    char text[256]; /* which device */
    struct device_level levels[DEVICE_LEVELS_MAX];
    size_t level_count;
};

/* Reads the file of --device into `device`, which levels_device_discard() gives back; without that
 * option it is NULL. False, and said so, if there are no such figures in it. */
bool levels_device_read(const struct settings *settings, struct levels_device **device);
void levels_device_discard(struct levels_device *device);

/* The level that stands for one of wax_levels: devices do TLS 1.2. NULL when there is none, or no
 * device. */
const struct device_level *levels_device_find(const struct levels_device *device, const char *name);

/* What it takes of flash and RAM beside the network. */
uint32_t levels_device_flash(const struct device_level *level);
uint32_t levels_device_ram(const struct device_level *level);

/* What a message of `size` bytes at QoS 0 takes, between those that were measured and beyond. */
struct device_cost levels_device_message(const struct device_level *level, uint64_t size);

/* What the radio and the processor of a small device take for it, in microjoules: a rule of thumb
 * (docs/levels.md, Battery). `radio` is the first's part of it, from 0 to 1. */
double levels_device_energy_uj(const struct device_cost *cost, double *radio);

/* Writes the tables into the page. */
void levels_device_page(const struct levels_device *device, FILE *file);

/* What the answers of wax bench advise come to on the device. */
struct device_day {
    uint64_t size;
    double per_day;
    bool stays; /* one connection for all messages */
};

/* Says it. */
void levels_device_say(const struct device_level *level, const struct device_day *day);

#endif
