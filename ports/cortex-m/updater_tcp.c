/* The updater over TCP: the image is protected by its signature alone. */
#include "network.h"
#include "updater.h"

int main(void)
{
    return updater_run(network_dial);
}
