/* Views of bytes, secrets included. */
#include "base/base.h"

#include <string.h>

wax_bytes wax_bytes_of(const void *data, size_t size)
{
    return (wax_bytes){data, size};
}

wax_bytes wax_bytes_of_text(const char *text)
{
    size_t size = 0;

    while (text != NULL && text[size] != '\0') {
        size++;
    }
    return wax_bytes_of(text, size);
}

bool wax_bytes_equal(wax_bytes one, wax_bytes other)
{
    return one.size == other.size && (one.size == 0 || memcmp(one.data, other.data, one.size) == 0);
}

bool wax_bytes_start_with(wax_bytes whole, wax_bytes start)
{
    return whole.size >= start.size && wax_bytes_equal(wax_bytes_of(whole.data, start.size), start);
}

int wax_bytes_compare(wax_bytes one, wax_bytes other)
{
    size_t common = one.size < other.size ? one.size : other.size;
    int order = common == 0 ? 0 : memcmp(one.data, other.data, common);

    return order != 0 ? order : (one.size > other.size) - (one.size < other.size);
}

bool wax_secret_equals(const uint8_t *one, const uint8_t *other, size_t size)
{
    volatile uint8_t difference = 0;

    for (size_t i = 0; i < size; i++) {
        difference = (uint8_t)(difference | (one[i] ^ other[i]));
    }
    return difference == 0;
}

/* As fast as memset. What follows does nothing, but reads the bytes for all that a compiler knows:
 * so it leaves none of them out. */
void wax_wipe(void *secret, size_t size)
{
    if (size > 0) {
        memset(secret, 0, size);
        __asm__ __volatile__("" : : "r"(secret) : "memory");
    }
}
