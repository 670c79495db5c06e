/* What is due when nothing comes. [MQTT 5.0, 3.1.2.10] */
#include "session/internal.h"

/* A client pings when one of the two directions is silent: the peer wants to hear from it, and it
 * wants to know that the peer is there. */
static uint64_t ping_deadline_ms(const wax_session *session)
{
    uint64_t first =
        session->sent_ms < session->received_ms ? session->sent_ms : session->received_ms;
    uint64_t pinged_ms = session->now_ms - ((uint32_t)session->now_ms - session->pinged_ms);
    uint64_t last = pinged_ms > session->received_ms ? pinged_ms : session->received_ms;

    return (session->pinged ? last : first) + session->keep_alive_ms;
}

static uint64_t connect_deadline_ms(const wax_session *session)
{
    return session->received_ms + session->connect_timeout_ms;
}

uint64_t wax_session_deadline_ms(const wax_session *session)
{
    if (session->state == WAX_SESSION_CLOSED) {
        return WAX_NEVER;
    }
    if (session->state != WAX_SESSION_OPEN) {
        return connect_deadline_ms(session);
    }
    if (session->keep_alive_ms == 0) {
        return WAX_NEVER;
    }
    if (session->role == WAX_ROLE_SERVER) {
        return session->received_ms + session->keep_alive_ms + session->keep_alive_ms / 2;
    }
    return ping_deadline_ms(session);
}

static wax_status ping(wax_session *session, wax_writer *out)
{
    wax_status status = wax_packet_write_empty(out, WAX_PINGREQ); /* [MQTT-3.1.2-20] */

    if (status == WAX_OK) {
        session->pinged = true;
        session->pinged_ms = (uint32_t)session->now_ms;
        session->sent_ms = session->now_ms;
    }
    return status;
}

wax_status wax_session_tick(wax_session *session, uint64_t now_ms, wax_writer *out)
{
    wax_status status;

    session->now_ms = now_ms;
    if (now_ms < wax_session_deadline_ms(session)) {
        return WAX_OK;
    }
    if (session->state == WAX_SESSION_OPEN && session->role == WAX_ROLE_CLIENT &&
        !session->pinged) {
        return ping(session, out);
    }
    /* Before CONNECT nobody can be told; afterwards the reason is the keep alive.
     * [MQTT-3.1.2-11] [MQTT-3.1.2-22] */
    status = session->state == WAX_SESSION_OPEN ? WAX_KEEP_ALIVE_TIMEOUT : WAX_MAXIMUM_CONNECT_TIME;
    wax_session_fail(session, status, out);
    return status;
}
