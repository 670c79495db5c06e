/* Exchanges that the caller gives up. */
#include "../check.h"

#include "session/session.h"

static void a_forgotten_exchange_frees_its_slot(void **state)
{
    (void)state;
    wax_flow slots[2] = {
        {.packet_id = 5, .waits = WAX_WAIT_PUBACK},
        {.packet_id = 6, .waits = WAX_WAIT_PUBREC},
    };
    wax_flows flows;

    wax_flows_init(&flows, slots, 2);
    slots[1] = (wax_flow){.packet_id = 5, .waits = WAX_WAIT_PUBACK};
    flows.used_count = 1;
    assert_int_equal(wax_flows_forget(&flows, 7), WAX_NOT_FOUND);
    assert_int_equal(wax_flows_forget(&flows, 5), WAX_OK);
    assert_int_equal(flows.used_count, 0);
    assert_int_equal(wax_flows_find(&flows, 5), 2);
    assert_int_equal(wax_flows_forget(&flows, 5), WAX_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forgotten_exchange_frees_its_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
