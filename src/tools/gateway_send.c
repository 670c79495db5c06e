/* What wax gateway sends to devices. */
#include "tools/gateway_parts.h"

#include <string.h>
#include <unistd.h>

enum { FRAMES_SIZE = 64 }; /* what goes around a few packets */

void gateway_line_flush(struct line_way *line)
{
    ssize_t size = 1;

    while (line->watch.descriptor >= 0 && line->out_size > 0 && size > 0) {
        size = write(line->watch.descriptor, line->out, line->out_size);
        if (size > 0) {
            line->out_size -= (size_t)size;
            memmove(line->out, line->out + size, line->out_size);
        }
    }
}

size_t gateway_room_for(const struct peer *peer)
{
    size_t left;

    if (peer->line == NULL) {
        return GATEWAY_DOWN_SIZE;
    }
    left = (sizeof peer->line->out - peer->line->out_size) / 2; /* every byte may become two */
    return left > FRAMES_SIZE ? left - FRAMES_SIZE : 0;
}

static void send_one(const struct peer *peer, wax_bytes packet)
{
    struct line_way *line = peer->line;
    wax_writer out;

    if (line != NULL && line->watch.descriptor >= 0) {
        out = wax_writer_over(line->out, sizeof line->out);
        out.used = line->out_size;
        (void)!wax_sn_frame_write(&out, packet); /* without room it is lost, as on the line */
        line->out_size = out.used;
        gateway_line_flush(line);
    } else if (peer->socket != NULL) {
        (void)!sendto(peer->socket->watch.descriptor, packet.data, packet.size, 0,
                      (const struct sockaddr *)&peer->address, peer->address_size);
    }
}

void gateway_send(const struct peer *peer, wax_bytes packets)
{
    wax_reader in = wax_reader_over(packets);
    wax_bytes packet;

    while (wax_sn_packet_next(&packet, &in) == WAX_OK) {
        send_one(peer, packet);
    }
}
