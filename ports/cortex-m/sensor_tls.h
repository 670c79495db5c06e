/* sensor_tls: the sensor inside of TLS; images differ in what they prove who they are by, and in
 * the library. */
#ifndef WAX_SENSOR_TLS_H
#define WAX_SENSOR_TLS_H

#include "device/device.h"
#include "transport/transport.h"

/* The filter of an image, with one context and one connection at a time. */
struct sensor_filter {
    wax_status (*open)(const wax_device_settings *settings);
    void (*close)(void);
    /* NULL: there is no memory. */
    wax_transport *(*connect)(wax_transport *below);
    wax_status (*offer)(wax_bytes session);
    wax_status (*save)(wax_writer *out);
};

extern const struct sensor_filter sensor_filter;

/* Does all that sensor_run() does, twice: the second connection goes on with the session of the
 * first, if the broker lets it.
 * Returns the exit status of the image. */
int sensor_run_tls(const wax_device_settings *settings);

#endif
