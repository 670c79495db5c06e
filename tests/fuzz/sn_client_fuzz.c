/* A device and a broker that say anything in any order to the gateway's client. The first byte
 * chooses the version; then one byte of what happens and one of how, perhaps with bytes behind it.
 */
#include "fuzz.h"

#include "../sn_world.h"

/* What every call leaves behind. */
static void check(struct world *world)
{
    const wax_sn_client *client = &world->client;
    wax_reader down = wax_reader_over(wax_writer_bytes(&world->down));
    wax_sn_packet packet;
    wax_bytes bytes;

    while (wax_sn_packet_next(&bytes, &down) == WAX_OK) {
        fuzz_require(wax_sn_packet_read(&packet, bytes) == WAX_OK);
        fuzz_require(bytes.size <= WAX_SN_PACKET_MAX);
    }
    fuzz_require(wax_reader_left(&down) == 0);
    fuzz_require(world->down.status == WAX_OK && world->up.status == WAX_OK);
    fuzz_require(client->queue_used <= WAX_SN_QUEUE_SIZE);
    fuzz_require(client->state <= WAX_SN_ENDED && client->line <= WAX_SN_LINE_CUT);
    fuzz_require(client->line == WAX_SN_LINE_OPENING || client->line == WAX_SN_LINE_OPEN ||
                 client->line == WAX_SN_LINE_LEAVING || client->line == WAX_SN_LINE_CUT ||
                 world->up.used == 0);
    fuzz_require(client->state != WAX_SN_ENDED || client->line == WAX_SN_LINE_NONE ||
                 client->line == WAX_SN_LINE_LEAVING || client->line == WAX_SN_LINE_CUT);
    (void)wax_sn_client_deadline_ms(client);
}

/* Bytes of the broker's are cut as a socket cuts them: at most so many are offered at once. */
static void hear(struct world *world, wax_bytes bytes)
{
    wax_reader in = wax_reader_over(bytes);
    wax_status status = WAX_OK;

    while (status == WAX_OK) {
        wax_sn_turn turn = world_turn(world);

        status = wax_sn_client_hear(&world->client, &in, &turn);
        check(world);
    }
}

static void act(struct world *world, uint8_t what, uint8_t how, wax_reader *in)
{
    wax_bytes bytes = wax_read_bytes(in, how < wax_reader_left(in) && what % 8U < 4 ? how : 0);
    wax_sn_packet packet;

    switch (what % 8U) {
    case 0:
    case 1:
        if (wax_sn_packet_read(&packet, bytes) == WAX_OK) {
            device_says(world, &packet);
        }
        break;
    case 2:
    case 3:
        hear(world, bytes);
        break;
    case 4:
        time_passes(world, how * 700U);
        break;
    case 5:
        if (world->client.line == WAX_SN_LINE_WANTED) {
            broker_is_reached(world);
            check(world);
            broker_accepts(world, how % 2U == 1);
        }
        break;
    case 6:
        if (world->client.line != WAX_SN_LINE_NONE) {
            broker_is_lost(world);
        }
        break;
    default:
        broker_publishes(world, how % 2U == 0 ? "ab" : "a/topic", wax_bytes_of(bytes.data, 0),
                         how % 3U, how % 3U == 0 ? 0 : how);
        break;
    }
    check(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    wax_reader in = wax_reader_over(wax_bytes_of(data, size));

    if ((wax_read_u8(&in) & 1U) == 0) {
        world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
    } else {
        world_begin(&world, WAX_VERSION_3_1_1);
    }
    while (wax_reader_left(&in) > 0) {
        uint8_t what = wax_read_u8(&in);

        act(&world, what, wax_read_u8(&in), &in);
    }
    return 0;
}
