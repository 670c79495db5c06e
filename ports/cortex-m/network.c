/* One connection by lwIP's raw interface. */
#include "network.h"

#include "board.h"
#include "lan9118.h"

#include <lwip/init.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

/* The emulator's network, with the broker behind its last address. */
static const uint8_t own[4] = {10, 0, 2, 15};
static const uint8_t mask[4] = {255, 255, 255, 0};
static const uint8_t gateway[4] = {10, 0, 2, 2};
static const uint8_t broker[4] = {10, 0, 2, 100};
enum { PORT = 1883, PATIENCE_MS = 30000 };

struct connection {
    wax_transport transport;
    struct tcp_pcb *pcb;  /* NULL when lwIP has none any more */
    struct pbuf *arrived; /* what is not yet received */
    wax_status ended;     /* WAX_OK as long as it is not */
    bool is_open;
};

static struct netif interface;

static ip4_addr_t address_of(const uint8_t bytes[static 4])
{
    ip4_addr_t address;

    IP4_ADDR(&address, bytes[0], bytes[1], bytes[2], bytes[3]);
    return address;
}

static struct connection *self_of(wax_transport *self)
{
    return (struct connection *)(void *)self;
}

/* ---- What lwIP calls ---- */

static err_t on_open(void *context, struct tcp_pcb *pcb, err_t fault)
{
    struct connection *self = context;

    (void)pcb;
    self->is_open = fault == ERR_OK;
    return ERR_OK;
}

static err_t on_bytes(void *context, struct tcp_pcb *pcb, struct pbuf *bytes, err_t fault)
{
    struct connection *self = context;

    (void)pcb;
    (void)fault;
    if (bytes == NULL) {
        self->ended = WAX_CLOSED;
    } else if (self->arrived == NULL) {
        self->arrived = bytes;
    } else {
        pbuf_cat(self->arrived, bytes);
    }
    return ERR_OK;
}

static void on_end(void *context, err_t fault)
{
    struct connection *self = context;

    self->pcb = NULL;
    self->ended = fault == ERR_RST || fault == ERR_CLSD ? WAX_CLOSED : WAX_IO;
}

/* ---- The transport ---- */

static wax_status receive(wax_transport *transport, uint8_t *room, size_t size, size_t *received)
{
    struct connection *self = self_of(transport);
    u16_t most = size < UINT16_MAX ? (u16_t)size : UINT16_MAX;
    u16_t taken;

    if (self->arrived == NULL) {
        transport->waits = WAX_WAITS_TO_READ;
        return self->ended == WAX_OK ? WAX_MORE : self->ended;
    }
    taken = pbuf_copy_partial(self->arrived, room, most, 0);
    self->arrived = pbuf_free_header(self->arrived, taken);
    if (self->pcb != NULL) {
        tcp_recved(self->pcb, taken);
    }
    *received = taken;
    return WAX_OK;
}

static wax_status send(wax_transport *transport, wax_bytes bytes, size_t *sent)
{
    struct connection *self = self_of(transport);
    size_t most;

    transport->waits = WAX_WAITS_TO_WRITE;
    if (self->pcb == NULL) {
        return self->ended == WAX_OK ? WAX_CLOSED : self->ended;
    }
    most = self->is_open ? tcp_sndbuf(self->pcb) : 0;
    most = most < tcp_mss(self->pcb) ? most : tcp_mss(self->pcb); /* there is memory for that */
    most = bytes.size < most ? bytes.size : most;
    if (most == 0 || tcp_write(self->pcb, bytes.data, (u16_t)most, TCP_WRITE_FLAG_COPY) != ERR_OK) {
        return WAX_MORE;
    }
    (void)tcp_output(self->pcb);
    *sent = most;
    return WAX_OK;
}

/* lwIP delivers what was sent, and ends the connection by itself. */
static wax_status close(wax_transport *transport)
{
    struct connection *self = self_of(transport);

    if (self->pcb != NULL) {
        tcp_arg(self->pcb, NULL);
        tcp_recv(self->pcb, NULL);
        tcp_err(self->pcb, NULL);
        if (tcp_close(self->pcb) != ERR_OK) {
            tcp_abort(self->pcb);
        }
        self->pcb = NULL;
    }
    return WAX_OK;
}

static void release(wax_transport *transport)
{
    struct connection *self = self_of(transport);

    if (self->pcb != NULL) {
        tcp_arg(self->pcb, NULL);
        tcp_err(self->pcb, NULL);
        tcp_abort(self->pcb);
    }
    if (self->arrived != NULL) {
        (void)pbuf_free(self->arrived);
    }
    *self = (struct connection){.transport.kind = transport->kind, .ended = WAX_CLOSED};
}

static const char *explain(wax_transport *transport)
{
    return self_of(transport)->ended == WAX_IO ? "the network does not reach the broker" : "";
}

static const wax_transport_kind kind = {"lwIP", receive, send, close, release, explain};

/* ---- The door ---- */

static bool start(void)
{
    ip4_addr_t addresses[] = {address_of(own), address_of(mask), address_of(gateway)};

    if (netif_default != NULL) {
        return true;
    }
    lwip_init();
    if (netif_add(&interface, &addresses[0], &addresses[1], &addresses[2], NULL, lan9118_init,
                  ethernet_input) == NULL) {
        return false;
    }
    netif_set_default(&interface);
    netif_set_up(&interface);
    return true;
}

wax_transport *network_dial(void)
{
    static struct connection connection;
    struct connection *self = &connection;
    ip4_addr_t peer = address_of(broker);

    if (!start()) {
        return NULL;
    }
    *self = (struct connection){
        .transport = {.kind = &kind, .waits = WAX_WAITS_TO_WRITE},
          .pcb = tcp_new()
    };
    if (self->pcb == NULL) {
        return NULL;
    }
    tcp_arg(self->pcb, self);
    tcp_recv(self->pcb, on_bytes);
    tcp_err(self->pcb, on_end);
    tcp_nagle_disable(self->pcb);
    if (tcp_connect(self->pcb, &peer, PORT, on_open) != ERR_OK) {
        release(&self->transport);
        return NULL;
    }
    return &self->transport;
}

bool network_poll(void)
{
    sys_check_timeouts();
    return lan9118_poll(&interface);
}

void network_hang_up(wax_transport *transport)
{
    const uint32_t began_ms = board_now_ms();

    while (wax_transport_close(transport) == WAX_MORE && board_now_ms() - began_ms < PATIENCE_MS) {
        (void)network_poll();
    }
}
