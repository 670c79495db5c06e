/* How often values came: exact up to 64, then 32 steps for every power of two. */
#include "bench/bench.h"

enum {
    HALF = WAX_HISTOGRAM_STEPS / 2,
    EXACT_BITS = 6, /* 2^6 is WAX_HISTOGRAM_STEPS */
};

static size_t slot_of(uint64_t value)
{
    unsigned shift;
    size_t slot;

    if (value < WAX_HISTOGRAM_STEPS) {
        return (size_t)value;
    }
    shift = 64U - (unsigned)__builtin_clzll(value) - EXACT_BITS;
    slot = (size_t)shift * HALF + (size_t)(value >> shift);
    return slot < WAX_HISTOGRAM_SIZE ? slot : WAX_HISTOGRAM_SIZE - 1;
}

/* The largest value that falls into a slot. */
static uint64_t end_of(size_t slot)
{
    size_t shift = slot < WAX_HISTOGRAM_STEPS ? 0 : slot / HALF - 1;

    return ((uint64_t)(slot - shift * HALF + 1) << shift) - 1;
}

void wax_histogram_add(wax_histogram *histogram, uint64_t value)
{
    histogram->count++;
    histogram->greatest = value > histogram->greatest ? value : histogram->greatest;
    histogram->slots[slot_of(value)]++;
}

uint64_t wax_histogram_quantile(const wax_histogram *histogram, uint32_t part)
{
    uint64_t wanted = (histogram->count * part + 99999) / 100000;
    uint64_t passed = 0;

    if (histogram->count == 0) {
        return 0;
    }
    for (size_t i = 0; i < WAX_HISTOGRAM_SIZE; i++) {
        passed += histogram->slots[i];
        if (passed >= wanted && passed > 0) {
            return end_of(i) < histogram->greatest ? end_of(i) : histogram->greatest;
        }
    }
    return histogram->greatest;
}
