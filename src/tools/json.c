/* A message as one JSON object, in the form of mosquitto_sub. */
#include "tools/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct property_name {
    wax_property_id id;
    const char *name;
    bool is_number;
};

static const struct property_name property_names[] = {
    {WAX_PAYLOAD_FORMAT,   "payload-format-indicator", true },
    {WAX_MESSAGE_EXPIRY,   "message-expiry-interval",  true },
    {WAX_CONTENT_TYPE,     "content-type",             false},
    {WAX_RESPONSE_TOPIC,   "response-topic",           false},
    {WAX_CORRELATION_DATA, "correlation-data",         false},
    {WAX_SUBSCRIPTION_ID,  "subscription-identifier",  true },
    {WAX_TOPIC_ALIAS,      "topic-alias",              true },
};

static void write_value(FILE *file, const json_t *value)
{
    if (value == NULL || json_dumpf(value, file, JSON_COMPACT | JSON_ENCODE_ANY) != 0) {
        (void)fputs("null", file);
    }
}

void tools_json_write_bytes(FILE *file, wax_bytes bytes)
{
    const char *text = bytes.size > 0 ? (const char *)bytes.data : "";
    json_t *string = json_stringn(text, bytes.size);

    if (string != NULL) {
        write_value(file, string);
        json_decref(string);
        return;
    }
    for (size_t i = 0; i < bytes.size; i++) {
        (void)fprintf(file, "%c%u", i == 0 ? '[' : ',', bytes.data[i]);
    }
    (void)fputc(']', file);
}

/* Names may come more than once, which no JSON library keeps; so it is written by hand. */
static void write_pairs(FILE *file, wax_bytes properties)
{
    wax_reader in = wax_reader_over(properties);
    wax_property property;
    const char *before = "";

    (void)fputs("\"user-properties\":{", file);
    while (wax_property_next(&in, &property)) {
        if (property.id == WAX_USER_PROPERTY) {
            (void)fputs(before, file);
            tools_json_write_bytes(file, property.name);
            (void)fputc(':', file);
            tools_json_write_bytes(file, property.value);
            before = ",";
        }
    }
    (void)fputc('}', file);
}

static void write_property(FILE *file, const wax_property *property)
{
    for (size_t i = 0; i < WAX_COUNT(property_names); i++) {
        if (property_names[i].id != property->id) {
            continue;
        }
        (void)fprintf(file, "\"%s\":", property_names[i].name);
        if (property_names[i].is_number) {
            (void)fprintf(file, "%u", property->number);
        } else {
            tools_json_write_bytes(file, property->value);
        }
    }
}

void tools_json_write_properties(FILE *file, wax_bytes properties)
{
    wax_reader in = wax_reader_over(properties);
    wax_property property;
    bool has_pairs = false;
    const char *before = "";

    if (properties.size == 0) {
        return;
    }
    (void)fputs(",\"properties\":{", file);
    while (wax_property_next(&in, &property)) {
        if (property.id == WAX_USER_PROPERTY && has_pairs) {
            continue;
        }
        (void)fputs(before, file);
        if (property.id == WAX_USER_PROPERTY) {
            has_pairs = true;
            write_pairs(file, properties);
        } else {
            write_property(file, &property);
        }
        before = ",";
    }
    (void)fputc('}', file);
}

static void write_head(FILE *file, const struct arrival *arrival)
{
    const wax_publish *publish = &arrival->publish;
    char day[64] = "";
    char zone[16] = "";
    struct tm local;

    if (localtime_r(&arrival->at.tv_sec, &local) != NULL) {
        day[strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &local)] = '\0';
        zone[strftime(zone, sizeof zone, "%z", &local)] = '\0';
    }
    (void)fprintf(file, "{\"tst\":\"%s.%06ldZ%s\",\"topic\":", day, arrival->at.tv_nsec / 1000,
                  zone);
    tools_json_write_bytes(file, publish->topic);
    (void)fprintf(file, ",\"qos\":%u,\"retain\":%u,\"payloadlen\":%zu", publish->qos,
                  publish->retain ? 1U : 0U, publish->payload.size);
    if (publish->qos > 0) {
        (void)fprintf(file, ",\"mid\":%u", publish->packet_id);
    }
}

static void write_all(FILE *file, const struct arrival *arrival, const json_t *embedded)
{
    const wax_publish *publish = &arrival->publish;

    write_head(file, arrival);
    tools_json_write_properties(file, publish->properties);
    (void)fputs(",\"payload\":", file);
    if (publish->payload.size == 0) {
        (void)fputs("null", file);
    } else if (embedded != NULL) {
        write_value(file, embedded);
    } else {
        tools_json_write_bytes(file, publish->payload);
    }
    (void)fputc('}', file);
}

static void start_line(FILE *file, int depth)
{
    (void)fputc('\n', file);
    for (int i = 0; i < depth; i++) {
        (void)fputc('\t', file);
    }
}

/* What stands behind a mark outside of strings: a new line, a blank, or nothing. */
static void space_behind(FILE *file, const char *at, int arrays, int *depth)
{
    if (*at == '{') {
        ++*depth;
    }
    if ((*at == '{' && at[1] != '}') || (*at == ',' && arrays == 0)) {
        start_line(file, *depth);
    } else if (*at == ',') {
        (void)fputc(' ', file);
    } else if (*at == ':') {
        (void)fputc('\t', file);
    }
}

/* Writes JSON without blanks as an indented tree; arrays stay on one line. */
static void write_pretty(FILE *file, const char *text)
{
    bool is_in_string = false;
    int arrays = 0;
    int depth = 0;

    for (const char *at = text; *at != '\0'; at++) {
        if (!is_in_string && *at == '}') {
            start_line(file, --depth);
        }
        (void)fputc(*at, file);
        if (is_in_string && *at == '\\') {
            (void)fputc(*++at, file);
        } else if (*at == '"') {
            is_in_string = !is_in_string;
        } else if (!is_in_string) {
            arrays += (*at == '[') - (*at == ']');
            space_behind(file, at, arrays, &depth);
        }
    }
}

static void write_shown(FILE *file, const struct arrival *arrival, const json_t *embedded,
                        bool is_pretty)
{
    char *text = NULL;
    size_t size = 0;
    FILE *draft = is_pretty ? open_memstream(&text, &size) : NULL;

    if (draft == NULL) {
        write_all(file, arrival, embedded);
        return;
    }
    write_all(draft, arrival, embedded);
    if (fclose(draft) == 0) {
        write_pretty(file, text);
    }
    free(text);
}

bool tools_json_write(FILE *file, const struct arrival *arrival, bool is_embedded, bool is_pretty)
{
    wax_bytes payload = arrival->publish.payload;
    json_t *embedded = NULL;

    if (is_embedded && payload.size > 0) {
        embedded = json_loadb((const char *)payload.data, payload.size, JSON_DECODE_ANY, NULL);
        if (embedded == NULL) {
            return false;
        }
    }
    write_shown(file, arrival, embedded, is_pretty);
    json_decref(embedded);
    return true;
}
