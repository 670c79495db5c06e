/* sensor_tls: the sensor inside of TLS; images differ in what they prove who they are by, and in
 * the library. */
#ifndef WAX_SENSOR_TLS_H
#define WAX_SENSOR_TLS_H

#include "device/device.h"

/* Does all that sensor_run() does, twice: the second connection goes on with the session of the
 * first, if the broker lets it.
 * Returns the exit status of the image. */
int sensor_run_tls(const wax_device_settings *settings);

#endif
