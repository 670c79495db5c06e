/* What is remembered of a session beside what OpenSSL remembers. */
#include "tls/inner.h"

#include <string.h>

enum { NOTE_SIZE_MIN = 8 + TLS_DIGEST_SIZE };

bool tls_note_write(SSL_SESSION *session, const struct tls_note *note)
{
    uint8_t room[NOTE_SIZE_MIN + sizeof note->identity];
    wax_writer out = wax_writer_over(room, sizeof room);

    wax_write_u32(&out, (uint32_t)((uint64_t)note->until >> 32U));
    wax_write_u32(&out, (uint32_t)note->until);
    wax_write_bytes(&out, wax_bytes_of(note->psk_digest, sizeof note->psk_digest));
    wax_write_bytes(&out, wax_bytes_of_text(note->identity));
    return SSL_SESSION_set1_ticket_appdata(session, room, out.used) == 1;
}

bool tls_note_read(SSL_SESSION *session, struct tls_note *note)
{
    void *data = NULL;
    size_t size = 0;
    wax_reader in;
    wax_bytes rest;
    uint64_t until;

    *note = (struct tls_note){.until = 0};
    if (session == NULL || SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 ||
        size < NOTE_SIZE_MIN || size >= NOTE_SIZE_MIN + sizeof note->identity) {
        return false;
    }
    in = wax_reader_over(wax_bytes_of(data, size));
    until = (uint64_t)wax_read_u32(&in) << 32U;
    until |= wax_read_u32(&in);
    note->until = (int64_t)until;
    memcpy(note->psk_digest, wax_read_bytes(&in, TLS_DIGEST_SIZE).data, TLS_DIGEST_SIZE);
    rest = wax_reader_rest(&in);
    memcpy(note->identity, rest.data, rest.size);
    return true;
}
