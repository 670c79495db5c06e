/* Any file as Mosquitto's database: every chunk views bytes within it, and the walk ends. */
#include "tools/mosquitto_db.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(wax_bytes view, const uint8_t *data, size_t size)
{
    wax_assert(view.size == 0 ||
               (view.data >= data && view.size <= size && view.data + view.size <= data + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct db db;
    struct db_chunk chunk;
    wax_status status = db_open(&db, wax_bytes_of(data, size));
    size_t count = 0;

    while (status == WAX_OK && (status = db_next(&db, &chunk)) == WAX_OK) {
        wax_assert(chunk.kind >= DB_MESSAGE && chunk.kind <= DB_CLIENT && ++count <= size);
        check(chunk.client_id, data, size);
        check(chunk.user, data, size);
        check(chunk.topic, data, size);
        check(chunk.payload, data, size);
        check(chunk.properties, data, size);
    }
    wax_assert(status == WAX_NOT_FOUND || status == WAX_MALFORMED ||
               status == WAX_UNSUPPORTED_VERSION);
    return 0;
}
