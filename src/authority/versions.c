/* Versions, number by number. */
#include "authority/versions.h"

static bool is_digit(uint8_t letter)
{
    return letter >= '0' && letter <= '9';
}

static wax_bytes from_digit(wax_bytes text)
{
    while (text.size > 0 && !is_digit(text.data[0])) {
        text = wax_bytes_of(text.data + 1, text.size - 1);
    }
    return text;
}

/* The next number of a version; 0 behind the last. One too large to be told is the largest. */
static uint64_t next_number(wax_bytes *version)
{
    wax_bytes rest = *version;
    uint64_t number = 0;

    while (rest.size > 0 && is_digit(rest.data[0])) {
        const uint64_t digit = (uint64_t)(rest.data[0] - '0');

        number = number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : number * 10 + digit;
        rest = wax_bytes_of(rest.data + 1, rest.size - 1);
    }
    if (rest.size > 1 && rest.size < version->size && rest.data[0] == '.' &&
        is_digit(rest.data[1])) {
        rest = wax_bytes_of(rest.data + 1, rest.size - 1);
    }
    *version = rest;
    return number;
}

static bool goes_on(wax_bytes version)
{
    return version.size > 0 && is_digit(version.data[0]);
}

static bool is_early(wax_bytes version)
{
    return version.size > 0 && version.data[0] == '-';
}

bool version_is_older(wax_bytes version, wax_bytes minimum)
{
    version = from_digit(version);
    minimum = from_digit(minimum);
    if (version.size == 0) {
        return true;
    }
    while (goes_on(version) || goes_on(minimum)) {
        const uint64_t has = next_number(&version);
        const uint64_t wants = next_number(&minimum);

        if (has != wants) {
            return has < wants;
        }
    }
    return is_early(version) && !is_early(minimum);
}
