/* updater: a device that takes new firmware from its broker and is nothing else: boot loader, old
 * program and new one in an image. docs/update.md says what it does; numbers are its sections. */
#ifndef WAX_UPDATER_H
#define WAX_UPDATER_H

#include "device/device.h"
#include "transport/transport.h"

/* Boots what the flash holds, and takes what the vendor has signed, over connections that `dial`
 * makes; NULL: there is none now. Prints what happens. The file "until" names the version that it
 * is to come to: returns the exit status of the image, 0 when it runs and is confirmed; otherwise
 * it goes on. The file "cut" names the operation of the flash in the middle of which the power
 * goes: nothing happens any more. */
int updater_run(wax_transport *(*dial)(void));

/* The same inside of TLS, by the filter of tls.h. */
int updater_run_tls(const wax_device_settings *settings);

#endif
