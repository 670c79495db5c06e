/* wax broker: the command line of the broker. */
#include "broker/broker.h"
#include "tools/tools.h"
#include "tools/words.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: wax broker [-c FILE] [-p PORT]... [-v] [-d]\n"
    "\n"
    "Runs an MQTT broker (3.1, 3.1.1 and 5.0) from a mosquitto.conf.\n"
    "\n"
    "Options:\n"
    "  -c, --config-file FILE  the configuration; without one only this machine can connect\n"
    "  -p, --port PORT         listen on this port of this machine (up to 10 times)\n"
    "  -v, --verbose           log everything\n"
    "  -q, --quiet             log nothing\n"
    "  -d, --daemon            go to the background once it listens\n"
    "      --test-config       look at the configuration, say what is wrong with it, and end\n"
    "      --explain           the same, and print the settings that hold for every listener\n"
    "      --options           print every option of the configuration file\n"
    "  -h, --help              this text\n"
    "\n"
    "First steps:\n"
    "  wax init                     makes certificates, an administrator and ~/.wax/wax.conf\n"
    "  wax broker -c ~/.wax/wax.conf\n"
    "\n"
    "SIGHUP reads the configuration, passwords, rules and certificates again; if something in "
    "them\n"
    "is wrong, nothing changes and the log says what. SIGTERM ends the broker.\n";

enum {
    OPTION_TEST = 256,
    OPTION_EXPLAIN,
    OPTION_OPTIONS,
    OPTION_MAN,
    OPTION_MARKDOWN,
    OPTION_KEYLOG
};

static const struct option long_options[] = {
    {"config-file", required_argument, NULL, 'c'            },
    {"port",        required_argument, NULL, 'p'            },
    {"verbose",     no_argument,       NULL, 'v'            },
    {"quiet",       no_argument,       NULL, 'q'            },
    {"daemon",      no_argument,       NULL, 'd'            },
    {"test-config", no_argument,       NULL, OPTION_TEST    },
    {"explain",     no_argument,       NULL, OPTION_EXPLAIN },
    {"options",     no_argument,       NULL, OPTION_OPTIONS },
    {"man",         no_argument,       NULL, OPTION_MAN     },
    {"markdown",    no_argument,       NULL, OPTION_MARKDOWN},
    {"tls-keylog",  required_argument, NULL, OPTION_KEYLOG  },
    {"help",        no_argument,       NULL, 'h'            },
    {NULL,          0,                 NULL, 0              },
};

const char *broker_option_name(size_t number)
{
    return number < WAX_COUNT(long_options) - 1 ? long_options[number].name : NULL;
}

static bool add_port(wax_broker_options *options, const char *text)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    if (*text == '\0' || *end != '\0' || port == 0 || port > 65535 ||
        options->port_count == WAX_BROKER_PORTS_MAX) {
        fprintf(stderr, "wax broker: -p takes a port from 1 to 65535, at most %d times\n",
                WAX_BROKER_PORTS_MAX);
        return false;
    }
    options->ports[options->port_count++] = (uint32_t)port;
    return true;
}

/* Returns -1 to go on, or an exit code. */
static int take(wax_broker_options *options, int option)
{
    switch (option) {
    case 'c':
        options->config_path = optarg;
        return -1;
    case 'p':
        return add_port(options, optarg) ? -1 : 1;
    case 'v':
        options->is_verbose = true;
        return -1;
    case 'q':
        options->is_quiet = true;
        return -1;
    case 'd':
        options->is_daemon = true;
        return -1;
    case OPTION_TEST:
        options->tests_only = true;
        return -1;
    case OPTION_EXPLAIN:
        options->explains = true;
        options->tests_only = true;
        return -1;
    case OPTION_OPTIONS:
        wax_broker_print_options(stdout, WAX_BROKER_LISTING);
        return 0;
    case OPTION_MAN:
        wax_broker_print_options(stdout, WAX_BROKER_MAN);
        return 0;
    case OPTION_MARKDOWN:
        wax_broker_print_options(stdout, WAX_BROKER_MARKDOWN);
        return 0;
    case OPTION_KEYLOG:
        fputs("wax broker: --tls-keylog is not in this version of Wax: whoever has that file reads "
              "all that TLS hides\n",
              stderr);
        return 1;
    case 'h':
        fputs(help, stdout);
        return 0;
    default:
        fputs("Try `wax broker --help`.\n", stderr);
        return 1;
    }
}

int wax_tool_broker(int argc, char **argv)
{
    wax_broker_options options = {.config_path = NULL};
    int code = -1;
    int option;

    while (code < 0 && (option = getopt_long(argc, argv, "c:p:vqdh", long_options, NULL)) != -1) {
        code = take(&options, option);
    }
    if (code < 0 && optind < argc) {
        fprintf(stderr, "wax broker: what is %s? Try `wax broker --help`.\n", argv[optind]);
        code = 1;
    }
    if (code >= 0) {
        return code;
    }
    return wax_broker_run(&options);
}
