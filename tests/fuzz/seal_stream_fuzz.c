/* Messages of a stream as a stranger sends them: whatever comes, in whatever pieces, nothing is
 * taken that was not sealed. The first byte says how many bytes come at once; the rest are
 * messages, each with its size in two bytes in front. The seeds of the corpus were sealed. */
#include "fuzz.h"

#include "seal/seal.h"

enum { CHUNK = 64 };

static const uint8_t secret[WAX_SECRET_SIZE] = {5};

/* What one opener took. */
static void push_all(wax_stream_opener *stream, wax_bytes message, size_t piece)
{
    wax_stream_opener_begin(stream, WAX_TEXT("t"), message.size, 0);
    for (size_t at = 0; at < message.size; at += piece) {
        wax_bytes bytes =
            wax_bytes_of(message.data + at, message.size - at < piece ? message.size - at : piece);

        while (bytes.size > 0) {
            const size_t before = bytes.size;
            wax_chunk chunk;
            const wax_status status = wax_stream_opener_push(stream, &bytes, &chunk);

            fuzz_require(bytes.size < before);
            if (status == WAX_OK) {
                fuzz_require(chunk.data.size <= CHUNK && chunk.index + 1 == stream->next);
                fuzz_require(stream->is_whole == chunk.is_last);
            } else {
                fuzz_require(chunk.data.size == 0);
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bound[64];
    uint8_t room[WAX_CHUNK_ROOM(CHUNK)];
    const wax_seal_group group = {
        .suite = &wax_suite_ascon, .group_class = WAX_CLASS_STREAM, .tag_size = 8};
    const wax_epoch_key epoch = {.epoch = 1, .secret = secret};
    const wax_sender_range range = {.first = 1, .last = WAX_SENDER_MAX};
    wax_sender_record sender = {.epoch = 0};
    wax_opener opener = {
        .group = &group,
        .room = {bound, sizeof bound},
        .epochs = &epoch,
        .epoch_count = 1,
        .epochs_kept = 1,
        .ranges = &range,
        .range_count = 1,
        .senders = &sender,
        .sender_count = 1,
        .step_max = 4
    };
    wax_stream_opener stream = {.opener = &opener, .room = room, .room_size = sizeof room};
    wax_reader in;

    if (size == 0) {
        return 0;
    }
    in = wax_reader_over(wax_bytes_of(data + 1, size - 1));
    while (wax_reader_left(&in) > 0) {
        const wax_bytes message = wax_read_blob(&in);

        if (in.status != WAX_OK) {
            break;
        }
        push_all(&stream, message, 1U + data[0]);
    }
    return 0;
}
