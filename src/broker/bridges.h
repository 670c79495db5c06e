/* Bridges: other brokers that this one is a client of. A bridge is an ordinary client with a
 * session, a queue and subscriptions here, whose connection is one that we make. It belongs to the
 * worker that owns its local client id, and no other thread touches it. */
#ifndef WAX_BROKER_BRIDGES_H
#define WAX_BROKER_BRIDGES_H

#include "broker/internal.h"

enum { TOPIC_ROOM_SIZE = UINT16_MAX, BRIDGE_FAULT_SIZE = 320 };

enum bridge_state {
    BRIDGE_RESTS,    /* until its timer, or for ever */
    BRIDGE_LOOKS_UP, /* the address, by the pool */
    BRIDGE_GOES_ON,  /* to the next address that was found, or to an older version */
    BRIDGE_CONNECTS, /* no CONNACK yet */
    BRIDGE_OPEN,
    BRIDGE_DONE, /* start_type once */
};

/* A subscription at the other broker that a reload has taken out of the configuration. */
struct past_filter {
    struct past_filter *next;
    size_t size;
    uint8_t filter[];
};

struct bridge {
    struct bridge *next;
    struct worker *worker;
    struct client *client;
    struct connection *connection;   /* NULL unless BRIDGE_CONNECTS or BRIDGE_OPEN */
    struct settings *settings;       /* that it runs on */
    struct settings *next_settings;  /* that it takes over at its next connection; NULL */
    const wax_bridge_config *config; /* of `settings` */
    struct dial *dial;               /* on its way; NULL */
    struct past_filter *past;
    uint16_t *asked; /* for each `topic` line, the packet id of its SUBSCRIBE; 0: none */
    wax_timer timer;
    wax_addresses found; /* of the address that is being tried */
    wax_addresses from;  /* bridge_bind_address */
    size_t found_at;
    size_t address;     /* of the block's */
    size_t tried_count; /* of them since the last wait */
    uint32_t wait_ms;   /* the last wait; 0: none */
    uint64_t opened_ms;
    uint64_t active_ms; /* when the last message crossed */
    uint64_t probe_ms;  /* when the first address is to be tried again */
    uint8_t state;      /* enum bridge_state */
    uint8_t tongue;     /* which of the versions is spoken */
    bool is_sure;       /* the other broker said itself that it does not know the ones before */
    bool has_told;      /* the first notification is out */
    char fault[BRIDGE_FAULT_SIZE]; /* why it was lost, or not reached, last; "": never */
    uint8_t room[TOPIC_ROOM_SIZE];
};

/* Makes, changes and ends this worker's bridges so that they are those of its settings. */
void bridges_settle(struct worker *worker);

/* Gives all back, as at the end of the process; connections are gone by then. */
void bridges_close(struct worker *worker);

/* --- hooks of the ways that messages go --- */

/* Whether a topic crosses the bridge at all. */
bool bridge_wants(struct bridge *bridge, wax_bytes topic);

/* Makes of a PUBLISH of ours one for the other broker. The topic is one that the bridge wants; it
 * then lies in the bridge's room. */
void bridge_dress(struct bridge *bridge, wax_publish *publish);

/* Makes of a PUBLISH of the other broker one of ours. Returns false for a topic that no line lets
 * in.
 */
bool bridge_translate(struct connection *connection, wax_publish *publish);

/* Whether the bridge connects only when something waits. `bridge` may be NULL. */
bool bridge_is_lazy(const struct bridge *bridge);

/* A message waits. */
void bridge_on_queued(struct bridge *bridge);

/* --- events of its connection --- */

void bridge_on_connected(struct connection *connection, const wax_event *event);
void bridge_on_refused(struct connection *connection, const wax_event *event);
void bridge_on_subscribed(struct connection *connection, const wax_event *event);

/* The connection ends; `detail` says why, in words. */
void bridge_on_end(struct connection *connection, wax_status status, const char *detail);

/* Addresses came back from the pool. */
void bridge_on_dials(wax_watch *watch, bool readable, bool writable);

/* --- among the files of bridges --- */

/* What comes of a look-up; `fault` says why not. */
typedef void bridge_answer(struct bridge *bridge, wax_status status, const char *fault);

/* Asks the pool to look up the address that is next; or to try whether the first one answers. */
wax_status bridge_look_up(struct bridge *bridge, bridge_answer *answer) WAX_CHECKED;
wax_status bridge_probe(struct bridge *bridge, bridge_answer *answer) WAX_CHECKED;

/* Abandons what is at the pool. */
void bridge_forget_dial(struct bridge *bridge);

/* Lets the timer be due so much later. */
void bridge_start_timer(struct bridge *bridge, uint64_t wait_ms);

/* Whether it is to be connected: a lazy one only if enough messages wait. */
bool bridge_has_reason(const struct bridge *bridge);

/* An attempt has failed: the next address, or a wait. */
void bridge_fail(struct bridge *bridge, const char *reason);

/* Subscribes the bridge's session to all that goes out. */
void bridge_subscribe(struct bridge *bridge);

/* Writes CONNECT. */
wax_status bridge_greet(struct bridge *bridge) WAX_CHECKED;

/* A version, with the bit by which Mosquitto knows a bridge in MQTT 3. */
struct bridge_tongue {
    uint8_t version;
    bool is_private;
};

struct bridge_tongues {
    struct bridge_tongue rows[3];
    size_t count;
};

/* The versions to try, in this order. */
struct bridge_tongues bridge_tongues_of(const wax_bridge_config *config);

/* The topic of notifications, written into `room` unless the block names one. */
enum { BRIDGE_STATE_SIZE = 4200 };
wax_bytes bridge_state_topic(const struct bridge *bridge, char room[static BRIDGE_STATE_SIZE]);

/* Publishes whether the bridge is there, at this broker. */
void bridge_tell(struct bridge *bridge, bool is_open);

#endif
