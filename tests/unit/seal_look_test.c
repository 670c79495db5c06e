/* The outside of an envelope: what a sender makes is seen, whatever else is no envelope. */
#include "../seal_check.h"

static wax_status look(const uint8_t *bytes, size_t size, wax_seal_face *face)
{
    return wax_seal_look(wax_bytes_of(bytes, size), face);
}

static void what_is_sealed_shows_its_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(seal_suites); i++) {
        struct seal_world world;
        wax_seal_face face;
        wax_bytes envelope;

        seal_world_make(&world, &seal_suites[i], WAX_CLASS_STREAM, 3);
        assert_int_equal(seal_text(&world, &seal_plain, "21", &envelope), WAX_OK);
        check_row(seal_suites[i].name, wax_seal_look(envelope, &face) == WAX_OK);
        check_row(seal_suites[i].name, face.kind == WAX_ENVELOPE_MESSAGE && face.sender == 258 &&
                                           face.epoch == 3 && face.position == 0);
        check_row(seal_suites[i].name,
                  face.body.data + face.body.size == envelope.data + envelope.size);
    }
}

/* Heads, and how many bytes must follow them at least. */
struct head {
    const char *name;
    uint8_t bytes[20];
    size_t size;
    size_t least;
    wax_seal_face face;
};

static const struct head heads[] = {
    {"message",
     {0xf8, 0x93, 0x02, 0x05},
     4,                                                                      17,
     {.kind = 0, .epoch = 5, .sender = 2, .position = 3}                                    },
    {"signed",
     {0xf9, 0x98, 0x01, 0xff, 0x08},
     5,                                                                      81,
     {.kind = 1, .epoch = 255, .sender = 1, .position = 8}                                  },
    {"highest",
     {0xf8, 0xbb, 0xff, 0xff, 0xff, 0x00, 0x0f, 0xff, 0xff, 0xff},
     10,                                                                     17,
     {.kind = 0, .sender = WAX_SENDER_MAX, .position = WAX_POSITION_MAX}                    },
    {"stream",
     {0xfa, 0x90, 0x01, 0x00, 0, 0, 0, 64, 0x80, 0, 0, 0},
     12,                                                                     17,
     {.kind = 2, .sender = 1}                                                               },
    {"mailbox of a key", {0xfb, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1},  14, 25, {.kind = 3}},
    {"mailbox",          {0xfb, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, 14, 82, {.kind = 3}},
    {"status of a key",  {0xfc, 1, 0, 0, 0, 0, 0, 0, 0, 1},              10, 25, {.kind = 4}},
    {"status",           {0xfc, 16, 0, 0, 0, 0, 0, 0, 0, 1},             10, 82, {.kind = 4}},
};

static void each_kind_is_seen_and_what_is_shorter_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(heads); i++) {
        const struct head *head = &heads[i];
        uint8_t bytes[128] = {0};
        wax_seal_face face;

        memcpy(bytes, head->bytes, head->size);
        check_row(head->name, look(bytes, head->size + head->least, &face) == WAX_OK);
        check_row(head->name, face.kind == head->face.kind && face.epoch == head->face.epoch &&
                                  face.sender == head->face.sender &&
                                  face.position == head->face.position);
        check_row(head->name,
                  face.body.data == bytes + head->size && face.body.size == head->least);
        for (size_t size = 0; size < head->size + head->least; size++) {
            check_row(head->name, look(bytes, size, &face) == WAX_MALFORMED);
            check_row(head->name, face.sender == 0 && face.body.size == 0);
        }
    }
}

struct wrong {
    const char *name;
    uint8_t bytes[12];
};

static const struct wrong wrongs[] = {
    {"text",                                 "{\"t\": 21.5}"                                 },
    {"a kind that is none",                  {0xfd, 0x93, 0x02, 0x05}                        },
    {"the highest kind",                     {0xff, 0x93, 0x02, 0x05}                        },
    {"another first byte",                   {0x78, 0x93, 0x02, 0x05}                        },
    {"no sender",                            {0xf8, 0x53}                                    },
    {"no sender, in a byte",                 {0xf8, 0x83, 0xff}                              },
    {"a key in more bytes than needed",      {0xf8, 0xa3, 0x00, 0x02, 0x05}                  },
    {"a small position in a byte",           {0xf8, 0x98, 0x02, 0x05, 0x07}                  },
    {"a position in more bytes than needed", {0xf8, 0x99, 0x02, 0x05, 0x00, 0x08}            },
    {"a key of five bytes",                  {0xf8, 0xc3, 0x01, 0x00, 0x00, 0x02, 0x05}      },
    {"a position of 2^28",                   {0xf8, 0x9b, 0x02, 0x05, 0x10, 0x00, 0x00, 0x00}},
    {"a position of five bytes",             {0xf8, 0x9c, 0x02, 0x05, 0x01, 0, 0, 0, 0}      },
    {"chunks of 63 bytes",                   {0xfa, 0x93, 0x02, 0x05, 0, 0, 0, 63}           },
    {"chunks of 2^20 + 1 bytes",             {0xfa, 0x93, 0x02, 0x05, 0, 0x10, 0, 1}         },
    {"a mailbox of no profile",              {0xfb, 0}                                       },
    {"a mailbox of an unknown profile",      {0xfb, 4}                                       },
    {"a status of an unknown profile",       {0xfc, 17}                                      },
};

static void what_no_sender_makes_is_no_envelope(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(wrongs); i++) {
        uint8_t bytes[200] = {0};
        wax_seal_face face;

        memcpy(bytes, wrongs[i].bytes, sizeof wrongs[i].bytes);
        check_row(wrongs[i].name, look(bytes, sizeof bytes, &face) == WAX_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_shows_its_header),
        cmocka_unit_test(each_kind_is_seen_and_what_is_shorter_is_refused),
        cmocka_unit_test(what_no_sender_makes_is_no_envelope),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
