/* What wax gateway reads: topics that have ids, and devices that may connect. */
#include "tools/gateway_parts.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_SIZE_MAX = 4 * 1024 * 1024 };

/* Takes the next line that says something, without the blanks around it. False at the end. */
static bool next_line(wax_reader *in, size_t *number, wax_bytes *line)
{
    while (wax_reader_left(in) > 0) {
        const uint8_t *end = memchr(in->at, '\n', wax_reader_left(in));
        size_t size = end == NULL ? wax_reader_left(in) : (size_t)(end - in->at);

        *line = wax_read_bytes(in, size);
        in->at += end == NULL ? 0 : 1;
        *number += 1;
        while (line->size > 0 && strchr(" \t\r", line->data[line->size - 1]) != NULL) {
            line->size--;
        }
        while (line->size > 0 && strchr(" \t", line->data[0]) != NULL) {
            *line = wax_bytes_of(line->data + 1, line->size - 1);
        }
        if (line->size > 0 && line->data[0] != '#') {
            return true;
        }
    }
    return false;
}

static bool read_text(const struct hub *hub, const char *path, wax_bytes *text)
{
    char fault[400];

    return wax_file_read(path, FILE_SIZE_MAX, text, fault, sizeof fault) == WAX_OK ||
           tools_complain(&hub->settings, "%s", fault);
}

/* Reads `NUMBER TOPIC`. Returns what is wrong, or NULL. */
static const char *read_topic(wax_bytes line, wax_sn_predefined *topic)
{
    uint32_t id = 0;
    size_t at = 0;

    while (at < line.size && line.data[at] >= '0' && line.data[at] <= '9' && id <= UINT16_MAX) {
        id = id * 10 + (uint32_t)(line.data[at++] - '0');
    }
    if (at == 0 || at == line.size || (line.data[at] != ' ' && line.data[at] != '\t') || id == 0 ||
        id >= UINT16_MAX) {
        return "write a number from 1 to 65534 and a topic, as in `1 plant/7/reading`";
    }
    while (at < line.size && (line.data[at] == ' ' || line.data[at] == '\t')) {
        at++;
    }
    topic->id = (uint16_t)id;
    topic->topic = wax_bytes_of(line.data + at, line.size - at);
    if (topic->topic.size > WAX_SN_TOPIC_SIZE_MAX || !wax_utf8_is_valid(topic->topic) ||
        wax_topic_has_wildcard(topic->topic)) {
        return "a topic is at most 200 bytes of UTF-8, without + and #";
    }
    return NULL;
}

static const char *add_topic(struct hub *hub, wax_bytes line)
{
    size_t count = hub->config.predefined_count;
    wax_sn_predefined topic;
    const char *fault = read_topic(line, &topic);

    if (fault != NULL) {
        return fault;
    }
    if (count == GATEWAY_PREDEFINED_MAX) {
        return "there can be 1024 predefined topics";
    }
    for (size_t i = 0; i < count; i++) {
        if (hub->predefined[i].id == topic.id) {
            return "this number stands for another topic already";
        }
    }
    hub->predefined[count] = topic;
    hub->config.predefined_count = count + 1;
    return NULL;
}

bool gateway_read_predefined(struct hub *hub)
{
    const char *path = hub->settings.gateway.predefined;
    wax_reader in;
    wax_bytes line;
    size_t number = 0;

    hub->config.predefined = hub->predefined;
    if (path == NULL) {
        return true;
    }
    if (!read_text(hub, path, &hub->predefined_text)) {
        return false;
    }
    in = wax_reader_over(hub->predefined_text);
    while (next_line(&in, &number, &line)) {
        const char *fault = add_topic(hub, line);

        if (fault != NULL) {
            return tools_complain(&hub->settings, "%s, line %zu: %s", path, number, fault);
        }
    }
    return true;
}

static int compare(const void *one, const void *other)
{
    const wax_bytes *first = one;
    const wax_bytes *second = other;

    return wax_bytes_compare(*first, *second);
}

bool gateway_read_allowed(struct hub *hub)
{
    const char *path = hub->settings.gateway.devices;
    wax_reader in;
    wax_bytes line;
    size_t number = 0;

    if (path == NULL) {
        return true;
    }
    hub->allowed = calloc(GATEWAY_ALLOWED_MAX, sizeof *hub->allowed);
    if (hub->allowed == NULL) {
        return tools_complain(&hub->settings, "there is not enough memory");
    }
    if (!read_text(hub, path, &hub->allowed_text)) {
        return false;
    }
    in = wax_reader_over(hub->allowed_text);
    while (next_line(&in, &number, &line)) {
        if (line.size > WAX_SN_ID_SIZE_MAX || hub->allowed_count == GATEWAY_ALLOWED_MAX) {
            return tools_complain(&hub->settings,
                                  "%s, line %zu: a client id has at most 64 bytes, and there can "
                                  "be 10,000 of them",
                                  path, number);
        }
        hub->allowed[hub->allowed_count++] = line;
    }
    qsort(hub->allowed, hub->allowed_count, sizeof *hub->allowed, compare);
    return true;
}

bool gateway_is_allowed(const struct hub *hub, wax_bytes client_id)
{
    return hub->allowed == NULL || bsearch(&client_id, hub->allowed, hub->allowed_count,
                                           sizeof *hub->allowed, compare) != NULL;
}

void gateway_free_files(struct hub *hub)
{
    wax_file_free(&hub->predefined_text);
    wax_file_free(&hub->allowed_text);
    free(hub->allowed);
}
