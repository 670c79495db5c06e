/* What a broker says to a program, with its messages opened. */
#include "tools/proxy_packets.h"

#include <string.h>

/* --- What outlives the connection --- */

void rewrite_settle(struct rewrite_memory *memory, uint16_t packet_id)
{
    if (memory->owed[packet_id % REWRITE_OWED_COUNT].packet_id == packet_id) {
        memory->owed[packet_id % REWRITE_OWED_COUNT].packet_id = 0;
    }
}

/* The same envelope under the same packet id: the broker sends again what was not acknowledged. */
static bool is_owed(const struct rewrite_memory *memory, uint16_t packet_id, uint64_t digest)
{
    return packet_id != 0 && memory->owed[packet_id % REWRITE_OWED_COUNT].packet_id == packet_id &&
           memory->owed[packet_id % REWRITE_OWED_COUNT].digest == digest;
}

static void mark_refused(struct rewrite_memory *memory, uint16_t packet_id, bool is_refused)
{
    uint8_t *bits = &memory->refused[packet_id / 8];
    uint8_t bit = (uint8_t)(1U << packet_id % 8U);

    *bits = is_refused ? *bits | bit : *bits & (uint8_t)~bit;
}

static void owe(struct rewrite_memory *memory, uint16_t packet_id, uint64_t digest)
{
    if (packet_id != 0) {
        memory->owed[packet_id % REWRITE_OWED_COUNT].packet_id = packet_id;
        memory->owed[packet_id % REWRITE_OWED_COUNT].digest = digest;
        mark_refused(memory, packet_id, false);
    }
}

static bool was_refused(const struct rewrite_memory *memory, uint16_t packet_id)
{
    return (memory->refused[packet_id / 8] & 1U << packet_id % 8U) != 0;
}

/* --- PUBLISH --- */

/* What is not for the program is acknowledged in its place, so that the broker forgets it. */
static enum rewrite_step acknowledge(struct rewrite *self, const wax_publish *came, wax_writer *up)
{
    wax_notice answer = {
        .type = came->qos == 1 ? WAX_PUBACK : WAX_PUBREC,
        .packet_id = came->packet_id,
    };

    if (came->qos == 0) {
        return REWRITE_GOES_ON;
    }
    if (came->qos == 2) {
        mark_refused(self->memory, came->packet_id, true);
    }
    return wax_notice_write(up, &answer, self->version) == WAX_OK ? REWRITE_GOES_ON : REWRITE_ENDS;
}

static enum rewrite_step refuse(struct rewrite *self, const wax_publish *came, const char *why,
                                wax_writer *up)
{
    self->fault = why;
    self->topic = came->topic;
    return acknowledge(self, came, up);
}

static enum rewrite_step fail(struct rewrite *self, const char *fault)
{
    self->fault = fault;
    return REWRITE_ENDS;
}

static enum rewrite_step deliver(struct rewrite *self, const wax_publish *opened,
                                 const wax_publish *came, const struct passing *at)
{
    size_t size = wax_publish_size(opened, self->version);

    if (size > self->program_takes || size > REWRITE_PACKET_MAX) {
        return refuse(self, came, "it is larger than the program takes", at->up);
    }
    return wax_publish_write(at->down, opened, self->version) == WAX_OK ? REWRITE_GOES_ON
                                                                        : REWRITE_ENDS;
}

static enum rewrite_step receive_publish(struct rewrite *self, const struct passing *at)
{
    wax_publish came;
    wax_publish opened;
    const char *why = NULL;
    uint64_t digest;
    enum rewrite_step step = REWRITE_WAITS;

    if (wax_publish_read(&came, &at->packet) != WAX_OK || came.topic.size == 0) {
        return fail(self, "the broker sent a PUBLISH that is none");
    }
    digest = wax_hash(self->hash_key, came.payload);
    switch (self->sealing->open(self->sealing, &came, is_owed(self->memory, came.packet_id, digest),
                                &opened, &why)) {
    case REWRITE_DELIVER:
        owe(self->memory, came.packet_id, digest);
        step = deliver(self, &opened, &came, at);
        break;
    case REWRITE_PASS_OVER:
        step = acknowledge(self, &came, at->up);
        break;
    case REWRITE_REFUSE:
        step = refuse(self, &came, why, at->up);
        break;
    case REWRITE_WAIT:
        break;
    }
    return step;
}

/* Takes what is there of a packet that is too large, and passes over the rest. */
static enum rewrite_step receive_too_large(struct rewrite *self, const wax_packet *packet,
                                           wax_reader *in, wax_writer *up)
{
    size_t head = packet->type != WAX_PUBLISH
                      ? 0
                      : wax_publish_head_size(packet->flags, packet->body, self->version);
    size_t size = packet->head_size + (size_t)packet->body_size;
    size_t left = wax_reader_left(in);
    wax_publish came;

    if (packet->type != WAX_PUBLISH || (head == 0 && left >= REWRITE_PACKET_MAX)) {
        return fail(self, "the broker sent a packet larger than 512 KiB");
    }
    if (head == 0 || packet->body.size < head) {
        return REWRITE_MORE;
    }
    if (wax_publish_read(&came, packet) != WAX_OK) {
        return fail(self, "the broker sent a PUBLISH that is none");
    }
    self->skipped = (uint32_t)(size > left ? size - left : 0);
    (void)wax_read_bytes(in, size > left ? left : size);
    return refuse(self, &came, "it is larger than 512 KiB", up);
}

/* --- The rest --- */

/* What is announced to the program leaves room for the envelope. */
static uint32_t size_for_program(uint32_t broker_takes)
{
    uint32_t size = broker_takes < REWRITE_PACKET_MAX ? broker_takes : REWRITE_PACKET_MAX;
    uint32_t overhead = size / 4;

    return size - (overhead < REWRITE_ANSWER_MAX ? overhead : REWRITE_ANSWER_MAX);
}

static enum rewrite_step receive_connack(struct rewrite *self, const struct passing *at)
{
    wax_writer properties = wax_writer_over(self->scratch, REWRITE_SCRATCH);
    wax_connack connack;
    wax_reader in;
    wax_property property;

    self->is_answered = true;
    if (at->packet.body.size == 2 && self->version == WAX_VERSION_5) {
        wax_write_bytes(at->down, at->whole); /* an older broker, which refuses the version */
        return REWRITE_GOES_ON;
    }
    if (wax_connack_read(&connack, &at->packet) != WAX_OK) {
        return fail(self, "the broker sent a CONNACK that is none");
    }
    if (connack.reason == WAX_REASON_SUCCESS && !connack.session_present) {
        memset(self->memory, 0, sizeof *self->memory);
    }
    if (self->version != WAX_VERSION_5 || connack.reason >= 0x80) {
        wax_write_bytes(at->down, at->whole);
        return REWRITE_GOES_ON;
    }
    self->broker_takes =
        wax_property_number(connack.properties, WAX_MAXIMUM_PACKET_SIZE, REWRITE_PACKET_MAX);
    in = wax_reader_over(connack.properties);
    while (wax_property_next(&in, &property)) {
        if (property.id != WAX_TOPIC_ALIAS_MAXIMUM && property.id != WAX_MAXIMUM_PACKET_SIZE) {
            wax_property_write(&properties, &property);
        }
    }
    wax_property_write_number(&properties, WAX_MAXIMUM_PACKET_SIZE,
                              size_for_program(self->broker_takes));
    connack.properties = wax_writer_bytes(&properties);
    return wax_connack_write(at->down, &connack, self->version) == WAX_OK ? REWRITE_GOES_ON
                                                                          : REWRITE_ENDS;
}

/* The second half of an exchange: of a message that was refused, the program knows nothing. */
static enum rewrite_step receive_pubrel(struct rewrite *self, const struct passing *at)
{
    wax_notice said;
    wax_notice answer = {.type = WAX_PUBCOMP};

    if (wax_notice_read(&said, &at->packet) != WAX_OK) {
        return fail(self, "the broker sent a PUBREL that is none");
    }
    if (!was_refused(self->memory, said.packet_id)) {
        wax_write_bytes(at->down, at->whole);
        return REWRITE_GOES_ON;
    }
    mark_refused(self->memory, said.packet_id, false);
    answer.packet_id = said.packet_id;
    return wax_notice_write(at->up, &answer, self->version) == WAX_OK ? REWRITE_GOES_ON
                                                                      : REWRITE_ENDS;
}

static enum rewrite_step pass(struct rewrite *self, const struct passing *at)
{
    (void)self;
    wax_write_bytes(at->down, at->whole);
    return REWRITE_GOES_ON;
}

static passing_on *const receivers[16] = {
    [WAX_CONNACK] = receive_connack,
    [WAX_PUBLISH] = receive_publish,
    [WAX_PUBREL] = receive_pubrel,
    [WAX_PUBACK] = pass,
    [WAX_PUBREC] = pass,
    [WAX_PUBCOMP] = pass,
    [WAX_SUBACK] = pass,
    [WAX_UNSUBACK] = pass,
    [WAX_PINGRESP] = pass,
    [WAX_DISCONNECT] = pass,
    [WAX_AUTH] = pass,
};

static bool is_too_large(const wax_packet *packet)
{
    return packet->type != WAX_NO_PACKET &&
           packet->body_size > (uint32_t)REWRITE_PACKET_MAX - packet->head_size;
}

/* Whether the rest of what was too large is through. */
static bool pass_over(struct rewrite *self, wax_reader *in)
{
    size_t left = wax_reader_left(in);
    size_t size = left < self->skipped ? left : self->skipped;

    (void)wax_read_bytes(in, size);
    self->skipped -= (uint32_t)size;
    return self->skipped == 0;
}

enum rewrite_step tools_rewrite_receive(struct rewrite *self, wax_reader *in, wax_writer *down,
                                        wax_writer *up)
{
    struct passing at = {.up = up, .down = down};
    wax_status status;
    enum rewrite_step step;

    self->fault = NULL;
    self->topic = wax_bytes_of(NULL, 0);
    if (!pass_over(self, in)) {
        return REWRITE_MORE;
    }
    if (wax_writer_left(down) < REWRITE_PACKET_MAX || wax_writer_left(up) < REWRITE_ANSWER_MAX) {
        return REWRITE_FULL;
    }
    at.whole = wax_reader_rest(in);
    status = wax_packet_read(&at.packet, in, self->version, WAX_PACKET_SIZE_MAX);
    if ((status == WAX_OK || status == WAX_MORE) && is_too_large(&at.packet)) {
        in->at = at.whole.data;
        return receive_too_large(self, &at.packet, in, up);
    }
    if (status == WAX_MORE) {
        return REWRITE_MORE;
    }
    at.whole.size -= wax_reader_left(in);
    if (status != WAX_OK || receivers[at.packet.type] == NULL) {
        return fail(self, "the broker sent what is no MQTT of a broker");
    }
    step = receivers[at.packet.type](self, &at);
    if (step == REWRITE_WAITS) {
        in->at = at.whole.data;
    }
    return step;
}
