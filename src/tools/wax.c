/* wax: one program, many tools. The first word names the tool, or the name that the program itself
 * is called by. */
#include "base/base.h"
#include "tools/spelling.h"
#include "tools/tools.h"

#include <stdio.h>
#include <string.h>

struct tool_row {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text;
};

/* clang-format off */
static const struct tool_row tools[] = {
    {"broker", wax_tool_broker, "carry messages between clients; reads mosquitto.conf"},
    {"pub",    wax_tool_pub,    "publish messages"},
    {"sub",    wax_tool_sub,    "receive messages and show them"},
    {"rr",     wax_tool_rr,     "send a request and wait for the response"},
    {"seal",   wax_tool_seal,   "seal a file or a pipe for a topic's readers"},
    {"open",   wax_tool_open,   "open what was sealed"},
    {"proxy",  wax_tool_proxy,  "seal and open for programs that cannot"},
    {"gateway", wax_tool_gateway, "connect devices that speak MQTT-SN, by UDP or a serial line"},
    {"keys",   wax_tool_keys,   "say who may read and write what under seal"},
    {"authority", wax_tool_authority, "publish keys to devices, through any broker"},
    {"update", wax_tool_update, "sign firmware, bring it to devices, watch them take it"},
    {"init",   wax_tool_init,   "make a first configuration, certificates and an administrator"},
    {"pki",    wax_tool_pki,    "make, renew, revoke and show certificates"},
    {"passwd", wax_tool_passwd, "add, change and remove users of a password file"},
    {"ctl",    wax_tool_ctl,    "look into a running broker, and tell it what to do"},
    {"doctor", wax_tool_doctor, "say why a client cannot connect, and what to do next"},
    {"bench",  wax_tool_bench,  "load a broker, account for every message, compare brokers"},
    {"demo",   wax_tool_demo,   "show what each level of protection keeps from whom"},
    {"completion", wax_tool_completion, "let the shell complete tools, verbs and options"},
};
/* clang-format on */

static const struct tool_row *find_tool(const char *name)
{
    for (size_t i = 0; i < WAX_COUNT(tools); i++) {
        if (strcmp(tools[i].name, name) == 0) {
            return &tools[i];
        }
    }
    return NULL;
}

/* Finds the tool that the program's own name asks for: wax_pub, wax-pub, mosquitto_pub, mosquitto.
 */
static const struct tool_row *find_by_program(const char *program)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash != NULL ? slash + 1 : program;

    if (strcmp(name, "mosquitto") == 0) {
        return find_tool("broker");
    }
    if (strncmp(name, "mosquitto_", 10) == 0) {
        return find_tool(name + 10);
    }
    if (strncmp(name, "wax_", 4) == 0 || strncmp(name, "wax-", 4) == 0) {
        return find_tool(name + 4);
    }
    return NULL;
}

static void show_help(FILE *file)
{
    (void)fprintf(file, "Usage: wax TOOL [OPTIONS]\n\nMQTT under seal.\n\n");
    for (size_t i = 0; i < WAX_COUNT(tools); i++) {
        (void)fprintf(file, "  %-10s  %s\n", tools[i].name, tools[i].text);
    }
    (void)fprintf(file, "\n"
                        "  wax help TOOL   what a tool can do, with examples\n"
                        "  wax --version   which version this is\n"
                        "\n"
                        "A broker on this host, and a message through it:\n"
                        "  wax init\n"
                        "  wax broker -c ~/.wax/wax.conf &\n"
                        "  wax sub -o ~/.wax/admin.conf -t users/admin/hello -v &\n"
                        "  wax pub -o ~/.wax/admin.conf -t users/admin/hello -m world\n");
}

static int complain(const char *name)
{
    const struct tool_row *nearest = &tools[0];

    for (size_t i = 1; i < WAX_COUNT(tools); i++) {
        if (tools_spelling_distance(name, tools[i].name) <
            tools_spelling_distance(name, nearest->name)) {
            nearest = &tools[i];
        }
    }
    if (tools_spelling_distance(name, nearest->name) <= 2) {
        (void)fprintf(stderr, "wax: there is no tool '%s'; did you mean `wax %s`?\n", name,
                      nearest->name);
    } else {
        (void)fprintf(stderr, "wax: there is no tool '%s'; see `wax --help`\n", name);
    }
    return 1;
}

static int help_with(const char *name)
{
    const struct tool_row *tool = find_tool(name);
    char *words[] = {(char[]){"tool"}, (char[]){"--help"}, NULL};

    return tool == NULL ? complain(name) : tool->run(2, words);
}

int main(int argc, char **argv)
{
    const struct tool_row *tool = argc < 1 ? NULL : find_by_program(argv[0]);
    const char *word = argc < 2 ? "" : argv[1];

    if (tool != NULL) {
        return tool->run(argc, argv);
    }
    if (word[0] == '\0') {
        show_help(stderr);
        return 1;
    }
    if (strcmp(word, "help") == 0 && argc > 2) {
        return help_with(argv[2]);
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        show_help(stdout);
        return 0;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        (void)printf("wax %s\n", WAX_VERSION_TEXT);
        return 0;
    }
    tool = find_tool(word);
    return tool == NULL ? complain(word) : tool->run(argc - 1, argv + 1);
}
