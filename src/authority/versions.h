/* Versions, as devices tell theirs. */
#ifndef WAX_AUTHORITY_VERSIONS_H
#define WAX_AUTHORITY_VERSIONS_H

#include "base/base.h"

/* Whether a version is older than another: numbers are compared one by one, what stands in front of
 * the first is passed over, and 2.0-rc1 is older than 2.0. One without a number is older than any.
 */
bool version_is_older(wax_bytes version, wax_bytes minimum);

#endif
