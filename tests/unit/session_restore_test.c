/* Exchanges that an earlier process began. */
#include "session_check.h"

#include "session/internal.h"

enum { COUNT = 4 };

static void outgoing_ones_sit_at_their_id(void **state)
{
    const wax_wait waits[] = {WAX_WAIT_PUBACK, WAX_WAIT_PUBREC, WAX_WAIT_PUBCOMP};
    wax_flow slots[COUNT];
    wax_flows flows;

    (void)state;
    wax_flows_init(&flows, slots, COUNT);
    for (size_t i = 0; i < WAX_COUNT(waits); i++) {
        uint16_t packet_id = (uint16_t)(101 + i);
        assert_int_equal(wax_flows_restore(&flows, packet_id, waits[i]), WAX_OK);
        assert_int_equal(wax_flows_find(&flows, packet_id), packet_id % COUNT);
        assert_int_equal(slots[packet_id % COUNT].waits, waits[i]);
        assert_int_equal(flows.used_count, i + 1);
    }
    assert_int_equal(wax_flows_restore(&flows, 101, WAX_WAIT_PUBACK), WAX_PACKET_ID_IN_USE);
    assert_int_equal(wax_flows_restore(&flows, 101 + COUNT, WAX_WAIT_PUBACK), WAX_CROWDED);
    assert_int_equal(wax_flows_restore(&flows, 0, WAX_WAIT_PUBACK), WAX_INVALID);
    assert_int_equal(flows.used_count, 3);
}

/* The same ids fit when there are enough slots for their span. */
static void more_slots_help_the_crowded(void **state)
{
    wax_flow few[2];
    wax_flow many[8];
    wax_flows flows;

    (void)state;
    wax_flows_init(&flows, few, 2);
    assert_int_equal(wax_flows_restore(&flows, 3, WAX_WAIT_PUBACK), WAX_OK);
    assert_int_equal(wax_flows_restore(&flows, 5, WAX_WAIT_PUBCOMP), WAX_CROWDED);
    wax_flows_move(&flows, many, 8);
    assert_int_equal(wax_flows_restore(&flows, 5, WAX_WAIT_PUBCOMP), WAX_OK);
    flows.last_id = 5;
    assert_int_equal(wax_flows_after(&flows, 0)->packet_id, 3);
    assert_int_equal(wax_flows_after(&flows, 3)->packet_id, 5);
    assert_null(wax_flows_after(&flows, 5));
}

/* Exchanges need no slots before there are any. */
static void without_slots_there_are_no_exchanges(void **state)
{
    wax_flow slots[COUNT];
    wax_flows flows;

    (void)state;
    wax_flows_init(&flows, NULL, 0);
    wax_flows_reconnect(&flows);
    wax_flows_drop_requests(&flows);
    assert_int_equal(wax_flows_find(&flows, 1), flows.slot_count);
    assert_null(wax_flows_after(&flows, 0));
    assert_null(wax_flows_incoming(&flows, 1));
    assert_null(wax_flows_admit(&flows, 1, WAX_OWES_PUBREC));
    assert_null(wax_flows_take(&flows, WAX_WAIT_PUBACK));
    assert_int_equal(wax_flows_forget(&flows, 1), WAX_NOT_FOUND);
    assert_int_equal(wax_flows_acknowledge(&flows, WAX_PUBREC, 1, 0), WAX_NOT_FOUND);
    assert_int_equal(wax_flows_restore(&flows, 1, WAX_WAIT_PUBACK), WAX_CROWDED);
    assert_int_equal(wax_flows_restore(&flows, 1, WAX_WAIT_PUBREL), WAX_CROWDED);
    wax_flows_move(&flows, slots, COUNT);
    assert_int_equal(wax_flows_restore(&flows, 1, WAX_WAIT_PUBACK), WAX_OK);
}

/* A PUBCOMP ends the exchange, and its id is free. */
static void pubcomp_ends_it(void **state)
{
    const wax_step *step = wax_step_on_packet(WAX_WAIT_PUBCOMP, WAX_PUBCOMP, 0);
    wax_flow slots[COUNT];
    wax_flows flows;

    (void)state;
    wax_flows_init(&flows, slots, COUNT);
    assert_int_equal(wax_flows_restore(&flows, 6, WAX_WAIT_PUBCOMP), WAX_OK);
    assert_int_equal(step->next, WAX_WAIT_NONE);
    wax_flows_step(&flows, &slots[6 % COUNT], step->next);
    assert_int_equal(flows.used_count, 0);
    assert_int_equal(wax_flows_restore(&flows, 6, WAX_WAIT_PUBREC), WAX_OK);
}

/* The ids of incoming exchanges are the peer's: any of them must find a slot while there is one. */
static void incoming_ones_take_any_slot(void **state)
{
    wax_flow slots[COUNT];
    wax_flows flows;

    (void)state;
    wax_flows_init(&flows, slots, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        uint16_t packet_id = (uint16_t)(8 + i * COUNT); /* all the same modulo the slots */
        assert_int_equal(wax_flows_restore(&flows, packet_id, WAX_WAIT_PUBREL), WAX_OK);
        assert_int_equal(wax_flows_incoming(&flows, packet_id)->waits, WAX_WAIT_PUBREL);
    }
    assert_int_equal(wax_flows_restore(&flows, 8, WAX_WAIT_PUBREL), WAX_PACKET_ID_IN_USE);
    assert_int_equal(wax_flows_restore(&flows, 9, WAX_WAIT_PUBREL), WAX_CROWDED);
    assert_int_equal(wax_flows_restore(&flows, 0, WAX_WAIT_PUBREL), WAX_INVALID);
    assert_int_equal(flows.used_count, COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outgoing_ones_sit_at_their_id),
        cmocka_unit_test(without_slots_there_are_no_exchanges),
        cmocka_unit_test(more_slots_help_the_crowded),
        cmocka_unit_test(pubcomp_ends_it),
        cmocka_unit_test(incoming_ones_take_any_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
