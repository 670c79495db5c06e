/* Reading HOST:PORT. */
#include "tools/place.h"

#include <stdlib.h>
#include <string.h>

bool tools_place_read(const char *text, char *host, size_t size, uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    size_t used = colon == NULL ? 0 : (size_t)(colon - text);
    char *end = NULL;
    unsigned long number = colon == NULL ? 0 : strtoul(colon + 1, &end, 10);

    if (used > 1 && text[0] == '[' && text[used - 1] == ']') {
        text++;
        used -= 2;
    }
    if (used == 0 || used >= size || end == colon + 1 || *end != '\0' || number == 0 ||
        number > 65535) {
        return false;
    }
    memcpy(host, text, used);
    host[used] = '\0';
    *port = (uint16_t)number;
    return true;
}
