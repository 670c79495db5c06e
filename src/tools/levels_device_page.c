/* The device's tables on the page of wax bench levels. */
#include "tools/levels.h"
#include "tools/levels_device.h"

static void begin_table(FILE *file, const char *const *names, size_t count)
{
    (void)fputs("<table>\n<thead><tr>", file);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(file, "<th>%s</th>", names[i]);
    }
    (void)fputs("</tr></thead>\n", file);
}

static void begin_row(FILE *file, const struct device_level *level, const char *kind)
{
    (void)fputs("<tr><td>", file);
    levels_write_text(file, level->name);
    (void)fprintf(file, "%s</td>", kind);
}

static void write_cost(FILE *file, const struct device_cost *cost)
{
    for (size_t i = 0; i < DEVICE_METRICS; i++) {
        (void)fprintf(file, "<td>%.0f</td>", cost->values[i]);
    }
    (void)fputs("</tr>\n", file);
}

static void write_memory(const struct levels_device *device, FILE *file)
{
    static const char *const names[] = {
        "level",     "what protects the message", "flash: Wax", "library", "heap", "stack",
        "static RAM"};

    begin_table(file, names, WAX_COUNT(names));
    for (size_t i = 0; i < device->level_count; i++) {
        const struct device_level *level = &device->levels[i];

        begin_row(file, level, "");
        (void)fputs("<td style=\"text-align:left\">", file);
        levels_write_text(file, level->text);
        (void)fprintf(file, "</td><td>%u</td><td>%u</td><td>%u</td><td>%u</td><td>%u</td></tr>\n",
                      level->flash_wax, level->flash_library, level->heap_peak, level->stack_peak,
                      level->static_ram);
    }
    (void)fputs("</table>\n", file);
}

/* The names of all metrics. */
#define COSTS                                                                                      \
    "instructions", "bytes out", "bytes in", "frames out", "frames in", "with heads, out",         \
        "with heads, in"

static void write_connections(const struct levels_device *device, FILE *file)
{
    static const char *const names[] = {"connection", COSTS};

    begin_table(file, names, WAX_COUNT(names));
    for (size_t i = 0; i < device->level_count; i++) {
        const struct device_level *level = &device->levels[i];

        begin_row(file, level, "");
        write_cost(file, &level->connect);
        if (level->resumes) {
            begin_row(file, level, ", by ticket");
            write_cost(file, &level->resumed);
        }
    }
    (void)fputs("</table>\n", file);
}

static void write_messages(const struct levels_device *device, FILE *file)
{
    static const char *const names[] = {"message", "bytes", "QoS", COSTS};

    begin_table(file, names, WAX_COUNT(names));
    for (size_t i = 0; i < device->level_count; i++) {
        const struct device_level *level = &device->levels[i];

        for (size_t k = 0; k < level->message_count; k++) {
            const struct device_message *message = &level->messages[k];

            begin_row(file, level, "");
            (void)fprintf(file, "<td>%u</td><td>%u</td>", message->size, message->qos);
            write_cost(file, &message->cost);
        }
    }
    (void)fputs("</table>\n", file);
}

void levels_device_page(const struct levels_device *device, FILE *file)
{
    (void)fputs("<h2 id=\"device\">On a device</h2>\n<p>", file);
    levels_write_text(file, device->text);
    (void)fputs(". Flash and RAM are bytes beside what the network takes; instructions are "
                "counted by an emulator, waiting not among them; bytes are those above TCP.</p>\n",
                file);
    write_memory(device, file);
    write_connections(device, file);
    write_messages(device, file);
}
