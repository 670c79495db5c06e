/* HKDF as HPKE calls it: with labels that keep versions, suites and purposes apart. */
#ifndef WAX_HPKE_LABELED_H
#define WAX_HPKE_LABELED_H

#include "hpke/hpke.h"

/* The suites' names: of the key encapsulation alone, and of all. [RFC 9180, 4.1 and 5.1] */
extern const wax_bytes hpke_kem;
extern const wax_bytes hpke_suite;

/* What is derived, by which suite and label. */
struct labeled {
    wax_bytes suite;
    wax_bytes label;
};

/* LabeledExtract. [RFC 9180, 4] */
wax_status hpke_extract(const struct labeled *by, wax_bytes salt, wax_bytes from,
                        uint8_t secret[static WAX_HKDF_SECRET_SIZE]) WAX_CHECKED;

/* LabeledExpand; at most 65,535 bytes. [RFC 9180, 4] */
wax_status hpke_expand(const struct labeled *by, const uint8_t root[static WAX_HKDF_SECRET_SIZE],
                       wax_bytes info, uint8_t *result, size_t size) WAX_CHECKED;

#endif
