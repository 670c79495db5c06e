/* The parts of the simulator: chance, links, ends, the ledger, clients and the model of a broker.
 */
#ifndef WAX_TESTS_SIM_H
#define WAX_TESTS_SIM_H

#include "router/router.h"
#include "session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLIENTS_MAX = 6,
    MESSAGES_MAX = 256,
    COPIES_MAX = 32 * MESSAGES_MAX,
    LINKS_MAX = 64,
    SLOTS_MAX = 16,
    PENDING_MAX = 64,
    FILTERS_MAX = 3,
    TOPIC_MAX = 16,
    PAYLOAD_MAX = 64,
    PIPE_SIZE = 512,
    BOX_SIZE = 192,
    ROOM_FOR_ONE = 128, /* no packet of the simulation is larger */
};

/* --- Chance (link.c) --- */

struct chance {
    uint64_t state;
};

/* A number below `end`, which is at least 1. */
uint32_t chance_below(struct chance *chance, uint32_t end);

/* True once in `end` times. */
bool chance_one_in(struct chance *chance, uint32_t end);

/* --- Links (link.c) --- */

/* One direction: bytes, each with the time when it arrives. */
struct pipe {
    uint8_t bytes[PIPE_SIZE];
    uint64_t arrives_ms[PIPE_SIZE];
    size_t used;
    size_t size;         /* how much may be on the way */
    uint64_t last_ms;    /* nothing overtakes what was sent before */
    uint64_t notices_ms; /* when the reader learns that nothing more comes */
    bool is_cut;         /* what is sent from now on vanishes */
};

struct link {
    struct pipe up;   /* client to broker */
    struct pipe down; /* broker to client */
    bool client_holds;
    bool broker_holds;
};

/* --- The world (sim_test.c) --- */

struct world;

/* Says what is wrong and how to see it again, and ends the program. */
void world_fail(const struct world *world, const char *what, int who, int number);

/* Tells what happens, when a single seed is run. */
void world_tell(const struct world *world, const char *what, int who, int number);

/* --- Ends (end.c) --- */

/* A message on its way through an application. */
struct message {
    char topic[TOPIC_MAX];
    uint8_t payload[PAYLOAD_MAX];
    size_t payload_size;
    uint8_t qos;
    bool retain;
};

/* One end of a connection: a session, its buffers, its side of a link. */
struct end {
    wax_session session;
    struct link *link; /* NULL: none */
    struct pipe *in;
    struct pipe *out;
    uint8_t inbox[BOX_SIZE];
    size_t inbox_used;
    size_t inbox_taken; /* what the last event views; it goes with the next call */
    uint8_t outbox[BOX_SIZE];
    size_t outbox_used;
    wax_aliases aliases[2];
    uint8_t aliases_in[128];
    uint8_t aliases_out[128];
    struct message coming; /* whose payload is not complete yet */
    uint32_t payload_left;
    uint16_t coming_id;
    uint8_t coming_owes;
    uint16_t resumed_id;
    bool is_resuming;
};

/* Begins an end on its side of a link. */
void end_open(struct world *world, struct end *end, struct link *link, wax_role role);

/* Gives the link up. The exchanges forget a QoS 2 message of which only a part came. */
void end_drop(struct end *end, wax_flows *incoming);

/* Moves bytes between the link and the boxes. Returns false when nothing will come any more. */
bool end_read(struct world *world, struct end *end);
void end_write(struct world *world, struct end *end);

/* Receives one packet. A status that says the peer broke the protocol fails the simulation. */
wax_status end_receive(struct world *world, struct end *end, wax_event *event);

/* Does what is due. Returns false when the peer was given up. */
bool end_tick(struct world *world, struct end *end);

/* Takes a PUBLISH or a piece of one. Returns true when `end->coming` is complete. */
bool end_collect(struct end *end, const wax_event *event);

/* The room that is left in the outbox. */
size_t end_room(const struct end *end);

/* Sends a message, as new or again, and sets its id. */
wax_status end_publish(struct world *world, struct end *end, const struct message *message,
                       bool is_again, uint16_t *packet_id);

wax_status end_acknowledge(struct end *end, uint8_t type, uint16_t packet_id);

/* --- Exchanges with the messages beside them (exchanges.c) --- */

/* What the application owes for an exchange, and since when. */
struct pending {
    uint64_t due_ms;
    uint16_t packet_id;
    uint8_t type;
    uint8_t reason_count; /* of SUBACK */
    uint8_t reasons[FILTERS_MAX];
};

/* Sends the SUBACK that is owed. */
wax_status end_grant(struct end *end, const struct pending *pending);

/* The part of a session that outlives a connection. It has no pointers but those of the flows
 * to its own slots, so that a copy of it may be put back where it was. */
struct exchanges {
    wax_flow outgoing_slots[2][SLOTS_MAX];
    wax_flow incoming_slots[2][SLOTS_MAX];
    uint16_t messages[SLOTS_MAX]; /* of the outgoing exchanges */
    wax_flows outgoing;
    wax_flows incoming;
    uint8_t outgoing_half;
    uint8_t incoming_half;
    struct pending pending[PENDING_MAX];
    uint16_t pending_count;
};

void exchanges_init(struct exchanges *exchanges);

/* Gives twice as many slots; false when there are as many as there can be. */
bool exchanges_grow_incoming(struct exchanges *exchanges);
bool exchanges_grow_outgoing(struct exchanges *exchanges);

void exchanges_owe(struct exchanges *exchanges, struct pending pending);

/* The connection is gone: what is owed to it alone is forgotten. */
void exchanges_disconnect(struct exchanges *exchanges);

/* Pays what is due, to the end or, if it is not open, to the exchanges alone. */
void exchanges_pay(struct world *world, struct exchanges *exchanges, struct end *end);

/* Sends again what was sent before, as far as there is room. */
void exchanges_resume(struct world *world, struct exchanges *exchanges, struct end *end,
                      const struct message *messages);

/* --- The ledger (ledger.c): what was published and what came, apart from all that is tested --- */

struct entry {
    struct message message;
    uint8_t author;
    bool is_uncertain;              /* a clean session ended amid its QoS 2 exchange */
    uint8_t counts[CLIENTS_MAX];    /* how often it came */
    uint32_t promises[CLIENTS_MAX]; /* the connection of a clean client to which it must come */
};

struct ledger {
    struct entry entries[MESSAGES_MAX];
    uint16_t count;
    uint16_t latest[CLIENTS_MAX][CLIENTS_MAX][6]; /* newest that came, + 1: reader, author, topic */
};

/* Makes up a message of an author and writes it down. Returns its number. */
uint16_t ledger_publish(struct world *world, uint8_t author);

/* The broker took a message: whoever is clean and connected now is promised it. */
void ledger_promise(struct world *world, const struct message *message);

/* A message came to a reader. */
void ledger_deliver(struct world *world, uint8_t reader, const struct message *message);

/* Whether all that had to come came; fails otherwise. */
void ledger_close(struct world *world);

/* The last retained message on each author's topic is what an auditor got. */
void ledger_audit(struct world *world, const struct message *got, size_t count);

/* --- Clients (client.c) --- */

struct subscription {
    const char *filter;
    uint8_t qos;
};

struct client {
    struct end end;
    struct exchanges exchanges;
    struct subscription filters[FILTERS_MAX];
    uint8_t states[MESSAGES_MAX]; /* how far each message of its own is */
    uint64_t retry_ms;            /* when it connects again */
    uint32_t connection;          /* how many connections there were */
    wax_version version;
    uint8_t number;
    uint8_t filter_count;
    bool is_clean;
    bool was_accepted;   /* the broker must know its session by now */
    bool has_subscribed; /* on this connection, or for a lasting session ever */
    bool asks;           /* SUBSCRIBE is out */
    bool is_auditor;
    struct message retained[CLIENTS_MAX * 3 + 1]; /* what the auditor got */
    size_t retained_count;
};

void client_init(struct world *world, struct client *client, uint8_t number);
void client_publish(struct world *world, struct client *client);
void client_turn(struct world *world, struct client *client);

/* Says good-bye, or just cuts the connection. */
void client_leave(struct world *world, struct client *client, bool is_polite);
bool client_is_idle(const struct client *client);

/* --- The broker (broker.c, record.c) --- */

struct kept_filter {
    char text[8];
    uint8_t qos;
};

/* What the broker keeps of a client. Plain data, so that the disk is a copy. */
struct record {
    struct exchanges exchanges;
    struct kept_filter filters[FILTERS_MAX];
    uint16_t queue[MESSAGES_MAX * 4];
    uint16_t queue_first;
    uint16_t queue_end;
    uint8_t filter_count;
    bool exists;
    bool is_clean;
};

/* All that survives a crash, as far as it was committed. */
struct memory {
    struct record records[CLIENTS_MAX + 1];
    uint16_t retained[MESSAGES_MAX]; /* numbers of messages */
    uint16_t retained_count;
    uint16_t message_count;
};

struct connection {
    struct end end;
    int record; /* -1 before CONNECT */
    bool is_live;
    bool is_clean; /* what CONNECT asked for */
    uint16_t keep_alive_s;
};

struct broker {
    wax_memory allocator;
    wax_router *router;
    wax_retained *retained;
    wax_matches matches;
    wax_subscriber subscribers[CLIENTS_MAX + 1];
    struct message messages[COPIES_MAX]; /* only ever appended to */
    struct memory memory;
    struct memory disk;
    struct connection connections[LINKS_MAX];
    uint64_t down_until_ms;
    size_t allocated;
    bool is_dirty;
};

void broker_open(struct world *world);
void broker_close(struct world *world);
void broker_accept(struct world *world, struct link *link);
void broker_turn(struct world *world);
void broker_crash(struct world *world);
bool broker_is_idle(const struct broker *broker);

/* Writes the memory to the disk, if they differ. */
void broker_commit(struct broker *broker);

/* Forgets a client's session. */
void record_forget(struct broker *broker, int number);

/* Subscribes a client in memory and router, and queues what is retained. Returns the SUBACK's
 * reason. */
uint8_t record_subscribe(struct world *world, int number, wax_bytes filter, uint8_t qos);

/* Puts a message into the queues of all who want it. */
void broker_route(struct world *world, const struct message *message);

/* Fills router and retained messages from the memory. */
void broker_rebuild(struct world *world);

/* --- */

struct world {
    struct chance chance;
    uint64_t seed;
    uint64_t now_ms;
    uint32_t steps;
    uint32_t client_count;
    bool is_told;
    bool is_calm; /* no more harm is done */
    struct link links[LINKS_MAX];
    struct client clients[CLIENTS_MAX + 1];
    struct broker broker;
    struct ledger ledger;
};

/* A new link, or NULL when there are too many. */
struct link *link_open(struct world *world);

/* Cuts both directions at any byte. */
void link_cut(struct world *world, struct link *link);

/* One side lets go; the other reads what is on the way and then the end. */
void link_release(struct link *link, bool is_client, uint64_t now_ms);

size_t pipe_send(struct world *world, struct pipe *pipe, const uint8_t *bytes, size_t size);
size_t pipe_receive(const struct world *world, struct pipe *pipe, uint8_t *room, size_t size);
bool pipe_has_ended(const struct world *world, const struct pipe *pipe);

/* A view of a message for the wire. */
wax_publish message_view(const struct message *message);

#endif
