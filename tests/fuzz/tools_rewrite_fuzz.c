/* Any bytes from a program and from a broker, in turns: whatever they say, no message leaves that
 * was not sealed, and none reaches the program that was not opened. */
#include "../rewrite_check.h"
#include "fuzz.h"

/* Each PUBLISH among what was written is one that sealing, or opening, has made. */
static void look_through(const struct rewriting *self, const wax_writer *out, bool is_sealed)
{
    wax_reader in = wax_reader_over(wax_writer_bytes(out));
    wax_packet packet;
    wax_publish publish;

    while (wax_reader_left(&in) > 0 &&
           wax_packet_read(&packet, &in, self->rewrite.version, WAX_PACKET_SIZE_MAX) == WAX_OK) {
        if (packet.type != WAX_PUBLISH) {
            continue;
        }
        fuzz_require(wax_publish_read(&publish, &packet) == WAX_OK);
        fuzz_require(!is_sealed || wax_bytes_start_with(publish.payload, WAX_TEXT(SEALED)));
    }
}

/* Offers bytes until nothing of them is taken any more. Returns false at the end. */
static bool offer(struct rewriting *self, bool is_program, wax_bytes bytes)
{
    wax_reader in = wax_reader_over(bytes);
    enum rewrite_step step = REWRITE_GOES_ON;

    while (step == REWRITE_GOES_ON) {
        const uint8_t *before = in.at;

        self->up.used = self->down.used = 0;
        step = is_program ? tools_rewrite_send(&self->rewrite, &in, &self->up, &self->down)
                          : tools_rewrite_receive(&self->rewrite, &in, &self->down, &self->up);
        fuzz_require(step != REWRITE_FULL);
        fuzz_require(step != REWRITE_GOES_ON || in.at > before);
        fuzz_require(self->up.status == WAX_OK && self->down.status == WAX_OK);
        look_through(self, &self->up, true);
        look_through(self, &self->down, false);
        if (is_program) {
            wax_connect connect;

            (void)tools_rewrite_peek(&(struct rewrite){.version = self->rewrite.version}, in,
                                     &connect, &self->down);
        }
    }
    return step != REWRITE_ENDS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rewriting *self = rewriting_new();
    bool goes_on = true;

    /* A byte says who speaks and whether keys are waited for, two how much. */
    while (goes_on && size >= 3) {
        size_t part = (size_t)(data[1] << 8 | data[2]);
        bool is_program = (data[0] & 1) != 0;

        self->waits = (data[0] & 2) != 0;
        data += 3;
        size -= 3;
        part = part > size ? size : part;
        /* Who is not connected yet has no broker. */
        if (is_program || self->rewrite.is_connected) {
            goes_on = offer(self, is_program, wax_bytes_of(data, part));
        }
        data += part;
        size -= part;
    }
    rewriting_free(self);
    return 0;
}
