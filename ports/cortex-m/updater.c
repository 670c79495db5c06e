/* The updater's part: MQTT by `micro`, subscriptions, when it restarts and when it is well. What is
 * signed and what stands in flash is the room update's. */
#include "updater.h"

#include "board.h"
#include "flash.h"
#include "micro/micro.h"
#include "network.h"

#include <lwip/opt.h>

enum {
    SECTOR = 4096,
    SLOT_SIZE = 512 * 1024,
    LOG_SIZE = SECTOR,
    WRITE_SIZE = 8,
    CHUNK_MAX = 1024,
    HEAD_MAX = 64,    /* what stands before a chunk in its packet */
    STATUS_MAX = 256, /* a status with names as ours */
    TOPIC_MAX = 64,
    WINDOW = 4,        /* chunks that are asked for at once */
    STATUS_STEPS = 20, /* of progress, that are told */
    EXCHANGES = 12,
    FAILURES_MAX = 3, /* connections in a row that do not come to stand */
    REST_MS = 100,    /* between looks at what nothing came for */
    PAUSE_MS = 1000,  /* before the next connection */
    EXIT_GOOD = 0,
    EXIT_WRONG = 2,
    EXIT_UNEQUIPPED = 3,
};

/* All that has to do with bytes on their way. */
struct rooms {
    uint8_t chunk[CHUNK_MAX];
    uint8_t receive[HEAD_MAX + CHUNK_MAX + WAX_UPDATE_PROOF_MAX];
    uint8_t send[512];
    uint8_t sending[EXCHANGES];
    uint16_t receiving[WINDOW];
};

enum {
    BUFFERS = sizeof(struct rooms) + sizeof(wax_update) + sizeof(wax_micro) + MEM_SIZE +
              PBUF_POOL_SIZE * PBUF_POOL_BUFSIZE,
    HEAP_MAX = 4900, /* with TLS by key; tests/size/board.tsv */
};

/* An image of any size goes through this. */
_Static_assert(BUFFERS + HEAP_MAX <= 16 * 1024, "the buffers of an update take more than 16 KB");

static struct rooms rooms;

static uint32_t operations;
static uint32_t cut_at;

static _Noreturn void cut(void)
{
    board_print("power goes");
    for (;;) {
    }
}

static struct flash flash = {
    .board =
        {
                .sector_size = SECTOR,
                .slot_size = SLOT_SIZE,
                .log_size = LOG_SIZE,
                .write_size = WRITE_SIZE,
                },
    .memory = (uint8_t *)0x21000000U,
    .operations = &operations,
    .cut_at = &cut_at,
    .cut = cut,
};

static const wax_update_config config = {
    .vendor = {(const uint8_t *)"acme",  4},
    .class_name = {(const uint8_t *)"pump",  4},
    .device = {(const uint8_t *)"board", 5},
    .prefix = {(const uint8_t *)"wax",   3},
    .board = &flash.board,
    .room = rooms.chunk,
    .room_size = sizeof rooms.chunk,
    .tries = 3,
};

static const wax_micro_config micro_config = {
    .connect =
        {
                  .version = WAX_VERSION_5,
                  .clean_start = true,
                  .keep_alive_s = 60,
                  .client_id = {(const uint8_t *)"board", 5},
                  },
    .take = wax_micro_take_all,
    .receive_room = rooms.receive,
    .send_room = rooms.send,
    .sending = rooms.sending,
    .receiving = rooms.receiving,
    .receive_size = sizeof rooms.receive,
    .send_size = sizeof rooms.send,
    .timeout_ms = 30000,
    .sending_count = EXCHANGES,
    .receiving_count = WINDOW,
};

/* What work takes, in ticks. */
struct spent {
    uint32_t boot;
    uint32_t manifests;
    uint32_t chunks;
    uint32_t check;
};

struct updater {
    wax_micro micro;
    wax_update update;
    struct spent spent;
    uint32_t until;         /* the version that the image ends with; 0: none */
    uint32_t asked_version; /* chunks of this version, from here, up to there, are asked for */
    uint32_t asked_from;
    uint32_t asked_end;
    uint32_t missed_at; /* while this one was wanted, one behind it came */
    uint32_t told_step; /* of progress, in a status */
    uint32_t taken;     /* chunks, since the start */
    uint32_t polled_ms;
    uint16_t status_id;  /* of the PUBLISH */
    uint32_t name_count; /* manifests that are asked for on this connection */
    bool has_missed;
    bool is_told;  /* the status is at the broker, or on its way */
    bool is_heard; /* the broker has it */
    bool was_open; /* this connection */
    bool leaves;   /* it has done what it wanted */
};

/* ---- Asking ---- */

static wax_status ask(struct updater *self, wax_bytes topic, wax_packet_type type)
{
    const wax_subscription wanted = {.filter = topic, .qos = 1};
    uint16_t id;

    return wax_micro_subscribe(&self->micro, &wanted, type, &id);
}

static void ask_for_manifests(struct updater *self)
{
    const wax_bytes names[] = {config.class_name, config.device};
    wax_status status = WAX_OK;

    while (status == WAX_OK && self->name_count < WAX_COUNT(names)) {
        uint8_t room[TOPIC_MAX];
        wax_writer topic = wax_writer_over(room, sizeof room);

        wax_update_manifest_topic(&topic, config.prefix, names[self->name_count]);
        status = ask(self, wax_writer_bytes(&topic), WAX_SUBSCRIBE);
        self->name_count += status == WAX_OK ? 1 : 0;
    }
}

static void name_chunk(const struct updater *self, uint32_t index, wax_writer *topic)
{
    const wax_update_manifest about = {.class_name = config.class_name,
                                       .version = self->asked_version};

    wax_update_chunk_topic(topic, config.prefix, &about, index);
}

/* Asks for chunks, or gives their subscriptions up, from `*at` up to `end`, as far as there is room
 * now. Returns whether that is all of them. */
static bool ask_up_to(struct updater *self, uint32_t *at, uint32_t end, wax_packet_type type)
{
    wax_status status = WAX_OK;

    while (status == WAX_OK && *at < end) {
        uint8_t room[TOPIC_MAX];
        wax_writer topic = wax_writer_over(room, sizeof room);

        name_chunk(self, *at, &topic);
        status = ask(self, wax_writer_bytes(&topic), type);
        *at += status == WAX_OK ? 1 : 0;
    }
    return status == WAX_OK;
}

/* Keeps the subscriptions to the chunk that is wanted and a few behind it. */
static void ask_for_chunks(struct updater *self)
{
    const uint32_t version = self->update.manifest.version;
    uint32_t wanted;
    uint32_t left;
    const bool is_wanted = wax_update_wanted(&self->update, &wanted);
    const bool goes_on = is_wanted && version == self->asked_version &&
                         wanted >= self->asked_from && wanted <= self->asked_end;

    if (!ask_up_to(self, &self->asked_from, goes_on ? wanted : self->asked_end, WAX_UNSUBSCRIBE) ||
        !is_wanted) {
        return;
    }
    if (!goes_on) {
        self->asked_version = version;
        self->asked_from = wanted;
        self->asked_end = wanted;
    }
    if (self->has_missed && wanted != self->missed_at) {
        self->has_missed = false;
        self->asked_end = wanted; /* what is asked for again comes again */
    }
    left = wax_update_chunk_count(&self->update.manifest) - wanted;
    (void)ask_up_to(self, &self->asked_end, wanted + (left < WINDOW ? left : WINDOW),
                    WAX_SUBSCRIBE);
}

/* ---- Status ---- */

static void tell(struct updater *self)
{
    uint8_t topic_room[TOPIC_MAX];
    uint8_t status_room[STATUS_MAX];
    wax_writer topic = wax_writer_over(topic_room, sizeof topic_room);
    wax_writer status = wax_writer_over(status_room, sizeof status_room);
    wax_publish message = {.qos = 1, .retain = true};

    wax_update_status_topic(&topic, config.prefix, config.device);
    wax_update_show(&self->update, &status);
    wax_assert(status.status == WAX_OK);
    message.topic = wax_writer_bytes(&topic);
    message.payload = wax_writer_bytes(&status);
    self->is_told = wax_micro_publish(&self->micro, &message) == WAX_OK;
    self->is_heard = false;
    self->status_id = message.packet_id;
}

static void say_phase(const struct updater *self)
{
    board_print(wax_update_phase_word(self->update.phase));
    board_print_number("version:", wax_update_running_version(&self->update));
}

/* ---- What comes ---- */

/* Whether it is a chunk behind the one that is wanted. */
static bool is_early(const struct updater *self, wax_bytes topic)
{
    bool holds = false;

    for (uint32_t i = self->update.next + 1; !holds && i < self->asked_end; i++) {
        uint8_t room[TOPIC_MAX];
        wax_writer other = wax_writer_over(room, sizeof room);

        name_chunk(self, i, &other);
        holds = wax_bytes_equal(topic, wax_writer_bytes(&other));
    }
    return holds;
}

static void note_chunk(struct updater *self, uint32_t ticks)
{
    const uint32_t count = wax_update_chunk_count(&self->update.manifest);
    const uint32_t step = self->update.next * STATUS_STEPS / count;

    self->taken++;
    self->spent.chunks += ticks;
    if (step != self->told_step) {
        self->told_step = step;
        self->is_told = false;
    }
}

static void note_refusal(struct updater *self, wax_status status, wax_bytes topic)
{
    if (status == WAX_NOT_AUTHORIZED) {
        board_print("a manifest was refused");
        board_print(wax_update_refusal_word(self->update.refusal));
        self->is_told = false;
    } else if (status == WAX_NOT_FOUND) {
        self->missed_at = self->update.next;
        self->has_missed = self->has_missed || is_early(self, topic);
    } else {
        board_print("a chunk was refused");
    }
}

static void hear(struct updater *self, const wax_publish *came)
{
    wax_update *update = &self->update;
    const wax_update_phase phase = update->phase;
    const uint32_t next = update->next;
    const uint32_t began = board_ticks();
    const wax_status status = wax_update_hear(update, came->topic, came->payload);
    const uint32_t ticks = board_ticks() - began;

    if (status != WAX_OK) {
        note_refusal(self, status, came->topic);
    } else if (phase == WAX_UPDATE_RECEIVING &&
               (update->next == next + 1 || update->phase == WAX_UPDATE_CHECKING)) {
        note_chunk(self, ticks);
    } else {
        self->spent.manifests += ticks;
    }
    if (update->phase != phase) {
        self->is_told = false;
        say_phase(self);
    }
}

static void react(struct updater *self, const wax_micro_event *event)
{
    if (event->type == WAX_MICRO_CONNECTED) {
        board_print("connected");
        self->was_open = true;
    } else if (event->type == WAX_MICRO_MESSAGE) {
        hear(self, &event->publish);
    } else if (event->type == WAX_MICRO_DELIVERED && event->packet_id == self->status_id) {
        self->is_heard = self->is_told && event->reason < 0x80;
    }
}

/* ---- What is next ---- */

/* Reads some of what was written back. */
static void check(struct updater *self)
{
    const uint32_t began = board_ticks();
    const wax_status status = wax_update_check(&self->update);

    self->spent.check += board_ticks() - began;
    if (status != WAX_MORE) {
        self->is_told = false;
        say_phase(self);
    }
}

/* An image is well that has reached the broker. [6] */
static void confirm(struct updater *self)
{
    if (wax_update_confirm(&self->update) == WAX_OK) {
        board_print("confirmed");
        self->is_told = false;
    }
}

/* Whether there is nothing to wait for. */
static bool is_over(const struct updater *self)
{
    const wax_update *update = &self->update;

    return update->phase == WAX_UPDATE_READY ||
           (update->phase == WAX_UPDATE_IDLE && self->until != 0 &&
            (wax_update_running_version(update) == self->until ||
             update->state.failed == self->until));
}

static void act(struct updater *self)
{
    if (!self->micro.is_open) {
        return;
    }
    ask_for_manifests(self);
    ask_for_chunks(self);
    if (self->update.phase == WAX_UPDATE_CHECKING) {
        check(self);
    }
    if (!self->is_told) {
        tell(self);
    } else if (self->is_heard && self->update.phase == WAX_UPDATE_TRIAL) {
        confirm(self);
    } else if (self->is_heard && is_over(self)) {
        self->leaves = wax_micro_disconnect(&self->micro, 0) == WAX_OK;
    }
}

/* One turn of the main loop. Returns why the connection has ended, or WAX_OK. */
static wax_status turn(struct updater *self)
{
    const bool has_work = self->update.phase == WAX_UPDATE_CHECKING;
    wax_micro_event event;
    wax_status status;

    if (!network_poll() && !has_work && board_now_ms() - self->polled_ms < REST_MS) {
        return WAX_OK;
    }
    self->polled_ms = board_now_ms();
    do {
        status = wax_micro_poll(&self->micro, self->polled_ms, &event);
        if (status == WAX_OK) {
            react(self, &event);
            act(self);
        }
    } while (status == WAX_OK);
    if (status == WAX_MORE) {
        act(self);
    }
    return status == WAX_MORE ? WAX_OK : status;
}

/* ---- Connections ---- */

static wax_status converse(struct updater *self, wax_transport *transport)
{
    wax_status status = wax_micro_attach(&self->micro, transport, board_now_ms());

    self->asked_version = 0;
    self->asked_from = 0;
    self->asked_end = 0;
    self->name_count = 0;
    self->has_missed = false;
    self->is_told = false;
    self->was_open = false;
    while (status == WAX_OK) {
        status = turn(self);
    }
    if (!self->leaves) {
        board_print(wax_status_text(status));
        board_print(wax_transport_explain(transport));
    }
    network_hang_up(transport);
    wax_transport_release(transport);
    return status;
}

static void rest(void)
{
    const uint32_t began_ms = board_now_ms();

    while (board_now_ms() - began_ms < PAUSE_MS) {
        (void)network_poll();
    }
}

/* Speaks with the broker until it has what it wanted, or the broker is not to be had. */
static bool live(struct updater *self, wax_transport *(*dial)(void))
{
    unsigned failures = 0;

    while (!self->leaves && failures < FAILURES_MAX) {
        wax_transport *transport = dial();

        if (transport == NULL) {
            board_print("there is no network, or no memory");
        } else {
            (void)converse(self, transport);
        }
        failures = transport != NULL && self->was_open ? 0 : failures + 1;
        if (!self->leaves) {
            rest();
        }
    }
    return self->leaves;
}

/* ---- Beginning and end ---- */

/* As the boot loader does, and then as the program that it starts. */
static wax_status boot(struct updater *self)
{
    const uint32_t began = board_ticks();
    uint8_t slot;
    wax_status status = wax_update_boot(&self->update, &slot);

    if (status == WAX_OK) {
        status = wax_update_resume(&self->update, slot);
    }
    self->spent.boot = board_ticks() - began;
    return status;
}

static void account(const struct updater *self)
{
    board_print_number("boot, ticks:", self->spent.boot);
    board_print_number("manifests, ticks:", self->spent.manifests);
    board_print_number("chunks:", self->taken);
    board_print_number("chunks, ticks:", self->spent.chunks);
    board_print_number("check, ticks:", self->spent.check);
    board_print_number("operations:", operations);
    board_print_number("buffers:", BUFFERS);
    board_print_number("stack:", board_stack_used());
    board_print_number("heap:", board_heap_used());
}

int updater_run(wax_transport *(*dial)(void))
{
    static uint8_t anchor[WAX_P256_PUBLIC_SIZE];
    static struct updater self;
    wax_status status;

    flash_open(&flash);
    wax_micro_open(&self.micro, &micro_config);
    self.until = board_read_number("until");
    cut_at = board_read_number("cut");
    if (board_read_file("anchor.bin", anchor, sizeof anchor) != sizeof anchor ||
        wax_update_open(&self.update, &config, anchor, 1) != WAX_OK) {
        board_print("there is no key of the vendor");
        return EXIT_UNEQUIPPED;
    }
    status = boot(&self);
    if (status != WAX_OK) {
        board_print("it does not boot");
        board_print(wax_status_text(status));
        return EXIT_UNEQUIPPED;
    }
    board_print("boots");
    say_phase(&self);
    board_print_number("goes on at chunk:", self.update.next);
    if (live(&self, dial)) {
        account(&self);
        if (self.update.phase == WAX_UPDATE_READY) {
            board_reset();
        }
        return wax_update_running_version(&self.update) == self.until ? EXIT_GOOD : EXIT_WRONG;
    }
    account(&self);
    return EXIT_WRONG;
}
