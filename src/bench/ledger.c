/* The order of what came. */
#include "bench/bench.h"

enum { SEEN = 64 };

static wax_arrival take_old(wax_ledger *ledger, uint32_t number)
{
    uint32_t behind = ledger->next - 1 - number;
    uint64_t bit = behind >= 1 && behind <= SEEN ? UINT64_C(1) << (behind - 1) : 0;

    if (behind == 0 || (ledger->seen & bit) != 0 ||
        (behind > SEEN && ledger->received == ledger->next)) {
        return WAX_ARRIVAL_AGAIN;
    }
    ledger->seen |= bit;
    ledger->received++;
    return WAX_ARRIVAL_LATE;
}

wax_arrival wax_ledger_take(wax_ledger *ledger, uint32_t number)
{
    uint32_t step;

    if (number < ledger->next) {
        return take_old(ledger, number);
    }
    step = number - ledger->next + 1;
    ledger->seen = step < SEEN ? ledger->seen << step : 0;
    if (ledger->next > 0 && step <= SEEN) {
        ledger->seen |= UINT64_C(1) << (step - 1); /* what was the highest */
    }
    ledger->next = number + 1;
    ledger->received++;
    return WAX_ARRIVAL_IN_ORDER;
}
