/* Large messages under seal: one of 160 KB goes out and one comes in, by `client` and over TCP, and
 * no end ever has more of either than a chunk. The keys are those of a mailbox. */
#include "board.h"
#include "board_seal.h"
#include "client/client.h"
#include "keys/keys.h"
#include "network.h"

#include <lwip/opt.h>

enum {
    TEXT_SIZE = 160 * 1024,
    CHUNK = 2048,
    FRONT = 1, /* flags, before the text */
    ALL = FRONT + TEXT_SIZE,
    CHUNKS = (ALL + CHUNK - 1) / CHUNK,
    TAG_SIZE = 16,
    AROUND = WAX_HEDGE_SIZE + TAG_SIZE, /* a chunk */
    REST_MS = 100,
    PATIENCE_MS = 60000,
};

#define PICTURE "plant/picture"
#define ORDER   "plant/order"

/* All that has to do with bytes on their way. */
struct rooms {
    uint8_t receive[512];
    uint8_t send[512];
    uint8_t queue[256];
    uint8_t bound[WAX_SEAL_ROOM_SIZE(sizeof PICTURE)];
    uint8_t sealing[WAX_CHUNK_ROOM(CHUNK)];
    uint8_t opening[WAX_CHUNK_ROOM(CHUNK)];
    wax_flow outgoing[1];
    wax_flow incoming[1];
};

struct streamer {
    wax_client client;
    wax_sealer sealer;
    wax_opener opener;
    wax_stream_sealer going;
    wax_stream_opener coming;
    wax_sender_record senders[2];
    wax_bytes left;         /* of what was sealed, to be given to the client */
    uint32_t sealed_count;  /* chunks */
    uint32_t sealing_ticks; /* what all of them took */
    uint32_t opening_ticks;
    uint32_t came;  /* bytes of the text */
    uint32_t token; /* of the message that goes out; 0: it has not begun */
    bool is_asked;  /* the subscription stands */
    bool is_sent;
    bool is_whole; /* the other came, to its end */
    bool is_wrong; /* something is as it must not be */
    bool has_ended;
};

enum {
    BUFFERS = sizeof(struct rooms) + sizeof(struct streamer) + MEM_SIZE +
              PBUF_POOL_SIZE * PBUF_POOL_BUFSIZE,
};

_Static_assert(BUFFERS <= 16 * 1024, "large messages take 16 KB of buffers at most");

static struct rooms rooms;

static const wax_client_config config = {
    .version = WAX_VERSION_5,
    .client_id = {(const uint8_t *)"board", 5},
    .keep_alive_s = 60,
    .clean_start = true,
    .acknowledges = true,
    .streams = true,
    .connects_once = true,
    .receive_room = rooms.receive,
    .receive_size = sizeof rooms.receive,
    .send_room = rooms.send,
    .send_size = sizeof rooms.send,
    .queue_room = rooms.queue,
    .queue_size = sizeof rooms.queue,
    .outgoing_slots = rooms.outgoing,
    .outgoing_count = WAX_COUNT(rooms.outgoing),
    .incoming_slots = rooms.incoming,
    .incoming_count = WAX_COUNT(rooms.incoming),
};

/* The texts, as a camera would come by one. */
static uint8_t text_at(uint32_t place, uint32_t step)
{
    return (uint8_t)(place * step + (place >> 8U));
}

enum { STEP_OUT = 7, STEP_IN = 11 };

/* ---- Keys ---- */

/* There is one mailbox, which does not change. */
static wax_status keep(wax_keys_mark *self, uint32_t generation, uint64_t version)
{
    (void)self;
    (void)generation;
    (void)version;
    return WAX_OK;
}

/* What the mailbox says of the group that the device is in. */
static bool read_mailbox(wax_keys_group *view, wax_keys_epoch *epoch)
{
    static const uint8_t name_space[WAX_KEYS_ID_SIZE] = {'h', 'o', 'u', 's', 'e', 'o', 'n', 'e'};
    static uint8_t psk[WAX_KEYS_SECRET_SIZE];
    static uint8_t room[512];
    const wax_keys_ends ends = {
        .profile = &wax_keys_ascon_opens,
        .name_space = name_space,
        .topic = WAX_TEXT("wax/k/board"),
        .psk = psk,
    };
    wax_keys_mark mark = {.keep = keep};
    wax_keys_mailbox mailbox;

    return board_read_file("psk.bin", psk, sizeof psk) == sizeof psk &&
           wax_keys_mailbox_open(&mailbox, &mark, &ends, room,
                                 board_read_file("mail", room, sizeof room)) == WAX_OK &&
           wax_keys_next_group(&mailbox.groups, view) && view->suite == 2 &&
           view->tag_size == TAG_SIZE && wax_keys_next_epoch(&view->epochs, epoch) &&
           epoch->what == WAX_KEYS_EPOCH_SECRET;
}

/* Both ends of the group: what came before a restart may come once more, since nothing of it is
 * written down. */
static bool take_keys(struct streamer *self)
{
    static wax_seal_group group = {.suite = &wax_suite_ascon, .tag_size = TAG_SIZE};
    static wax_epoch_key key;
    static wax_sender_range everybody = {1, WAX_SENDER_MAX};
    wax_keys_group view;
    wax_keys_epoch epoch;
    uint8_t secret[WAX_SECRET_SIZE];
    wax_seal_grant grant = {.secret = secret};
    wax_status status;

    if (!read_mailbox(&view, &epoch)) {
        return false;
    }
    for (size_t i = 0; i < sizeof group.id; i++) {
        group.id[i] = view.id[i];
    }
    group.group_class = view.group_class == 0 ? WAX_CLASS_STATE : WAX_CLASS_STREAM;
    key = (wax_epoch_key){epoch.epoch, WAX_EPOCH_SECRET, epoch.secret};
    grant.epoch = epoch.epoch;
    self->sealer.group = &group;
    self->sealer.store = &board_seal_store;
    self->sealer.room = (wax_seal_room){rooms.bound, sizeof rooms.bound};
    self->sealer.sender = view.sender;
    self->opener.group = &group;
    self->opener.room = self->sealer.room;
    self->opener.epochs = &key;
    self->opener.epoch_count = 1;
    self->opener.epochs_kept = 1;
    self->opener.ranges = &everybody;
    self->opener.range_count = 1;
    self->opener.senders = self->senders;
    self->opener.sender_count = WAX_COUNT(self->senders);
    status = wax_seal_sender_secret(&group, epoch.epoch, epoch.secret, view.sender, secret);
    if (status == WAX_OK) {
        status = wax_sealer_start(&self->sealer, &grant);
    }
    wax_wipe(secret, sizeof secret);
    return status == WAX_OK;
}

/* ---- What goes out ---- */

static wax_status begin_sending(struct streamer *self)
{
    const wax_publish message = {.topic = WAX_TEXT(PICTURE), .qos = 1};
    wax_writer head = wax_writer_over(rooms.sealing, sizeof rooms.sealing);
    wax_status status = WAX_OK;

    if (self->going.sealer == NULL) {
        status = wax_stream_sealer_start(&self->going, &self->sealer, message.topic, CHUNK);
    }
    if (status == WAX_OK) {
        wax_stream_write_head(&self->going, &head, true);
        status = wax_client_publish_start(&self->client, &message,
                                          (uint32_t)(head.used + ALL + (size_t)CHUNKS * AROUND),
                                          &self->token);
    }
    if (status == WAX_OK) {
        self->left = wax_writer_bytes(&head);
    }
    return status;
}

static wax_status seal_chunk(struct streamer *self)
{
    const uint32_t start = self->sealed_count * CHUNK;
    const size_t size = ALL - start < CHUNK ? ALL - start : CHUNK;
    const bool is_last = self->sealed_count + 1 == CHUNKS;
    const uint32_t began = board_ticks();
    wax_writer text = wax_writer_over(rooms.sealing + WAX_HEDGE_SIZE, size);
    wax_status status;

    if (start == 0) {
        wax_stream_write_front(&text, wax_bytes_of(NULL, 0), false);
    }
    while (text.used < size) {
        wax_write_u8(&text, text_at(start + (uint32_t)text.used - FRONT, STEP_OUT));
    }
    status = wax_stream_sealer_seal(&self->going, rooms.sealing, size, is_last);
    self->left = wax_bytes_of(rooms.sealing, size + AROUND);
    self->sealed_count++;
    self->sealing_ticks += board_ticks() - began;
    return status;
}

/* Gives the client what it takes now. */
static wax_status send(struct streamer *self)
{
    wax_status status = self->token == 0 ? begin_sending(self) : WAX_OK;

    while (status == WAX_OK && (self->left.size > 0 || self->sealed_count < CHUNKS)) {
        size_t taken = 0;

        if (self->left.size == 0) {
            status = seal_chunk(self);
        }
        if (status == WAX_OK) {
            status = wax_client_publish_more(&self->client, self->left, &taken);
        }
        self->left = wax_bytes_of(self->left.data + taken, self->left.size - taken);
    }
    return status == WAX_FULL ? WAX_OK : status;
}

/* ---- What comes in ---- */

static void take_chunk(struct streamer *self, const wax_chunk *chunk)
{
    for (size_t i = 0; i < chunk->data.size; i++) {
        self->is_wrong = self->is_wrong || chunk->data.data[i] != text_at(self->came, STEP_IN);
        self->came++;
    }
    self->is_wrong = self->is_wrong || chunk->missing != 0;
    self->is_whole = chunk->is_last && self->came == TEXT_SIZE;
}

static void take_piece(struct streamer *self, wax_bytes piece)
{
    const uint32_t began = board_ticks();

    while (piece.size > 0) {
        wax_chunk chunk;
        const wax_status status = wax_stream_opener_push(&self->coming, &piece, &chunk);

        if (status == WAX_OK) {
            take_chunk(self, &chunk);
        } else if (status != WAX_MORE) {
            board_print(status == WAX_UNTRUSTED ? wax_seal_event_text(chunk.event)
                                                : wax_status_text(status));
            board_print_number("received so far:", self->came);
            return;
        }
    }
    self->opening_ticks += board_ticks() - began;
}

static wax_status subscribe(struct streamer *self)
{
    const wax_subscription wanted = {.filter = WAX_TEXT(ORDER), .qos = 1};
    const wax_client_request request = {.subscriptions = &wanted, .count = 1};
    uint32_t token;

    return wax_client_subscribe(&self->client, &request, &token);
}

static wax_status react(struct streamer *self, const wax_client_event *event)
{
    switch ((int)event->type) {
    case WAX_CLIENT_CONNECTED:
        return subscribe(self);
    case WAX_CLIENT_SUBSCRIBED:
        self->is_asked = true;
        return (wax_status)event->status;
    case WAX_CLIENT_DELIVERED:
        self->is_sent = event->status == WAX_OK && event->token == self->token;
        return (wax_status)event->status;
    case WAX_CLIENT_MESSAGE:
        wax_stream_opener_begin(&self->coming, WAX_TEXT(ORDER),
                                event->publish.payload.size + event->payload_left, 0);
        take_piece(self, event->publish.payload);
        return WAX_OK;
    case WAX_CLIENT_PAYLOAD:
        take_piece(self, event->publish.payload);
        return WAX_OK;
    case WAX_CLIENT_REFUSED:
    case WAX_CLIENT_DISCONNECTED:
        self->has_ended = true;
        return WAX_OK;
    default:
        return WAX_OK;
    }
}

/* ---- The main loop ---- */

static wax_status turn(struct streamer *self)
{
    wax_client_event event;
    wax_status status = WAX_OK;

    while (status == WAX_OK && wax_client_poll(&self->client, board_now_ms(), &event)) {
        status = react(self, &event);
    }
    if (status == WAX_OK && self->is_asked && !self->is_sent) {
        status = send(self);
    }
    if (status == WAX_OK && self->is_sent && self->is_whole) {
        wax_client_disconnect(&self->client, 0);
    }
    return status;
}

static wax_status live(struct streamer *self, wax_transport *transport)
{
    const uint32_t began_ms = board_now_ms();
    uint32_t polled_ms = began_ms - REST_MS;
    wax_client_event event;
    wax_status status = wax_client_open(&self->client, &config, 1, board_now_ms());

    if (status == WAX_OK && wax_client_poll(&self->client, board_now_ms(), &event)) {
        status = wax_client_attach(&self->client, transport, board_now_ms());
    }
    while (status == WAX_OK && !self->has_ended) {
        if (network_poll() || board_now_ms() - polled_ms >= REST_MS) {
            polled_ms = board_now_ms();
            status = turn(self);
        }
        if (board_now_ms() - began_ms > PATIENCE_MS) {
            status = WAX_SERVER_BUSY;
        }
    }
    return status;
}

int main(void)
{
    static struct streamer self = {
        .coming = {
                   .opener = &self.opener, .room = rooms.opening, .room_size = sizeof rooms.opening}
    };
    wax_transport *transport = network_dial();
    wax_status status;

    if (transport == NULL || !take_keys(&self)) {
        board_print("there is no network, or there are no keys");
        return 3;
    }
    status = live(&self, transport);
    board_print(wax_status_text(status));
    network_hang_up(transport);
    board_print_number("sent:", self.is_sent ? TEXT_SIZE : 0);
    board_print_number("received:", self.came);
    board_print_number("sealing, ticks:", self.sealing_ticks);
    board_print_number("opening, ticks:", self.opening_ticks);
    board_print_number("buffers:", BUFFERS);
    board_print_number("stack:", board_stack_used());
    board_print_number("heap:", board_heap_used());
    return status == WAX_OK && self.is_sent && self.is_whole && !self.is_wrong ? 0 : 2;
}
