/* The sensor over TCP, without any protection. */
#include "network.h"
#include "sensor.h"

int main(void)
{
    return sensor_run(network_dial(), &sensor_plain);
}
