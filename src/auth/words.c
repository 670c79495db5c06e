/* Attributes of SCRAM's messages. */
#include "auth/words.h"

#include <string.h>

wax_bytes wax_scram_cut(wax_bytes *text)
{
    const uint8_t *comma = text->size == 0 ? NULL : memchr(text->data, ',', text->size);
    wax_bytes part = *text;

    if (comma == NULL) {
        *text = wax_bytes_of(NULL, 0);
        return part;
    }
    part.size = (size_t)(comma - text->data);
    *text = wax_bytes_of(comma + 1, text->size - part.size - 1);
    return part;
}

bool wax_scram_value(wax_bytes *text, char letter, wax_bytes *value)
{
    wax_bytes part = wax_scram_cut(text);

    if (part.size < 2 || part.data[0] != (uint8_t)letter || part.data[1] != '=') {
        return false;
    }
    *value = wax_bytes_of(part.data + 2, part.size - 2);
    return true;
}

bool wax_scram_is_nonce(wax_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < 0x21 || text.data[i] > 0x7e || text.data[i] == ',') {
            return false;
        }
    }
    return text.size > 0;
}

/* The sign that "=2C" or "=3D" stands for; 0 for anything else. */
static char escaped(wax_bytes text)
{
    if (wax_bytes_start_with(text, WAX_TEXT("=2C"))) {
        return ',';
    }
    return wax_bytes_start_with(text, WAX_TEXT("=3D")) ? '=' : '\0';
}

bool wax_scram_read_name(wax_bytes text, char *room, size_t *size)
{
    *size = 0;
    if (text.size == 0 || text.size > WAX_SCRAM_MESSAGE_MAX || !wax_utf8_is_valid(text)) {
        return false;
    }
    for (size_t at = 0; at < text.size; at++) {
        char letter = (char)text.data[at];
        if (letter == '=') {
            letter = escaped(wax_bytes_of(text.data + at, text.size - at));
            at += 2;
        }
        if (letter == '\0') {
            return false;
        }
        room[(*size)++] = letter;
    }
    return true;
}

void wax_scram_write_name(wax_writer *out, wax_bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == ',') {
            wax_write_bytes(out, WAX_TEXT("=2C"));
        } else if (name.data[i] == '=') {
            wax_write_bytes(out, WAX_TEXT("=3D"));
        } else {
            wax_write_u8(out, name.data[i]);
        }
    }
}

bool wax_scram_read_number(wax_bytes text, uint32_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        *number = *number * 10 + (text.data[i] - '0');
    }
    return text.size > 0 && text.size <= 8 && text.data[0] != '0';
}

bool wax_scram_speak(wax_scram *scram, wax_bytes text)
{
    if (text.size > sizeof scram->spoken - scram->spoken_size) {
        return false;
    }
    if (text.size > 0) {
        memcpy(scram->spoken + scram->spoken_size, text.data, text.size);
    }
    scram->spoken_size += text.size;
    return true;
}
