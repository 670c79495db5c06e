/* wax gateway: its parts. One thread has all devices; brokers are dialled on others. */
#ifndef WAX_TOOLS_GATEWAY_PARTS_H
#define WAX_TOOLS_GATEWAY_PARTS_H

#include "sn/sn.h"
#include "tls/tls.h"
#include "tools/settings.h"
#include "tools/side.h"

enum {
    GATEWAY_LINES_MAX = 16,
    GATEWAY_PREDEFINED_MAX = 1024,
    GATEWAY_ALLOWED_MAX = 10000,
    GATEWAY_BUCKETS = 4096,
    GATEWAY_DOWN_SIZE = 3 * WAX_SN_PACKET_MAX,
    GATEWAY_IN_SIZE = WAX_SN_HEAR_SIZE_MIN,
    GATEWAY_OUT_SIZE = 2 * WAX_SN_UP_SIZE_MIN,
    GATEWAY_LINE_OUT_SIZE = 4 * WAX_SN_FRAME_SIZE_MAX,
    GATEWAY_CONNECT_MS = 30000,
};

struct hub;
struct device;

/* A socket that devices send datagrams to. */
struct socket_way {
    wax_watch watch;
    struct hub *hub;
};

/* A serial line, with the device at its end. */
struct line_way {
    wax_watch watch; /* descriptor -1: it is not open */
    wax_timer timer; /* opens it again, or reads on */
    struct hub *hub;
    const char *path;
    struct device *device; /* NULL: none has connected */
    wax_sn_frame frame;
    uint8_t in[WAX_SN_PACKET_MAX + 2];
    uint8_t out[GATEWAY_LINE_OUT_SIZE];
    size_t out_size;
    bool was_told; /* that it cannot be opened */
};

/* Who sent a packet, and by which way an answer goes. */
struct peer {
    struct socket_way *socket; /* or NULL */
    struct line_way *line;     /* or NULL; of the gateway's own connection both are NULL */
    struct sockaddr_storage address;
    socklen_t address_size;
};

/* How much of something there may be in a second. */
struct rate {
    uint32_t per_second;
    uint32_t most; /* at once */
    uint32_t left;
    uint64_t since_ms;
};

/* A connection to the broker that a thread makes. */
struct dialling {
    wax_job job;
    const struct settings *settings;
    wax_transport *transport;
    wax_status status;
    char fault[800];
};

struct device {
    wax_sn_client client;
    struct hub *hub;
    struct peer peer;
    wax_address_text name; /* of the peer */
    struct device *next;   /* with the same hash of the address */
    wax_link all;
    wax_timer timer;
    struct side remote;
    struct dialling dialling;
    uint64_t leaves_ms; /* until when the broker may end its side */
    bool is_dialling;
    bool is_dead;  /* the thread still has it */
    bool was_told; /* that it is connected */
};

struct hub {
    struct settings settings;
    wax_sn_config config;
    wax_tls_context *tls;
    wax_loop loop;
    wax_log log;
    wax_pool *pool;
    wax_mailbox dialled;
    wax_watch signals;
    struct peer advertised; /* where ADVERTISE goes */
    wax_timer advertise;
    wax_timer own_again; /* connects the gateway's own connection again */
    uint32_t own_wait_ms;
    struct device *own; /* for messages of QoS -1; NULL: there is none now */
    struct socket_way sockets[WAX_LISTEN_MAX];
    size_t socket_count;
    struct line_way *lines[GATEWAY_LINES_MAX];
    size_t line_count;
    struct device *buckets[GATEWAY_BUCKETS]; /* by address */
    wax_link devices;
    size_t device_count;
    struct rate answers;       /* for peers that are not connected */
    struct rate admissions;    /* of new devices */
    struct rate forwarded;     /* messages of QoS -1 */
    wax_bytes predefined_text; /* the files that these two view */
    wax_sn_predefined predefined[GATEWAY_PREDEFINED_MAX];
    wax_bytes allowed_text;
    wax_bytes *allowed; /* sorted; NULL: all are */
    size_t allowed_count;
    uint8_t down[GATEWAY_DOWN_SIZE];
    bool ends;
};

/* --- gateway_files.c --- */

/* Read what --predefined and --devices name. False, and said so, if something is wrong. */
bool gateway_read_predefined(struct hub *hub);
bool gateway_read_allowed(struct hub *hub);
bool gateway_is_allowed(const struct hub *hub, wax_bytes client_id);
void gateway_free_files(struct hub *hub);

/* --- gateway_peers.c --- */

/* Where the device of a peer stands, or would. */
struct device **gateway_find(struct hub *hub, const struct peer *peer);

/* What the log calls a peer. */
wax_address_text gateway_name_of(const struct peer *peer);

/* Whether there is one more in this second. */
bool gateway_rate_takes(struct rate *rate, uint64_t now_ms);

/* --- gateway_send.c --- */

/* Sends packets, which lie one behind the other. */
void gateway_send(const struct peer *peer, wax_bytes packets);

/* How many bytes of packets a peer takes now. */
size_t gateway_room_for(const struct peer *peer);

/* Writes what waits to a line. */
void gateway_line_flush(struct line_way *line);

/* --- gateway_ways.c --- */

/* Opens the sockets and lines that the settings name. False, and said so, if that does not work. */
bool gateway_open_ways(struct hub *hub);
void gateway_close_ways(struct hub *hub);

/* Says now and then that the gateway is here. */
bool gateway_open_advertising(struct hub *hub);

/* --- gateway_devices.c --- */

/* Deals with a packet that came. */
void gateway_take(struct hub *hub, const struct peer *peer, wax_bytes bytes);

/* Goes on with a device: there is room, or time has passed. */
void gateway_run(struct device *device);

/* What the loop calls when a broker was dialled. */
void gateway_on_dialled(wax_watch *watch, bool readable, bool writable);

/* Connects the gateway itself, for messages of QoS -1. */
void gateway_open_own(struct hub *hub);

/* Ends all; no thread has any. */
void gateway_end_all(struct hub *hub);

#endif
