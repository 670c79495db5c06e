/* What the device gets. */
#include "sn/internal.h"

void wax_sn_say(const wax_sn_turn *turn, const wax_sn_packet *packet)
{
    (void)!wax_sn_packet_write(turn->down, packet);
    turn->down->status = WAX_OK;
}
