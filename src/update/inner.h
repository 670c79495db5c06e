/* What the files of this room have in common: how state and logs stand in flash. [5] */
#ifndef WAX_UPDATE_INNER_H
#define WAX_UPDATE_INNER_H

#include "update/update.h"

/* The other slot; where the image of a slot stands. */
uint8_t update_other(uint8_t slot);
wax_update_area update_slot_area(uint8_t slot);

/* CRC-32 as in IEEE 802.3: tells what was written whole from what was not. */
uint32_t update_crc(wax_bytes bytes);

/* Reads the newer of two records of the state. WAX_OK, WAX_NOT_FOUND or WAX_IO. */
wax_status update_state_read(wax_update *self) WAX_CHECKED;

/* Writes a state, whose sequence is the next, in the place of the older record. WAX_OK: a loss of
 * power cannot take it back, and it is the device's; WAX_IO: the old one holds. */
wax_status update_state_write(wax_update *self, const wax_update_state *state) WAX_CHECKED;

/* How much of a slot is erased and marked at once. */
uint32_t update_unit_size(const wax_update *self, const wax_update_manifest *manifest);

/* Whether slot, log and room can take the image. */
bool update_fits(const wax_update *self, const wax_update_manifest *manifest);

/* Whether it is for this kind of device. */
bool update_is_ours(const wax_update *self, const wax_update_manifest *manifest);

/* Begins the log of a slot with a manifest, which the device then views. WAX_OK or WAX_IO. */
wax_status update_log_begin(wax_update *self, uint8_t slot, wax_bytes message) WAX_CHECKED;

/* Reads the manifest of a slot, and when it was begun; the device views it. WAX_OK;
 * WAX_NOT_FOUND or WAX_UNTRUSTED when there is none that was signed; WAX_IO. */
wax_status update_log_read(wax_update *self, uint8_t slot, uint32_t *begun) WAX_CHECKED;

/* Marks a unit as written; finds the first that is not. WAX_OK or WAX_IO. */
wax_status update_log_mark(wax_update *self, uint8_t slot, uint32_t unit) WAX_CHECKED;
wax_status update_log_find(wax_update *self, uint8_t slot, uint32_t *unit) WAX_CHECKED;

/* Reads chunk `next` of a slot back into the tree. WAX_OK; WAX_IO; WAX_UNSPECIFIED_ERROR. */
wax_status update_tree_read(wax_update *self, uint8_t slot) WAX_CHECKED;

/* Whether the tree that was read has the manifest's root. WAX_OK, WAX_UNTRUSTED or
 * WAX_UNSPECIFIED_ERROR. */
wax_status update_tree_judge(const wax_update *self) WAX_CHECKED;

/* Forgets what is under way. */
void update_rest(wax_update *self, wax_update_phase phase);

#endif
