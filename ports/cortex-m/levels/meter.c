/* Counts between TLS and lwIP, and between lwIP and the driver. */
#include "meter.h"

#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>

struct meter_counts meter_counts;

static netif_linkoutput_fn link_output;
static netif_input_fn link_input;

/* ---- Frames ---- */

/* Those that ask for addresses are not counted: how often they are sent is a matter of time. */
static bool is_ip(const struct pbuf *frame)
{
    const uint8_t *bytes = frame->payload;

    return frame->len >= 14 && bytes[12] == 0x08 && bytes[13] == 0x00;
}

static err_t send_frame(struct netif *interface, struct pbuf *frame)
{
    if (is_ip(frame)) {
        meter_counts.frames_out++;
        meter_counts.frame_bytes_out += frame->tot_len;
    }
    return link_output(interface, frame);
}

static err_t take_frame(struct pbuf *frame, struct netif *interface)
{
    if (is_ip(frame)) {
        meter_counts.frames_in++;
        meter_counts.frame_bytes_in += frame->tot_len;
    }
    return link_input(frame, interface);
}

static void stand_between(struct netif *interface)
{
    if (interface->linkoutput != send_frame) {
        link_output = interface->linkoutput;
        link_input = interface->input;
        interface->linkoutput = send_frame;
        interface->input = take_frame;
    }
}

/* ---- Bytes ---- */

static wax_status receive(wax_transport *self, uint8_t *room, size_t size, size_t *received)
{
    wax_status status = wax_transport_receive(self->below, room, size, received);

    meter_counts.bytes_in += status == WAX_OK ? (uint32_t)*received : 0;
    self->waits = self->below->waits;
    return status;
}

static wax_status send(wax_transport *self, wax_bytes bytes, size_t *sent)
{
    wax_status status = wax_transport_send(self->below, bytes, sent);

    meter_counts.bytes_out += status == WAX_OK ? (uint32_t)*sent : 0;
    self->waits = self->below->waits;
    return status;
}

static wax_status close(wax_transport *self)
{
    return wax_transport_close(self->below);
}

static void release(wax_transport *self)
{
    wax_transport_release(self->below);
}

static const char *explain(wax_transport *self)
{
    return wax_transport_explain(self->below);
}

static const wax_transport_kind kind = {"meter", receive, send, close, release, explain};

wax_transport *meter_open(wax_transport *below)
{
    static wax_transport meter;

    if (below == NULL) {
        return NULL;
    }
    stand_between(netif_default);
    meter = (wax_transport){.kind = &kind, .below = below, .waits = WAX_WAITS_TO_WRITE};
    return &meter;
}

bool meter_is_quiet(void)
{
    const struct tcp_pcb *pcb = tcp_active_pcbs;

    while (pcb != NULL && pcb->snd_queuelen == 0) {
        pcb = pcb->next;
    }
    return pcb == NULL;
}
