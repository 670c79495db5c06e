/* Finding the row of an option, and the one that a misspelt name means. */
#include "broker/options.h"

#include <limits.h>

enum { NAME_SIZE_MAX = 40 };

static bool matches(const wax_option *option, wax_bytes name)
{
    wax_bytes known = wax_bytes_of_text(option->name);
    if (known.data[known.size - 1] != '*') {
        return wax_bytes_equal(known, name);
    }
    known.size--;
    return name.size > known.size && wax_bytes_start_with(name, known);
}

const wax_option *wax_option_find(wax_bytes name)
{
    for (size_t i = 0; i < wax_option_count; i++) {
        const wax_option *option = &wax_options[i];
        if (matches(option, name)) {
            return option->alias_of ? wax_option_find(wax_bytes_of_text(option->alias_of)) : option;
        }
    }
    return NULL;
}

size_t wax_option_number(const wax_option *option)
{
    return (size_t)(option - wax_options);
}

static unsigned lesser(unsigned one, unsigned other)
{
    return one < other ? one : other;
}

/* Whether the last two of the first i and j letters are the same ones, swapped. */
static bool ends_swapped(wax_bytes one, size_t i, wax_bytes other, size_t j)
{
    return i > 1 && j > 1 && one.data[i - 1] == other.data[j - 2] &&
           one.data[i - 2] == other.data[j - 1];
}

/* How many letters must be put in, left out, changed or swapped with their neighbour. */
static unsigned distance(wax_bytes one, wax_bytes other)
{
    unsigned rows[3][NAME_SIZE_MAX + 1] = {{0}};
    for (size_t j = 0; j <= other.size; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= one.size; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= other.size; j++) {
            unsigned changed = one.data[i - 1] != other.data[j - 1];
            unsigned swapped = ends_swapped(one, i, other, j) ? two_above[j - 2] + 1 : UINT_MAX;
            unsigned put_in_or_left_out = lesser(above[j], row[j - 1]) + 1;
            row[j] = lesser(lesser(put_in_or_left_out, above[j - 1] + changed), swapped);
        }
    }
    return rows[one.size % 3][other.size];
}

const wax_option *wax_option_nearest(wax_bytes name)
{
    /* A third of the letters wrong is another word. */
    unsigned far_max = lesser(3, (unsigned)(name.size / 3));
    unsigned least = far_max + 1;
    const wax_option *nearest = NULL;
    if (name.size > NAME_SIZE_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < wax_option_count; i++) {
        wax_bytes known = wax_bytes_of_text(wax_options[i].name);
        if (known.size > NAME_SIZE_MAX || known.size > name.size + far_max ||
            name.size > known.size + far_max) {
            continue;
        }
        unsigned far = distance(name, known);
        if (far < least) {
            least = far;
            nearest = &wax_options[i];
        }
    }
    return nearest;
}
