/* sensor_tls: the sensor inside of TLS; images differ in what they prove who they are by. */
#ifndef WAX_SENSOR_TLS_H
#define WAX_SENSOR_TLS_H

#include "mbed/mbed.h"

/* Does all that sensor_run() does, twice: the second connection goes on with the session of the
 * first, if the broker lets it.
 * Returns the exit status of the image. */
int sensor_run_tls(const wax_mbed_settings *settings);

#endif
