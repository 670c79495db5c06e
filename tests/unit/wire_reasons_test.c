/* Which reason each packet may carry, by the tables of the packets' own sections. */
#include "wire_check.h"

struct row {
    const char *name;
    wax_packet_type type;
    const char *reasons;
    size_t count;
};

/* clang-format off */
static const struct row rows[] = {
    {"no packet",                    WAX_NO_PACKET,   BYTES("")},
    {"CONNECT",                      WAX_CONNECT,     BYTES("")},
    {"CONNACK [MQTT-3.2.2-8]",       WAX_CONNACK,     BYTES("\x00\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8c\x90\x95\x97\x99\x9a\x9b\x9c\x9d\x9f")},
    {"PUBLISH",                      WAX_PUBLISH,     BYTES("")},
    {"PUBACK [MQTT-3.4.2-1]",        WAX_PUBACK,      BYTES("\x00\x10\x80\x83\x87\x90\x91\x97\x99")},
    {"PUBREC [MQTT-3.5.2-1]",        WAX_PUBREC,      BYTES("\x00\x10\x80\x83\x87\x90\x91\x97\x99")},
    {"PUBREL [MQTT-3.6.2-1]",        WAX_PUBREL,      BYTES("\x00\x92")},
    {"PUBCOMP [MQTT-3.7.2-1]",       WAX_PUBCOMP,     BYTES("\x00\x92")},
    {"SUBSCRIBE",                    WAX_SUBSCRIBE,   BYTES("")},
    {"SUBACK [MQTT-3.9.3-2]",        WAX_SUBACK,      BYTES("\x00\x01\x02\x80\x83\x87\x8f\x91\x97\x9e\xa1\xa2")},
    {"UNSUBSCRIBE",                  WAX_UNSUBSCRIBE, BYTES("")},
    {"UNSUBACK [MQTT-3.11.3-2]",     WAX_UNSUBACK,    BYTES("\x00\x11\x80\x83\x87\x8f\x91")},
    {"PINGREQ",                      WAX_PINGREQ,     BYTES("")},
    {"PINGRESP",                     WAX_PINGRESP,    BYTES("")},
    {"DISCONNECT [MQTT-3.14.2-1]",   WAX_DISCONNECT,  BYTES("\x00\x04\x80\x81\x82\x83\x87\x89\x8b\x8c\x8d\x8e\x8f\x90\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f\xa0\xa1\xa2")},
    {"AUTH [MQTT-3.15.2-1]",         WAX_AUTH,        BYTES("\x00\x18\x19")},
};
/* clang-format on */

static void each_packet_carries_its_own_reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        for (unsigned reason = 0; reason < 256; reason++) {
            bool listed =
                rows[i].count > 0 && memchr(rows[i].reasons, (int)reason, rows[i].count) != NULL;

            if (wax_reason_is_allowed(rows[i].type, (uint8_t)reason) != listed) {
                fail_msg("%s: 0x%02x", rows[i].name, reason);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_packet_carries_its_own_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
