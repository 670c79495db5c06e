/* PSK files: the keys that clients and broker share beforehand. */
#include "access/access.h"

#include "access/array.h"
#include "access/lines.h"

struct psk {
    wax_bytes identity; /* first: the index looks here */
    wax_bytes key;
    size_t line;
};

const char *wax_psk_decode(wax_bytes digits, size_t key_size_min, uint8_t *room, size_t *size)
{
    for (size_t i = 0; i < digits.size; i++) {
        if (wax_hex_digit(digits.data[i]) == WAX_HEX_NONE) {
            return "the key holds something other than the digits 0-9 and a-f: it is written in "
                   "hexadecimal";
        }
    }
    if (digits.size / 2 < key_size_min) {
        return key_size_min == WAX_PSK_KEY_MIN
                   ? "the key is shorter than 16 bytes, which is 32 hexadecimal digits, and can be "
                     "guessed: make one with `openssl rand -hex 32`"
                   : "the key is missing: make one with `openssl rand -hex 32`";
    }
    if (digits.size % 2 != 0) {
        return "the key has an odd number of hexadecimal digits: one is missing or too many";
    }
    if (digits.size / 2 > WAX_PSK_KEY_MAX) {
        return "the key is longer than 256 bytes: 32 are enough for any purpose";
    }
    *size = digits.size / 2;
    return wax_hex_decode(digits, room) ? NULL : "the key is not in hexadecimal";
}

/* Takes a line of `text` apart and decodes its key in place; says what is wrong with it, or NULL.
 */
static const char *read_psk(uint8_t *text, const wax_line *line, size_t key_size_min,
                            struct psk *psk)
{
    wax_bytes rest = line->text;
    const char *fault = wax_line_fault(line);
    uint8_t *room;

    if (fault != NULL) {
        return fault;
    }
    psk->identity = wax_line_trim(wax_line_cut(&rest, ':'));
    psk->line = line->number;
    if (rest.data == NULL) {
        return "there is no ':' between an identity and its key: write IDENTITY:HEXKEY or begin "
               "the line with '#'";
    }
    if (psk->identity.size == 0) {
        return "the identity is missing: write one before the ':' or delete the line";
    }
    if (psk->identity.size > WAX_PSK_IDENTITY_MAX) {
        return "the identity is longer than 255 bytes";
    }
    rest = wax_line_trim(rest);
    room = text + (rest.data - text);
    psk->key.data = room;
    return wax_psk_decode(rest, key_size_min, room, &psk->key.size);
}

static wax_status refuse(wax_access_fault *fault, size_t line, const char *text)
{
    *fault = (wax_access_fault){.line = line, .text = text};
    return WAX_INVALID;
}

static wax_status run_short(wax_access_fault *fault)
{
    *fault = (wax_access_fault){.text = "there is not enough memory for the file"};
    return WAX_FULL;
}

static wax_status read_psks(wax_psks *psks, size_t key_size_min, wax_access_fault *fault)
{
    wax_lines lines = wax_lines_over(wax_bytes_of(psks->text, psks->text_size));
    wax_line line;

    while (wax_lines_next(&lines, &line)) {
        struct psk psk = {0};
        struct psk *added;
        const char *text = read_psk(psks->text, &line, key_size_min, &psk);

        if (text != NULL) {
            return refuse(fault, line.number, text);
        }
        added = wax_access_array_append(&psks->keys, psks->memory);
        if (added == NULL) {
            return run_short(fault);
        }
        *added = psk;
    }
    return WAX_OK;
}

static wax_status index_psks(wax_psks *psks, wax_access_fault *fault)
{
    const size_t count = psks->keys.count;

    if (wax_access_index_open(&psks->by_identity, psks->memory, count) != WAX_OK) {
        return run_short(fault);
    }
    for (size_t i = 0; i < count; i++) {
        const struct psk *psk = wax_access_array_at(&psks->keys, i);
        uint32_t *slot = wax_access_index_slot(&psks->by_identity, &psks->keys, psk->identity);

        if (*slot != 0) {
            const struct psk *before = wax_access_array_at(&psks->keys, *slot - 1U);

            *fault = (wax_access_fault){
                .line = psk->line,
                .other_line = before->line,
                .text = "the identity is there twice: delete the line that is not meant",
            };
            return WAX_INVALID;
        }
        *slot = (uint32_t)i + 1U;
    }
    return WAX_OK;
}

wax_status wax_psks_parse(wax_psks *psks, wax_memory *memory, wax_bytes text, size_t key_size_min,
                          wax_access_fault *fault)
{
    wax_status status;

    *fault = (wax_access_fault){.text = ""};
    *psks = (wax_psks){
        .memory = memory,
        .text_size = text.size,
        .keys.item_size = sizeof(struct psk),
    };
    if (text.size > WAX_ACCESS_TEXT_MAX) {
        return refuse(fault, 0, "the file is larger than 64 MiB: is it a PSK file?");
    }
    psks->text = wax_access_text_copy(memory, text);
    status = psks->text == NULL ? run_short(fault) : read_psks(psks, key_size_min, fault);
    if (status == WAX_OK) {
        status = index_psks(psks, fault);
    }
    if (status != WAX_OK) {
        wax_psks_close(psks);
    }
    return status;
}

void wax_psks_close(wax_psks *psks)
{
    wax_access_array_close(&psks->keys, psks->memory);
    wax_access_index_close(&psks->by_identity, psks->memory);
    wax_access_text_close(psks->memory, psks->text, psks->text_size);
    *psks = (wax_psks){0};
}

size_t wax_psks_count(const wax_psks *psks)
{
    return psks->keys.count;
}

wax_bytes wax_psks_find(const wax_psks *psks, wax_bytes identity)
{
    uint32_t slot = 0;

    if (psks->keys.count > 0) {
        slot = *wax_access_index_slot(&psks->by_identity, &psks->keys, identity);
    }
    return slot == 0 ? wax_bytes_of(NULL, 0)
                     : ((const struct psk *)wax_access_array_at(&psks->keys, slot - 1U))->key;
}
