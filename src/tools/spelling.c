/* How far a word is from one that exists, so that the right one can be proposed. */
#include "tools/spelling.h"
#include "base/base.h"

#include <string.h>

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

size_t tools_spelling_distance(const char *one, const char *other)
{
    size_t row[32];
    size_t size = strlen(other);

    if (size >= WAX_COUNT(row)) {
        return size;
    }
    for (size_t i = 0; i <= size; i++) {
        row[i] = i;
    }
    for (size_t i = 0; one[i] != '\0'; i++) {
        size_t before = row[0];

        row[0] = i + 1;
        for (size_t k = 0; k < size; k++) {
            size_t change = before + (one[i] == other[k] ? 0 : 1);

            before = row[k + 1];
            row[k + 1] = least(change, least(row[k], before) + 1);
        }
    }
    return row[size];
}
