/* The queue: what the server does not have yet, in memory of the caller's. Records are contiguous,
 * so that a message is sent from where it lies; room in between is won back by moving. */
#include "client/internal.h"

#include <string.h>

_Static_assert(sizeof(wax_record) == WAX_CLIENT_RECORD_SIZE, "the door tells a record's size");

wax_record wax_queue_read(const wax_client *client, size_t at)
{
    wax_record record;

    memcpy(&record, client->config->queue_room + at, sizeof record);
    return record;
}

void wax_queue_write(wax_client *client, size_t at, const wax_record *record)
{
    memcpy(client->config->queue_room + at, record, sizeof *record);
}

wax_packet_type wax_record_type(const wax_record *record)
{
    return (wax_packet_type)(record->head >> 4);
}

uint8_t wax_record_qos(const wax_record *record)
{
    return record->head >> 1 & 3U;
}

wax_publish wax_queue_message(const wax_client *client, size_t at)
{
    wax_record record = wax_queue_read(client, at);
    wax_reader in = wax_reader_over(wax_bytes_of(client->config->queue_room + at, record.size));
    wax_publish message = {
        .packet_id = record.packet_id,
        .qos = wax_record_qos(&record),
        .retain = (record.head & 1U) != 0,
        .duplicate = record.state == WAX_RECORD_SENT,
    };

    (void)wax_read_bytes(&in, sizeof record);
    message.topic = wax_read_bytes(&in, record.topic_size);
    message.properties = wax_read_bytes(&in, record.properties_size);
    message.payload = wax_read_bytes(&in, record.payload_size);
    return message;
}

size_t wax_queue_skip(const wax_client *client, size_t at)
{
    while (at < client->queue_end) {
        wax_record record = wax_queue_read(client, at);
        if (record.state != WAX_RECORD_DEAD) {
            break;
        }
        at += record.size;
    }
    return at;
}

size_t wax_queue_find(const wax_client *client, uint16_t packet_id)
{
    size_t at = wax_queue_skip(client, client->queue_start);

    while (at < client->queue_end) {
        wax_record record = wax_queue_read(client, at);
        if (record.packet_id == packet_id) {
            break;
        }
        at = wax_queue_skip(client, at + record.size);
    }
    return at;
}

/* Moves all that lives to the front. */
static void compact(wax_client *client)
{
    size_t from = wax_queue_skip(client, client->queue_start);
    size_t to = 0;
    size_t next = SIZE_MAX;

    while (from < client->queue_end) {
        wax_record record = wax_queue_read(client, from);
        if (next == SIZE_MAX && from >= client->queue_next) {
            next = to;
        }
        memmove(client->config->queue_room + to, client->config->queue_room + from, record.size);
        to += record.size;
        from = wax_queue_skip(client, from + record.size);
    }
    client->queue_start = 0;
    client->queue_next = next == SIZE_MAX ? to : next;
    client->queue_end = to;
}

wax_status wax_queue_append(wax_client *client, wax_record *record, wax_bytes topic,
                            wax_bytes properties, size_t *at)
{
    size_t queue_size = client->config->queue_size;
    bool keeps = record->state != WAX_RECORD_STREAMED;
    size_t content = topic.size + properties.size + (keeps ? record->payload_size : 0);
    size_t size = sizeof *record + content;
    wax_writer out;

    if (queue_size < sizeof *record || content > queue_size - sizeof *record || size > UINT32_MAX ||
        topic.size > UINT16_MAX || properties.size > UINT16_MAX) {
        return WAX_TOO_LARGE;
    }
    if (size > queue_size - client->queue_used) {
        return WAX_FULL;
    }
    if (size > queue_size - client->queue_end) {
        compact(client);
    }
    record->size = (uint32_t)size;
    record->topic_size = (uint16_t)topic.size;
    record->properties_size = (uint16_t)properties.size;
    *at = client->queue_end;
    wax_queue_write(client, *at, record);
    out = wax_writer_over(client->config->queue_room, queue_size);
    out.used = *at + sizeof *record;
    wax_write_bytes(&out, topic);
    wax_write_bytes(&out, properties);
    client->queue_end += size;
    client->queue_used += size;
    return WAX_OK;
}

wax_writer wax_queue_payload(wax_client *client, size_t at)
{
    wax_record record = wax_queue_read(client, at);
    size_t start = at + sizeof record + record.topic_size + record.properties_size;

    return wax_writer_over(client->config->queue_room + start, record.payload_size);
}

void wax_queue_drop(wax_client *client, size_t at)
{
    wax_record record = wax_queue_read(client, at);

    record.state = WAX_RECORD_DEAD;
    wax_queue_write(client, at, &record);
    client->queue_used -= record.size;
    client->queue_next += client->queue_next == at ? record.size : 0;
    client->queue_start = wax_queue_skip(client, client->queue_start);
    if (client->queue_next < client->queue_start) {
        client->queue_next = client->queue_start;
    }
    if (client->queue_start == client->queue_end) {
        client->queue_start = client->queue_next = client->queue_end = 0;
    }
}

void wax_queue_shrink(wax_client *client, size_t at)
{
    wax_record record = wax_queue_read(client, at);
    uint32_t rest = record.size - (uint32_t)sizeof record;

    if (rest >= sizeof record) {
        wax_record hole = {.size = rest, .state = WAX_RECORD_DEAD};
        wax_queue_write(client, at + sizeof record, &hole);
        record.size = (uint32_t)sizeof record;
        client->queue_used -= rest;
    }
    record.topic_size = record.properties_size = 0;
    record.payload_size = 0;
    wax_queue_write(client, at, &record);
}

void wax_queue_restart(wax_client *client, bool session_present)
{
    size_t at = wax_queue_skip(client, client->queue_start);

    while (at < client->queue_end) {
        wax_record record = wax_queue_read(client, at);
        bool is_request = wax_record_type(&record) != WAX_PUBLISH;
        if (record.state == WAX_RECORD_SENT && (is_request || !session_present)) {
            record.state = WAX_RECORD_WAITS;
            record.packet_id = 0;
            wax_queue_write(client, at, &record);
        }
        at = wax_queue_skip(client, at + record.size);
    }
    client->queue_next = client->queue_start;
}

size_t wax_client_waiting_count(const wax_client *client)
{
    size_t count = 0;
    size_t at = wax_queue_skip(client, client->queue_start);

    while (at < client->queue_end) {
        count++;
        at = wax_queue_skip(client, at + wax_queue_read(client, at).size);
    }
    return count;
}
