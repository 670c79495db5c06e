/* A client over a filter whose handshake ends within a receive(): nothing tells of it again. */
#include "../check.h"

#include "client/client.h"

/* It takes bytes once it has read what the peer said last. */
struct shy {
    wax_transport transport;
    bool is_ready;
    size_t sent;
};

static wax_status receive(wax_transport *self, uint8_t *room, size_t size, size_t *received)
{
    (void)room;
    (void)size;
    *received = 0;
    ((struct shy *)self)->is_ready = true;
    self->waits = WAX_WAITS_TO_READ;
    return WAX_MORE;
}

static wax_status send_bytes(wax_transport *self, wax_bytes bytes, size_t *sent)
{
    struct shy *shy = (struct shy *)self;

    *sent = shy->is_ready ? bytes.size : 0;
    shy->sent += *sent;
    self->waits = WAX_WAITS_TO_READ;
    return shy->is_ready ? WAX_OK : WAX_MORE;
}

static wax_status close_it(wax_transport *self)
{
    (void)self;
    return WAX_OK;
}

static void release(wax_transport *self)
{
    (void)self;
}

static const char *explain(wax_transport *self)
{
    (void)self;
    return "";
}

static const wax_transport_kind kind = {"shy", receive, send_bytes, close_it, release, explain};

static void what_waited_for_a_handshake_leaves_when_it_ends(void **state)
{
    uint8_t receive_room[WAX_CLIENT_RECEIVE_SIZE_MIN];
    uint8_t send_room[WAX_CLIENT_SEND_SIZE_MIN];
    wax_flow slots[2];
    const wax_client_config config = {
        .version = WAX_VERSION_3_1_1,
        .clean_start = true,
        .receive_room = receive_room,
        .receive_size = sizeof receive_room,
        .send_room = send_room,
        .send_size = sizeof send_room,
        .outgoing_slots = slots,
        .outgoing_count = 1,
        .incoming_slots = slots + 1,
        .incoming_count = 1,
    };
    struct shy shy = {.transport = {.kind = &kind}};
    wax_client client;
    wax_client_event event;

    (void)state;
    assert_int_equal(wax_client_open(&client, &config, 1, 1000), WAX_OK);
    assert_true(wax_client_poll(&client, 1000, &event));
    assert_int_equal(event.type, WAX_CLIENT_WANTS_CONNECTION);
    assert_int_equal(wax_client_attach(&client, &shy.transport, 1000), WAX_OK);
    assert_false(wax_client_poll(&client, 1000, &event));
    assert_int_equal(shy.sent, 14); /* CONNECT, whole */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waited_for_a_handshake_leaves_when_it_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
