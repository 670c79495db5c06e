/* A sender's windows and places; inside of the room. */
#ifndef WAX_SEAL_SEALER_H
#define WAX_SEAL_SEALER_H

#include "seal/schedule.h"

/* Whose keys a sender's are. */
struct scope sealer_scope(const wax_sealer *self);

/* The position that sealer_take() would give if no window had to be begun for it, or the first of
 * the next window. */
uint32_t sealer_next(const wax_sealer *self);

/* Takes the next position, beginning a window where the last is used up.
 * Returns WAX_OK; WAX_INVALID before a start; WAX_FULL without a window left; what the store
 * returned; WAX_UNSPECIFIED_ERROR. Unless WAX_OK none was taken. */
wax_status sealer_take(wax_sealer *self, uint32_t *position);

/* Takes the position of a Will. Statuses are as those of sealer_take(). */
wax_status sealer_take_will(wax_sealer *self, uint32_t *position);

#endif
