/* A mailbox as a device takes it that only writes: read for what it needs, and passed over. */
#include "cbor/cbor.h"
#include "keys/letter.h"
#include "keys/mailbox.h"

/* Keys of the maps. [8] */
enum { VERSION = 1, GENERATION = 2, DEVICE = 3, GROUPS = 4 };
enum {
    ID = 1,
    SUITE = 2,
    CLASS = 3,
    TAG_SIZE = 4,
    SENDER = 7,
    WRITE_EPOCH = 8,
    EPOCHS = 10,
    FIRST_POSITION = 11,
    NUMBERS
};

/* A number or a count; none here needs more than 32 bits. */
static uint32_t narrow(wax_reader *in, uint64_t value)
{
    wax_require(in, value <= UINT32_MAX, WAX_MALFORMED);
    return in->status == WAX_OK ? (uint32_t)value : 0;
}

static uint32_t read_number(wax_reader *in)
{
    return narrow(in, wax_cbor_read_number(in));
}

/* Bytes of a size that is known; NULL when they are not. */
static const uint8_t *read_fixed(wax_reader *in, size_t size)
{
    const wax_bytes bytes = wax_cbor_read_bytes(in);

    wax_require(in, bytes.size == size, WAX_MALFORMED);
    return bytes.data;
}

/* The sender's secret of the epoch that is written in: a row is number, what it holds, secret. */
static void read_epochs(wax_reader *in, wax_keys_writing *writing)
{
    for (uint32_t left = narrow(in, wax_cbor_read_array(in)); left > 0; left--) {
        const bool is_row = wax_cbor_read_array(in) == 3;
        const uint32_t epoch = read_number(in);
        const uint32_t what = read_number(in);
        const uint8_t *secret = read_fixed(in, WAX_KEYS_SECRET_SIZE);

        wax_require(in, is_row, WAX_MALFORMED);
        if (in->status != WAX_OK) {
            return;
        }
        if (epoch == writing->epoch && what == WAX_KEYS_SENDER_SECRET) {
            writing->secret = secret;
        }
    }
}

/* Whether a group is one in which the device writes; else nothing is taken of it. */
static bool read_group(wax_reader *in, wax_keys_writing *writing)
{
    wax_reader epochs = *in;
    uint32_t numbers[NUMBERS] = {0};

    writing->group = NULL;
    for (uint32_t left = narrow(in, wax_cbor_read_map(in)); left > 0; left--) {
        const uint32_t key = read_number(in);

        if (key == ID) {
            writing->group = read_fixed(in, WAX_KEYS_ID_SIZE);
        } else if (key < NUMBERS && wax_cbor_peek(in) == WAX_CBOR_NUMBER) {
            numbers[key] = read_number(in);
        } else {
            epochs = key == EPOCHS ? *in : epochs;
            wax_cbor_skip(in);
        }
        if (in->status != WAX_OK) {
            return false;
        }
    }
    writing->suite = numbers[SUITE];
    writing->group_class = numbers[CLASS];
    writing->tag_size = numbers[TAG_SIZE];
    writing->sender = numbers[SENDER];
    writing->epoch = numbers[WRITE_EPOCH];
    writing->first_position = numbers[FIRST_POSITION];
    if (writing->sender != 0) {
        read_epochs(&epochs, writing);
        wax_require(in, writing->group != NULL && writing->secret != NULL, WAX_MALFORMED);
    }
    return writing->sender != 0;
}

/* The first such group; the rest is passed over. */
static void read_groups(wax_reader *in, wax_keys_writing *writing)
{
    bool is_found = false;

    for (uint32_t left = narrow(in, wax_cbor_read_array(in)); left > 0; left--) {
        if (is_found) {
            wax_cbor_skip(in);
        } else {
            is_found = read_group(in, writing);
        }
        if (in->status != WAX_OK) {
            return;
        }
    }
    if (!is_found) {
        writing->group = NULL;
    }
}

/* A text that is compared with one that is known: nobody needs to know whether it is UTF-8. */
static wax_bytes read_name(wax_reader *in)
{
    const uint8_t *start = in->at;
    const bool is_text = wax_cbor_peek(in) == WAX_CBOR_TEXT;
    size_t head;

    wax_cbor_skip(in);
    wax_require(in, is_text, WAX_MALFORMED);
    head = in->at - start > 24 ? 2 : 1;
    return in->status == WAX_OK ? (wax_bytes){start + head, (size_t)(in->at - start) - head}
                                : (wax_bytes){NULL, 0};
}

wax_status writing_read(wax_bytes plain, const struct letter_head *head, wax_bytes topic,
                        wax_keys_writing *writing)
{
    wax_reader in = wax_reader_over(plain);

    for (uint32_t left = narrow(&in, wax_cbor_read_map(&in)); left > 0 && in.status == WAX_OK;
         left--) {
        const uint32_t key = read_number(&in);

        if (key == GROUPS) {
            read_groups(&in, writing);
        } else if (key == VERSION) {
            wax_require(&in, wax_cbor_read_number(&in) == head->number, WAX_MALFORMED);
        } else if (key == GENERATION) {
            wax_require(&in, read_number(&in) == head->generation, WAX_MALFORMED);
        } else if (key == DEVICE) {
            wax_require(&in, mailbox_is_for(topic, read_name(&in)), WAX_MALFORMED);
        } else {
            wax_cbor_skip(&in);
        }
    }
    return in.status;
}

wax_status wax_keys_writing_open(wax_keys_writing *writing, wax_keys_mark *mark,
                                 const wax_keys_ends *ends, uint8_t *message, size_t size)
{
    wax_bytes plain = (wax_bytes){message, size};
    struct letter_head head;
    wax_status status = letter_open(&mailbox_kind, ends, &plain, &head);

    *writing = (wax_keys_writing){.group = NULL};
    if (status != WAX_OK) {
        return status;
    }
    status = writing_read(plain, &head, ends->topic, writing);
    if (status == WAX_OK) {
        status = mailbox_note(mark, &head);
    }
    if (status != WAX_OK) {
        wax_wipe(message, size);
        *writing = (wax_keys_writing){.group = NULL};
    }
    return status;
}
