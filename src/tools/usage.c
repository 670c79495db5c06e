/* What --help, --version and the manual page of a tool say: the table of options, and why. */
#include "tools/usage.h"
#include "tools/option_table.h"
#include "tools/output.h"
#include "tools/roff.h"

#include <stdio.h>
#include <string.h>

struct topic {
    uint16_t tools;
    const char *title;
    const char *text;
};

/* clang-format off */
static const struct topic introductions[] = {
    {TOOL_PUB,    "publish messages",                         "Sends a message, or many, to an MQTT broker and exits when it has them."},
    {TOOL_SUB,    "receive messages",                         "Subscribes at an MQTT broker and shows the messages that come, until it is interrupted."},
    {TOOL_RR,     "send a request and wait for the response", "Sends a message to an MQTT broker, waits for one answer, shows it and exits."},
    {TOOL_DOCTOR, "say why a client cannot connect",          "Goes step by step the way that a client goes: name, TCP, TLS, certificates, login, topics. Says what is well, what is not, and what to do next."},
    {TOOL_BENCH,  "load a broker and account for every message", "Puts load on any MQTT broker, checks that every message comes once, in order and unchanged, and tells what it took: messages per second and per second of the broker's CPU, latency, memory. The words in front of the options are scenarios; `wax bench compare SCENARIO...` starts Wax, Debian's mosquitto if it is installed, and what --with says, and measures them in turns. `wax bench levels` measures what each level of protection costs a client, and `wax bench advise` says which one to take."},
    {TOOL_PROXY,  "seal and open for programs that cannot",   "Waits for MQTT programs on this host as a broker does, and connects each of them to the broker. What they publish is sealed before it leaves, what comes is opened; what is refused does not reach them. They are one device, whose identity no other process uses meanwhile."},
    {TOOL_GATEWAY, "connect devices that speak MQTT-SN", "Takes MQTT-SN 1.2 of devices that have neither TCP nor TLS, by UDP or by serial lines, and connects each of them to any MQTT broker, by a connection of its own. What they publish passes as it is: what is sealed stays sealed."},
    {TOOL_AUTHORITY, "publish the keys of a namespace",       "Speaks for the authority that `wax keys init FOLDER` made, as an ordinary client of any MQTT broker: publishes mailboxes, manifests and the log, hears what devices acknowledge, and begins new epochs in time. While it runs, `wax keys` goes through it, by a socket in the folder."},
    {TOOL_UPDATE, "sign firmware, publish it, and watch devices take it", "Brings new firmware to devices through any MQTT broker. VERB is key (makes the vendor's key), sign (an image: makes IMAGE.manifest), show (what a manifest says), push (publishes chunks and manifest, to all devices of a class, to some, or in stages), status and watch (what devices say), or device (a device to try it with, whose flash is a file). Devices take nothing that the vendor's key has not signed for them, and nothing older than what they have seen; whoever carries it can change nothing."},
};

static const char *const group_titles[GROUP_COUNT] = {
    [GROUP_CONNECTION] = "Connection",
    [GROUP_TLS] = "TLS",
    [GROUP_SEALING] = "Sealing",
    [GROUP_PROGRAMS] = "Programs",
    [GROUP_DEVICES] = "Devices",
    [GROUP_ADMIN] = "Administrators",
    [GROUP_WILL] = "Will",
    [GROUP_MESSAGE] = "Message",
    [GROUP_SUBSCRIPTION] = "Subscription",
    [GROUP_OUTPUT] = "Output",
    [GROUP_CHECK] = "What else to check",
    [GROUP_LOAD] = "Load",
    [GROUP_BROKER] = "The broker under test",
    [GROUP_LEVELS] = "What each level costs (levels)",
    [GROUP_ADVISE] = "Which level to take (advise)",
    [GROUP_REPORT] = "Report",
    [GROUP_SIGNING] = "Signing",
    [GROUP_ROLL_OUT] = "Publishing and watching",
    [GROUP_DEVICE] = "The device",
    [GROUP_GENERAL] = "General",
};

static const struct topic topics[] = {
    {TOOL_PUB, "Examples",
        "wax pub -t home/kitchen/temperature -m 21.5\n"
        "wax pub -h broker.example.org --cafile ca.crt -u ann -P secret -t news -m hello -q 1\n"
        "wax pub -t firmware/pump -f pump.bin -r\n"
        "tail -f log | wax pub -t log -l\n"},
    {TOOL_SUB, "Examples",
        "wax sub -t 'home/#' -v\n"
        "wax sub -h broker.example.org --cafile ca.crt -u ann -P secret -t news -C 1 -W 10\n"
        "wax sub -c -i archive -q 1 -t 'log/#' -F '%I %t %p'\n"
        "wax sub -t 'old/#' --remove-retained --retained-only\n"},
    {TOOL_RR, "Examples",
        "wax rr -t pump/7/ask -e pump/7/answer/me -m speed? -W 5\n"},
    {TOOL_DOCTOR, "Examples",
        "wax doctor -h broker.example.org -p 8883 --cafile ca.crt -u ann -P secret\n"
        "wax doctor -L mqtts://broker.example.org -t home/kitchen\n"
        "wax doctor --acl acl -u ann -i ann-1 -t home/kitchen\n"},
    {TOOL_SUB | TOOL_RR, "What -F shows",
        "%t topic   %p payload   %x %X payload in hex   %l its size   %d %f payload as a double, a float\n"
        "%q QoS   %r retained   %m packet id\n"
        "%A topic alias   %C content type   %D correlation data   %E expiry   %F payload format\n"
        "%P user properties   %R response topic   %S subscription id\n"
        "%I date and time   %U seconds since 1970   @Y @m ... as strftime(3)   @N nanoseconds\n"
        "%j all as JSON   %J all as JSON, the payload too   %% @@ \\\\ themselves   \\n \\t \\0 ... as in C\n"
        "A field may have a width, and texts a greatest one: %5m %05l %-10t %10.10t\n"
        "Digits of hex may stand in groups: %.2:x is 68:65:6c:6c:6f\n"},
    {TOOL_PUB | TOOL_SUB | TOOL_RR, "Files",
        "$XDG_CONFIG_HOME/wax_NAME, else ~/.config/wax_NAME, else Mosquitto's (mosquitto_NAME), NAME being\n"
        "pub, sub or rr, holds options, one a line, that come before those of the command line.\n"
        "With -o they come from that file instead.\n"},
    {TOOL_PUB | TOOL_SUB | TOOL_RR, "Exit code",
        "0    done\n"
        "1    wrong options or files, no connection; MQTT 3: version refused\n"
        "2-5  MQTT 3: refused as 2 client id, 3 server unavailable, 4 user or password, 5 not authorised\n"
        "4    MQTT 5: the broker said good-bye, and why\n"
        "7    the connection was lost\n"
        "8    TLS failed\n"
        "27   -W: nothing came in time\n"
        "128- MQTT 5: the reason code of the refusal; or of a subscription that was refused\n"},
    {TOOL_BENCH, "Scenarios",
        "pairs      100 publishers with a subscriber each\n"
        "fan-in     100 publishers, one subscriber\n"
        "fan-out    one publisher, 1000 subscribers\n"
        "wildcards  10 publishers, 20 subscribers: all get all, by filters with + and #\n"
        "filters    a subscriber with 100,000 filters, of which each message meets one\n"
        "share      10 publishers, a group of 20 subscribers: each message goes to one of them\n"
        "retained   100,000 messages are kept, then a new subscriber gets them all; removes them again\n"
        "connects   64 connections at a time that come and go; with TLS, by full handshakes\n"
        "resumes    the same by TLS sessions from before; needs TLS\n"
        "idle       1000 connections that stay and say nothing: their memory\n"},
    {TOOL_BENCH, "Examples",
        "wax bench pairs -q 1 --pid $(pidof mosquitto)\n"
        "wax bench pairs fan-in --with wax\n"
        "wax bench pairs -q 1 --rate 10000 --seconds 30 -h broker.example.org --cafile ca.crt\n"
        "wax bench compare pairs fan-out --rounds 5 --plot result.svg\n"
        "wax bench compare connects resumes --tls\n"
        "wax bench compare pairs --with 'nanomq start --url nmq-tcp://127.0.0.1:{port}'\n"
        "wax bench levels --out figures\n"
        "wax bench levels --out again --beside figures/levels.json\n"
        "wax bench levels --levels L2,L3-tls1.3-cert --sizes 64,8000 --counts 1000\n"
        "wax bench levels --memory-limit 160K --sizes 8000,80000,160000 --counts 100\n"
        "wax bench advise --size 64 --every 60 --against wire,broker --ram 32K --from figures/levels.json\n"},
    {TOOL_BENCH, "Levels",
        "L0                nothing is protected\n"
        "L1                user name and password, in clear\n"
        "L2cbc             AES-128-CBC of whole messages in a second buffer: only for comparison\n"
        "L2-suite1         sealed with ChaCha20-Poly1305, over plain TCP\n"
        "L2-suite2         sealed with Ascon\n"
        "L2-suite3         sealed with AES-128-CCM\n"
        "L3-tls1.2-cert    TLS 1.2; the broker has a certificate\n"
        "L3-tls1.2-mutual  TLS 1.2; both have one\n"
        "L3-tls1.2-psk     TLS 1.2; both have a key\n"
        "L3-tls1.3-cert, L3-tls1.3-mutual, L3-tls1.3-psk  the same with TLS 1.3\n"
        "L4-suite1, L4-suite2, L4-suite3  TLS 1.3 with the broker's certificate, and sealed\n"
        "L4-psk-suite1, L4-psk-suite2, L4-psk-suite3  TLS 1.3 by a key in common, and sealed\n"
        "A broker with certificates for the run is started; --with may name another wax to be it. Each\n"
        "client is a process of its own, the code that `wax pub` runs. What it takes of memory is counted\n"
        "with what OpenSSL takes for it; what OpenSSL keeps once for the process, its tables of algorithms, is\n"
        "told apart, since libraries for devices have that in flash. Bytes are counted at the socket, above TCP. All levels take turns of\n"
        "25 ms, round by round; what does not fit in the time is sampled, and marked with *. Unless memory is\n"
        "limited, one message of each level and size is received, opened and compared. Whether a machine is\n"
        "quiet enough, --beside tells: a second measurement beside the first one.\n"},
    {TOOL_BENCH, "How it measures",
        "One thread with one loop, so that it can be told apart from the broker: compare gives the broker\n"
        "one processor and the load the other, where there are two. The figure that says most is messages\n"
        "per second of the broker's CPU; `load` says how busy the load was: near 100 % it was the limit.\n"
        "Without --rate each publisher has a window of messages on their way; the broker is kept busy, and\n"
        "latency is what the window makes of it. With --rate messages have a timetable, and latency counts\n"
        "from when a message was due, however late it left: no coordinated omission. The timetable's own\n"
        "steps are 50 microseconds. What compare tells ratios of is messages per second of the broker's CPU,\n"
        "with --rate the latency that 99 % stay within, and for idle the bytes per connection.\n"
        "Clients ask for no keep alive. All topics and client ids begin with wax-bench-.\n"},
    {TOOL_BENCH, "Exit code",
        "0    every message came once, in order and unchanged\n"
        "1    wrong options, or a run that did not come to its end\n"
        "2    messages were lost, came twice, late or changed, or were refused\n"},
    {TOOL_PROXY, "What programs see",
        "The broker's answers, QoS and sessions are theirs: packet ids and acknowledgements pass unchanged.\n"
        "A message that cannot be sealed is not sent. MQTT 5 with QoS 1 or 2 is told so in the\n"
        "acknowledgement (0x87 for a topic of no group); otherwise the connection is closed.\n"
        "A message that does not open, came already, or is not sealed is acknowledged to the broker, told on\n"
        "the standard error, and not delivered. What came already is remembered for each client id.\n"
        "A Will is sealed when its program connects; its topic must belong to a group of class state. It is\n"
        "not believed if its program sent to that topic after another one with a Will connected.\n"
        "CONNECT waits for the keys of this device, at most 2 s, and is refused as long as there never were\n"
        "any. Programs that give no user name log in with -u and -P.\n"
        "Topics are blinded where the namespace wants it; with --clear that goes for filters, too.\n"},
    {TOOL_PROXY, "Limits",
        "64 programs at a time; packets of 512 KiB, sealed or not; 2.5 MiB of buffers for each program;\n"
        "128 client ids remembered, with 64 senders and 512 topics in each group; 1024 messages of QoS 1\n"
        "and 2 on their way to each; 10 s for CONNECT. No topic aliases. Each start of the proxy, and each\n"
        "CONNECT with a Will, uses one of the 65,536 windows of an epoch.\n"},
    {TOOL_PROXY, "Examples",
        "wax proxy --seal gateway.keys -h broker.example.org --cafile ca.crt -u gateway -P secret &\n"
        "mosquitto_pub -t home/kitchen/temperature -m 21.5\n"
        "wax proxy --seal gateway.keys --listen 127.0.0.1:1884 -h localhost\n"
        "wax proxy --seal gateway.keys --listen /run/wax/proxy.sock -h localhost\n"},
    {TOOL_PROXY, "Exit code",
        "0    SIGINT or SIGTERM ended it\n"
        "1    wrong options, files or identity; it cannot listen; the broker refused the login (MQTT 5: the\n"
        "     reason code). A broker that cannot be reached is tried again.\n"},
    {TOOL_GATEWAY, "What devices see",
        "QoS 0, 1, 2, and -1 with predefined and short topics; REGISTER in both directions; Wills, which may be\n"
        "changed (not with -V 311 and a clean session); sleep, by DISCONNECT with a duration, PINGREQ or CONNECT;\n"
        "SEARCHGW, ADVERTISE. A message is acknowledged when the broker has acknowledged it. CONNACK is the\n"
        "broker's: its rights and its Wills are each device's, by client id. All log in with -u and -P, or with\n"
        "--cert. \"Congestion\" means again later, \"not supported\" never as it is. A device whose broker is lost\n"
        "is told DISCONNECT. Encapsulated packets of forwarders are not taken.\n"},
    {TOOL_GATEWAY, "Limits",
        "256 devices, or --devices-max, with 45 KiB of memory each; 20 new ones a second, 64 at once. A packet\n"
        "has 1472 bytes, a topic 200, a client id 64, a Will 1024. For each device 64 registered topics, 16 KiB\n"
        "of messages that wait for it (those of QoS 0 that come then are dropped, those of QoS 1 and 2 wait at\n"
        "the broker), 4 exchanges of its own at a time, and one message of QoS 1 or 2 on its way to it.\n"
        "30 s to connect. 100 answers and 100 messages of QoS -1 a second for peers that are not connected.\n"
        "1024 predefined topics, 10,000 client ids in --devices, 16 serial lines.\n"},
    {TOOL_GATEWAY, "Safety",
        "MQTT-SN has no passwords and no secrecy: whoever can send datagrams to the gateway can be any device\n"
        "that --devices lets in, and who stands between can read, change and drop what is said. Seal what\n"
        "matters. By itself the gateway listens to this host alone. docs/gateway.md tells more.\n"},
    {TOOL_GATEWAY, "Serial lines",
        "A packet stands in a frame as HDLC has it: 0x7e, packet, CRC (FCS-16 of RFC 1662, low byte first), 0x7e;\n"
        "0x7e and 0x7d within are sent as 0x7d and the byte XOR 0x20. What is damaged is dropped, and the next\n"
        "0x7e begins anew. A line that ends is opened again every second.\n"},
    {TOOL_GATEWAY, "Files",
        "--predefined: `1 plant/7/reading`; --devices: `sensor-7`; in both # begins a comment line.\n"},
    {TOOL_GATEWAY, "Examples",
        "wax gateway --listen 192.0.2.1:1884 --devices devices -h broker.example.org --cafile ca.crt -u field -P secret\n"
        "wax gateway --serial /dev/ttyUSB0 --baud 57600 --predefined topics -h localhost\n"},
    {TOOL_GATEWAY, "Exit code",
        "0    SIGINT or SIGTERM ended it\n"
        "1    wrong options or files, or it cannot listen\n"},
    {TOOL_AUTHORITY, "Examples",
        "wax keys init\n"
        "wax authority authority -h broker.example.org --cafile ca.crt -u wax-authority -P secret\n"
        "wax authority /var/lib/wax-authority --kek /etc/wax/authority.kek -o /etc/wax/authority.conf\n"},
    {TOOL_AUTHORITY, "How it speaks",
        "Below the namespace's prefix (wax) it retains, with QoS 1: k/DEVICE, a mailbox for each device that\n"
        "no other opens; m/GROUP, what anybody may know of a group; l/NUMBER, the newest 1024 entries of\n"
        "the log, and l, the newest, which `wax keys follow` verifies from anywhere. It subscribes to s/+,\n"
        "where devices acknowledge, and e/+, where they ask to be enrolled. `wax keys acl` prints the rights\n"
        "that this takes. Without -i its client id is wax-authority-NAMESPACE. The broker\n"
        "keeps a session for it; one that has lost the session gets all again. Without a broker it waits for\n"
        "one, and `wax keys` works meanwhile.\n"},
    {TOOL_AUTHORITY, "New epochs",
        "begin when --epoch of the group is over, and when a reader leaves it. Readers get the new keys first;\n"
        "when all have acknowledged, or --ack is over, writers get theirs. `wax keys status` tells how far\n"
        "that is.\n"},
    {TOOL_AUTHORITY, "Administrators",
        "The account that runs it, and root, may all, by the socket in the folder. Others come by\n"
        "--admin-socket, told by their account, or by --admin-listen, told by their certificate, which one\n"
        "of --admin-cafile has signed; TLS 1.3 alone is spoken there. What they may says a file of roles:\n"
        "  viewer   user anna\n"
        "  operator cn   night-shift\n"
        "  operator san  ops.example.org\n"
        "  admin    spki 5f2c...\n"
        "where user is an account or its number, cn the common name, san a DNS name, e-mail address or URI\n"
        "of the certificate, and spki the SHA-256 of its public key in hexadecimal, which who is refused is\n"
        "told. The first line that matches counts, and who is in none is refused. The file is read for\n"
        "each order, certificates and revocations at most 10 s after they changed. `wax keys --help` says\n"
        "which role a verb takes; the signed log says who did it, and by which role. At each entrance 8 are\n"
        "served at a time: 10 s to ask, in at most 2 MiB, and 30 s to take the answer, of at most 32 MiB.\n"},
    {TOOL_AUTHORITY, "As a service",
        "[Unit]\n"
        "Description=Keys for sealed topics\n"
        "After=network-online.target\n"
        "Wants=network-online.target\n"
        "[Service]\n"
        "ExecStart=wax authority %S/wax-authority -o /etc/wax/authority.conf\n"
        "LoadCredential=wax-authority.kek:/etc/wax/authority.kek\n"
        "DynamicUser=yes\n"
        "StateDirectory=wax-authority\n"
        "StateDirectoryMode=0700\n"
        "UMask=0077\n"
        "ProtectSystem=strict\n"
        "ProtectHome=yes\n"
        "NoNewPrivileges=yes\n"
        "Restart=on-failure\n"
        "[Install]\n"
        "WantedBy=multi-user.target\n"},
    {TOOL_AUTHORITY, "Exit code",
        "0    SIGTERM or SIGINT ended it\n"
        "1    wrong options or folder, or another process works with the folder\n"
        "8    TLS failed; others: the broker refused the connection, as for wax-pub(1)\n"},
    {TOOL_UPDATE, "Examples",
        "wax update key vendor.key\n"
        "wax update sign pump-7.bin --vendor-key vendor.key --vendor acme --class pump --number 7\n"
        "wax update push pump-7.bin --trust vendor.key.pub -h broker.example.org --cafile ca.crt\n"
        "wax update push pump-7.bin --trust vendor.key.pub --percent 5,25,100 --halt-after 3\n"
        "wax update push pump-7.bin --trust vendor.key.pub --to hall-2 --wait\n"
        "wax update status --class pump\n"
        "wax update device flash --factory pump-6.bin --trust vendor.key.pub --vendor acme --class pump\n"
        "wax update device flash --trust vendor.key.pub --vendor acme --class pump --device pump-1\n"},
    {TOOL_UPDATE, "Topics",
        "PREFIX/u/NAME/manifest, of a class, a group or a device, and PREFIX/u/CLASS/VERSION/INDEX are\n"
        "retained at QoS 1; devices retain PREFIX/u/DEVICE/status. docs/update.md has all bytes.\n"},
    {TOOL_UPDATE, "Stages",
        "With --percent the devices that are known by their statuses are put in an order that is another\n"
        "for each version. The first of them get the manifest under their own names; when all of them run\n"
        "the version, the next stage begins; 100 is for the whole class, or all of --to, with those that\n"
        "come later. A device that returns to its old version, or refuses the new one, has failed; with\n"
        "--halt-after of them the manifests are taken back and no other device begins.\n"},
    {TOOL_UPDATE, "Exit code",
        "0    done\n"
        "1    wrong options or files, no connection; device: the version failed or was refused\n"
        "2    push: halted, because devices failed\n"
        "9    device: the power went, as --cut wanted it\n"
        "27   -W: not done in time; others as for wax-pub(1)\n"},
    {TOOL_DOCTOR, "Exit code",
        "0    all is well\n"
        "1    something is not\n"},
};
/* clang-format on */

static const struct topic *introduction_of(enum tool tool)
{
    for (size_t i = 0; i < WAX_COUNT(introductions); i++) {
        if (introductions[i].tools == tool) {
            return &introductions[i];
        }
    }
    return &introductions[0];
}

static bool is_told(const struct settings *settings, const struct option_row *row, size_t group)
{
    return (row->tools & settings->tool) != 0 && row->group == group && row->group != GROUP_LATER &&
           row->text != NULL;
}

static bool has_group(const struct settings *settings, size_t group)
{
    for (size_t i = 0; i < tools_option_count; i++) {
        if (is_told(settings, &tools_options[i], group)) {
            return true;
        }
    }
    return false;
}

static void help_row(const struct option_row *row)
{
    char names[80];

    (void)snprintf(names, sizeof names, "%s%s%s%s%s", row->letter != NULL ? row->letter : "   ",
                   row->letter != NULL && row->name != NULL ? " " : "",
                   row->name != NULL ? row->name : "", row->word != NULL ? " " : "",
                   row->word != NULL ? row->word : "");
    if (strlen(names) > 28) {
        (void)printf("  %s\n  %-28s", names, "");
    } else {
        (void)printf("  %-28s", names);
    }
    (void)printf("  %s\n", row->text);
}

static void show_lines(const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");

        (void)printf("  %.*s\n", (int)size, text);
        text += size + (text[size] == '\n' ? 1 : 0);
    }
}

/* Shows each option of a group that this tool has. */
static void show_group(const struct settings *settings, size_t group,
                       void (*show_row)(const struct option_row *row))
{
    for (size_t i = 0; i < tools_option_count; i++) {
        if (is_told(settings, &tools_options[i], group)) {
            show_row(&tools_options[i]);
        }
    }
}

static void show_help(const struct settings *settings)
{
    (void)printf("Usage: wax %s %s[OPTIONS]\n\n%s\n", settings->name,
                 settings->tool == TOOL_BENCH       ? "[compare] SCENARIO...|levels|advise "
                 : settings->tool == TOOL_AUTHORITY ? "FOLDER "
                 : settings->tool == TOOL_UPDATE    ? "VERB [FILE] "
                                                    : "",
                 introduction_of(settings->tool)->text);
    for (size_t group = 0; group < GROUP_COUNT; group++) {
        if (!has_group(settings, group)) {
            continue;
        }
        (void)printf("\n%s:\n", group_titles[group]);
        show_group(settings, group, help_row);
    }
    for (size_t i = 0; i < WAX_COUNT(topics); i++) {
        if ((topics[i].tools & settings->tool) != 0) {
            (void)printf("\n%s:\n", topics[i].title);
            show_lines(topics[i].text);
        }
    }
}

static void manual_row(const struct option_row *row)
{
    (void)fputs(".TP\n.B ", stdout);
    tools_roff_write(row->letter != NULL ? row->letter : row->name);
    if (row->letter != NULL && row->name != NULL) {
        (void)fputs(", ", stdout);
        tools_roff_write(row->name);
    }
    if (row->word != NULL) {
        (void)fputs(" \\fI", stdout);
        tools_roff_write(row->word);
        (void)fputs("\\fR", stdout);
    }
    (void)putchar('\n');
    tools_roff_write(row->text);
    (void)putchar('\n');
}

static void show_manual(const struct settings *settings)
{
    const struct topic *introduction = introduction_of(settings->tool);

    (void)printf(".TH wax-%s 1 \"\" \"Wax %s\" \"Wax\"\n.SH NAME\nwax-%s \\- %s\n", settings->name,
                 WAX_VERSION_TEXT, settings->name, introduction->title);
    (void)printf(".SH SYNOPSIS\n.B wax %s\n%s[\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n", settings->name,
                 settings->tool == TOOL_BENCH       ? "[compare] \\fISCENARIO\\fR...|levels|advise "
                 : settings->tool == TOOL_AUTHORITY ? "\\fIFOLDER\\fR "
                 : settings->tool == TOOL_UPDATE    ? "\\fIVERB\\fR [\\fIFILE\\fR] "
                                                    : "");
    tools_roff_write(introduction->text);
    (void)fputs("\n.SH OPTIONS\n", stdout);
    for (size_t group = 0; group < GROUP_COUNT; group++) {
        if (!has_group(settings, group)) {
            continue;
        }
        (void)printf(".SS %s\n", group_titles[group]);
        show_group(settings, group, manual_row);
    }
    for (size_t i = 0; i < WAX_COUNT(topics); i++) {
        if ((topics[i].tools & settings->tool) != 0) {
            (void)printf(".SH %s\n.nf\n", topics[i].title);
            tools_roff_write(topics[i].text);
            (void)fputs(".fi\n", stdout);
        }
    }
    (void)fputs(".SH SEE ALSO\n.BR wax (1)\n", stdout);
}

static const char *verdict_on(const struct option_row *row)
{
    switch (row->kind) {
    case OPTION_LATER:
        return "rejected";
    case OPTION_REFUSED:
        return "rejected with a hint";
    default:
        return "works";
    }
}

/* Writes a row for every option that is told of, and for every letter of -F: Mosquitto's, and what
 * becomes of them here. */
static void show_table(const struct settings *settings)
{
    (void)printf("| switch | here | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < tools_option_count; i++) {
        const struct option_row *row = &tools_options[i];

        if ((row->tools & settings->tool) == 0 ||
            (row->text == NULL && row->kind != OPTION_LATER)) {
            continue;
        }
        (void)printf("| `%s%s%s%s%s` | %s | %s |\n", row->letter != NULL ? row->letter : "",
                     row->letter != NULL && row->name != NULL ? "` `" : "",
                     row->name != NULL ? row->name : "", row->word != NULL ? " " : "",
                     row->word != NULL ? row->word : "", verdict_on(row),
                     row->text != NULL ? row->text : "not in this version of Wax");
    }
    for (size_t i = 0; settings->tool == TOOL_SUB && i < tools_output_letter_count; i++) {
        (void)printf("| `-F %%%c` | works | %s |\n", tools_output_letters[i].letter,
                     tools_output_letters[i].text);
    }
}

void tools_usage(const struct settings *settings)
{
    if (settings->wants_manual) {
        show_manual(settings);
    } else if (settings->wants_table) {
        show_table(settings);
    } else if (settings->wants_help) {
        show_help(settings);
    } else {
        (void)printf("wax %s %s\n", settings->name, WAX_VERSION_TEXT);
    }
}
