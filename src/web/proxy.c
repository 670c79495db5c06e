/* The PROXY header as a filter: it comes first, once, and the rest passes through. */
#include "web/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBLEM_SIZE = 128 };

struct proxy {
    wax_transport transport;
    wax_proxy_header header; /* views `bytes` */
    uint8_t *bytes;          /* the header, and what came behind it until that is taken */
    size_t used;
    size_t start; /* of what is behind it */
    unsigned version;
    bool requires_tls;
    bool is_read;
    uint16_t ended; /* a wax_status; WAX_OK: go on */
    const char *problem;
};

static struct proxy *self_of(wax_transport *self)
{
    return (struct proxy *)(void *)self;
}

static wax_status refuse(struct proxy *self, const char *problem)
{
    self->problem = problem;
    self->ended = WAX_PROTOCOL_ERROR;
    return WAX_PROTOCOL_ERROR;
}

/* Judges what has come so far. */
static wax_status judge(struct proxy *self)
{
    wax_bytes bytes = {self->bytes, self->used};
    wax_status status = wax_proxy_read(&self->header, bytes, self->version);

    if (status == WAX_MORE) {
        return WAX_MORE;
    }
    if (status == WAX_TOO_LARGE) {
        return refuse(self, "the PROXY header has more than 552 bytes");
    }
    if (status != WAX_OK) {
        return refuse(self, self->version == 1
                                ? "the connection does not begin with a PROXY header of version 1"
                                : "the connection does not begin with a PROXY header of version 2");
    }
    if (self->requires_tls && self->header.family != WAX_PROXY_NOBODY && !self->header.has_tls) {
        return refuse(self, "the proxy does not say that the client came to it by TLS");
    }
    self->is_read = true;
    self->start = self->header.size;
    return WAX_OK;
}

static wax_status read_header(struct proxy *self)
{
    wax_transport *below = self->transport.below;
    wax_status status = WAX_MORE;

    while (status == WAX_MORE) {
        size_t received;
        status = wax_transport_receive(below, self->bytes + self->used,
                                       WAX_PROXY_V2_MAX - self->used, &received);
        if (status != WAX_OK) {
            self->transport.waits = below->waits;
            return status;
        }
        self->used += received;
        status = judge(self);
    }
    return status;
}

static wax_status receive(wax_transport *transport, uint8_t *room, size_t size, size_t *received)
{
    struct proxy *self = self_of(transport);
    size_t left;
    wax_status status;

    if (self->ended != WAX_OK) {
        return (wax_status)self->ended;
    }
    if (!self->is_read) {
        status = read_header(self);
        if (status != WAX_OK) {
            return status;
        }
    }
    left = self->used - self->start;
    if (left > 0) {
        *received = left < size ? left : size;
        memcpy(room, self->bytes + self->start, *received);
        self->start += *received;
        return WAX_OK;
    }
    status = wax_transport_receive(transport->below, room, size, received);
    transport->waits = transport->below->waits;
    return status;
}

static wax_status send(wax_transport *transport, wax_bytes bytes, size_t *sent)
{
    struct proxy *self = self_of(transport);
    wax_status status;

    if (self->ended != WAX_OK) {
        return (wax_status)self->ended;
    }
    status = self->is_read ? WAX_OK : read_header(self);
    if (status != WAX_OK) {
        return status;
    }
    status = wax_transport_send(transport->below, bytes, sent);
    transport->waits = transport->below->waits;
    return status;
}

static wax_status close(wax_transport *transport)
{
    wax_status status = wax_transport_close(transport->below);

    transport->waits = transport->below->waits;
    return status;
}

static void release(wax_transport *transport)
{
    wax_transport *below = transport->below;

    free(self_of(transport)->bytes);
    free(transport);
    wax_transport_release(below);
}

static const char *explain(wax_transport *transport)
{
    const struct proxy *self = self_of(transport);

    return self->problem != NULL ? self->problem : wax_transport_explain(transport->below);
}

static const wax_transport_kind kind = {"PROXY", receive, send, close, release, explain};

wax_transport *wax_proxy_accept(wax_transport *below, unsigned version, bool requires_tls)
{
    struct proxy *self = calloc(1, sizeof *self);

    wax_assert(version == 1 || version == 2);
    if (self == NULL || (self->bytes = malloc(WAX_PROXY_V2_MAX)) == NULL) {
        free(self);
        return NULL;
    }
    self->transport = (wax_transport){.kind = &kind, .below = below, .waits = WAX_WAITS_TO_READ};
    self->version = version;
    self->requires_tls = requires_tls;
    return &self->transport;
}

const wax_proxy_header *wax_proxy_header_of(const wax_transport *top)
{
    const wax_transport *at = top;

    while (at != NULL && at->kind != &kind) {
        at = at->below;
    }
    if (at == NULL || !((const struct proxy *)(const void *)at)->is_read) {
        return NULL;
    }
    return &((const struct proxy *)(const void *)at)->header;
}
