/* Any record of a store can be shown, in one line of sound JSON that fits. */
#include "fuzz.h"

#include "broker/broker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_reader in = wax_reader_over(wax_bytes_of(data, size));
    uint8_t choice = wax_read_u8(&in);
    wax_broker_record record = {.table = (wax_store_table)(choice % WAX_STORE_TABLE_COUNT),
                                .with_payload = (choice & 0x80U) != 0};
    size_t room_size;
    uint8_t *room;
    wax_writer out;
    wax_json json;

    record.key = wax_read_blob(&in);
    record.value = wax_reader_rest(&in);
    if (in.status != WAX_OK) {
        return 0;
    }
    room_size = 8 * (record.key.size + record.value.size) + WAX_BROKER_RECORD_ROOM;
    room = malloc(room_size);
    fuzz_require(room != NULL);
    out = wax_writer_over(room, room_size);
    json = wax_json_over(&out);
    wax_broker_show_record(&json, &record);
    fuzz_require(out.status == WAX_OK && out.used > 2 && room[0] == '{' &&
                 room[out.used - 1] == '}' && wax_utf8_is_valid(wax_writer_bytes(&out)));
    for (size_t i = 0; i < out.used; i++) {
        fuzz_require(room[i] >= 0x20);
    }
    free(room);
    return 0;
}
