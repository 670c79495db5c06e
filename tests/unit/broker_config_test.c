/* What a line of a configuration means, and what is said about one that is wrong. */
#include "../check.h"

#include <stdlib.h>

#include "broker/config.h"

/* What load and check say about a text, as one string that the caller frees. */
static char *judge(const char *text, size_t size, bool also_check, wax_status *status)
{
    char *said = NULL;
    size_t said_size = 0;
    wax_config config;
    wax_config_report report = {0};
    FILE *out = open_memstream(&said, &said_size);
    assert_non_null(out);
    *status = wax_config_parse(&config, wax_bytes_of(text, size), "t.conf", &report);
    if (*status == WAX_OK && also_check) {
        *status = wax_config_check(&config, &report);
    }
    wax_config_report_print(&report, out);
    (void)fclose(out);
    wax_config_free(&config);
    wax_config_report_free(&report);
    return said;
}

struct row {
    const char *name;
    const char *text;
    const char *said; /* a part of what is said; NULL: nothing at all */
};

/* clang-format off */
static const struct row accepted[] = {
    {"an empty file",                          "",                                                  NULL},
    {"a comment, whatever is in it",           "# \xff \t listener\n#\n",                           NULL},
    {"CRLF",                                   "listener 1883\r\n\r\nmax_qos 1\r\n",                NULL},
    {"spaces in front and behind",             "   max_qos   1   \n   \n",                          "max_qos stands above"},
    {"no line end at the end",                 "listener 1883\nmax_qos 1",                          NULL},
    {"a tab after the name",                   "listener\t1883\n",                                  "t.conf:1: warning: a tab"},
    {"a tab in front",                         "\tlistener 1883\n",                                 "t.conf:1: warning: a tab"},
    {"a tab within a value",                   "auto_id_prefix a\tb\n",                             NULL},
    {"a byte order mark",                      "\xef\xbb\xbflistener 1883\n",                       "t.conf:1: warning: the file begins with a byte order mark"},
    {"a comment after a boolean",              "allow_anonymous true # yes\n",                      NULL},
    {"a comment after a number",               "listener 1\nmax_qos 1 # yes\n",                     NULL},
    {"a comment after a port",                 "listener 1883 # yes\n",                             NULL},
    {"a comment after an address",             "listener 1883 127.0.0.1 # yes\n",                   NULL},
    {"a comment after a word",                 "log_type all # yes\n",                              NULL},
    {"a comment swallowed by a text",          "password_file /a # b\n",                            "t.conf:1: warning: password_file goes on to the end of the line"},
    {"a second word after a number",           "listener 1\nmax_qos 1 2\n",                         "t.conf:2: warning: what stands after \"1\" has no effect"},
    {"0 and 1 as booleans",                    "allow_anonymous 1\nqueue_qos0_messages 0\n",        NULL},
    {"a number in hex",                        "max_keepalive 0x3C\n",                              NULL},
    {"log_dest repeated",                      "log_dest stdout\nlog_dest file /a b\n",             NULL},
    {"log_type repeated",                      "log_type error\nlog_type debug\n",                  NULL},
    {"a log destination of another platform",  "log_dest dlt\n",                                    "t.conf:1: warning: log_dest dlt has no effect"},
    {"a number that is repeated",              "sys_interval 1\nsys_interval 2\n",                  "t.conf:2: warning: sys_interval was already set at t.conf:1; this line replaces that one"},
    {"a text once in each of two listeners",   "listener 1\nmount_point a\nlistener 2\nmount_point b\n", NULL},
    {"an option without effect",               "autosave_interval 10\n",                            "t.conf:1: warning: option \"autosave_interval\" has no effect"},
    {"a default listener",                     "max_qos 1\nport 1884\n",                            NULL},
    {"the default listener's port after another listener", "listener 1883\nport 1884\n",           NULL},
    {"a harmless option that belongs to none", "max_connections 5\nlistener 1883\n",                "t.conf:1: warning: max_connections stands above any `listener`"},
    {"a Unix socket",                          "listener 0 /run/wax.socket\n",                      NULL},
    {"session expiry in weeks",                "persistent_client_expiration 2w\n",                 NULL},
    {"session expiry switched off",            "persistent_client_expiration never\n",              NULL},
    {"a bridge",                               "connection a\naddress h:1 [::1]:2 # x\ntopic # both 2 \"\" far/ # y\n", NULL},
    {"a bridge's options below a listener",    "connection a\naddress h\nlistener 1\ntopic \"a b/+\" in\n", NULL},
    {"a bridge's older names",                 "connection a\naddresses h\nclientid i\nusername u\npassword p\nretry_interval 5\n", "t.conf:6: warning: option \"retry_interval\" has no effect"},
    {"a password for its own broker",          "connection a\naddress h\nlocal_password hunter2\n", "t.conf:3: warning: option \"local_password\" has no effect: a bridge needs no password"},
    {"versions in a list",                     "listener 1\naccept_protocol_versions 4,5\n",        NULL},
    {"per_listener_settings before others",    "per_listener_settings true\nlistener 1\nallow_anonymous true\n", NULL},
};

static const struct row refused[] = {
    {"an unknown option",                 "\n\nfoo_bar_baz 1\n",              "t.conf:3: error: unknown option \"foo_bar_baz\"; `wax broker --help`"},
    {"a misspelt option",                 "allow_anonymus true\n",            "t.conf:1: error: unknown option \"allow_anonymus\"; did you mean \"allow_anonymous\"?"},
    {"two letters swapped",               "lsitener 1883\n",                  "did you mean \"listener\"?"},
    {"names are in small letters",        "Listener 1883\n",                  "did you mean \"listener\"?"},
    {"an = in place of the space",        "password_file=hunter2\n",          "t.conf:1: error: between \"password_file\" and its value stands a space, not =\n"},
    {"a value is not shown",              "remote_passwrod hunter2\n",        "unknown option \"remote_passwrod\"; did you mean \"remote_password\"?\n"},
    {"a comment with spaces before it",   "  # no\n",                         "t.conf:1: error: a comment begins with # as the first character"},
    {"no value",                          "allow_anonymous\n",                "t.conf:1: error: allow_anonymous has no value"},
    {"no value after a space",            "listener  \n",                     "t.conf:1: error: listener has no value"},
    {"a boolean with a capital",          "allow_anonymous True\n",           "t.conf:1: error: allow_anonymous is \"True\"; it must be true or false, in small letters"},
    {"yes is no boolean",                 "allow_anonymous yes\n",            "it must be true or false"},
    {"an octal number",                   "sys_interval 010\n",               "t.conf:1: error: sys_interval is \"010\"; it must be without the leading 0"},
    {"a number with letters",             "sys_interval 12abc\n",             "sys_interval is \"12abc\"; it must be a number"},
    {"a number too large for any type",   "sys_interval 99999999999999999999999\n", "it must be a number"},
    {"a number out of range",             "listener 1\nmax_qos 3\n",          "t.conf:2: error: max_qos is 3; it must be 0 to 2"},
    {"a negative number",                 "sys_interval -1\n",                "sys_interval is -1; it must be 0 to 65535"},
    {"a packet size that holds nothing",  "max_packet_size 19\n",             "max_packet_size is 19; it must be 20 to 268435460"},
    {"a duration without a unit",         "persistent_client_expiration 14\n", "it must be a number and s, h, d, w, m (months) or y"},
    {"a duration beyond a century",       "persistent_client_expiration 999y\n", "it must be between 1s and 100y"},
    {"an unknown word",                   "log_type loud\n",                  "log_type is \"loud\"; it must be one of: error warning notice information debug subscribe unsubscribe websockets internal all none"},
    {"a file that is not named",          "log_dest file\n",                  "t.conf:1: error: log_dest file needs the path"},
    {"text that is not UTF-8",            "auto_id_prefix \xff\n",            "t.conf:1: error: auto_id_prefix is \"?\"; it must be UTF-8"},
    {"a text too long",                   "auto_id_prefix 123456789012345678901234567890123456789012345678901\n", "auto_id_prefix has 51 bytes; it may have up to 50"},
    {"a text that is repeated",           "password_file a\n\npassword_file b\n", "t.conf:3: error: password_file is already set at t.conf:1; delete one"},
    {"an unknown protocol",               "listener 1\nprotocol gopher\n",   "t.conf:2: error: protocol is \"gopher\"; it must be one of: mqtt websockets http_api"},
    {"a PROXY header of version 3",       "listener 1\nenable_proxy_protocol 3\n", "t.conf:2: error: enable_proxy_protocol is \"3\"; it must be one of: off 1 2"},
    {"TLS 1.1",                           "listener 1\ntls_version tlsv1.1\n", "t.conf:2: error: tls_version tlsv1.1: refused: TLS before 1.2 is broken"},
    {"a port that does not exist",        "listener 65536\n",                 "t.conf:1: error: the port of a listener is 1 to 65535"},
    {"a Unix socket without a path",      "listener 0\n",                     "t.conf:1: error: a listener with port 0 is a Unix socket; write its path"},
    {"a listener twice",                  "listener 1 ::1\nlistener 1 ::1\n", "t.conf:2: error: this listener is already written at t.conf:1"},
    {"the default listener twice",        "listener 1883\nport 1883\n",       "t.conf:2: error: this listener is already written at t.conf:1"},
    {"TLS that belongs to no listener",   "certfile a\nlistener 1883\n",      "t.conf:1: error: certfile stands above any `listener`"},
    {"TLS without any listener",          "certfile a\n",                     "write `listener 8883` above it"},
    {"a password file of no listener",    "per_listener_settings true\npassword_file a\nlistener 1\n", "t.conf:2: error: password_file stands above any `listener`"},
    {"per_listener_settings too late",    "password_file a\nper_listener_settings true\n", "t.conf:2: error: per_listener_settings must stand above password_file, which is at t.conf:1"},
    {"include_dir in memory",             "include_dir /etc\n",               "t.conf:1: error: include_dir works only in a file"},
    {"a bridge to nowhere",               "connection a\n",                   "t.conf:1: error: this connection has no address; add `address HOST:PORT`"},
    {"a bridge's option of no bridge",    "cleansession true\n",              "t.conf:1: error: cleansession stands above any `connection` of this file"},
    {"a bridge twice",                    "connection a\naddress h\nconnection a\n", "t.conf:3: error: the connection a is already written at t.conf:1"},
    {"a bridge without a name",           "connection +\n",                   "t.conf:1: error: the name of a connection is UTF-8"},
    {"a bridge of two words",             "connection a b\n",                 "t.conf:1: error: the name of a connection is one word"},
    {"two bridges with one session",      "connection a\naddress h\nlocal_clientid x\nconnection b\naddress h\nlocal_clientid x\n", "t.conf:4: error: the connections a and b have the same local_clientid"},
    {"a port that is none",               "connection a\naddress h:0\n",      "t.conf:2: error: address: a port is 1 to 65535"},
    {"an address without a host",         "connection a\naddress :1883\n",    "t.conf:2: error: address: write HOST or HOST:PORT"},
    {"a direction that is none",          "connection a\naddress h\ntopic t up\n", "t.conf:3: error: topic: after the pattern stands out, in or both"},
    {"a QoS that is none",                "connection a\naddress h\ntopic t out 3\n", "t.conf:3: error: topic: the QoS is 0, 1 or 2"},
    {"a QoS that is a word",              "connection a\naddress h\ntopic t out local/\n", "t.conf:3: error: topic: the QoS is 0, 1 or 2"},
    {"a pattern that is no filter",       "connection a\naddress h\ntopic a/#/b\n", "t.conf:3: error: topic: the pattern is no topic filter"},
    {"a prefix with a wildcard",          "connection a\naddress h\ntopic t out 0 +/ \n", "t.conf:3: error: topic: a prefix holds neither + nor #"},
    {"no pattern and one prefix",         "connection a\naddress h\ntopic \"\" out 0 here\n", "t.conf:3: error: topic: without a pattern both prefixes must be topics"},
    {"a quotation mark that is missing",  "connection a\naddress h\ntopic \"a b\n", "t.conf:3: error: topic: a quotation mark is missing"},
    {"a sixth part",                      "connection a\naddress h\ntopic t out 0 a/ b/ c\n", "t.conf:3: error: topic: it has PATTERN DIRECTION QOS"},
    {"a shared subscription",             "connection a\naddress h\ntopic $share/g/t in\n", "t.conf:3: error: topic: a bridge takes no part in shared subscriptions"},
    {"a bridge that nobody starts",       "connection a\naddress h\nstart_type manual\n", "t.conf:3: error: start_type manual: nobody could start it"},
    {"a keep alive that is too short",    "connection a\naddress h\nkeepalive_interval 4\n", "t.conf:3: error: keepalive_interval is 4; it must be 5 to 65535"},
    {"four waits",                        "connection a\naddress h\nrestart_timeout 1 2 3 4\n", "t.conf:3: error: restart_timeout is \"4\"; it must be three numbers at most"},
    {"OCSP",                              "connection a\naddress h\nbridge_require_ocsp true\n", "t.conf:3: error: bridge_require_ocsp true: Wax does not ask for OCSP"},
    {"a password that is not UTF-8",      "connection a\naddress h\nremote_password hunter2\xff\n", "t.conf:3: error: remote_password is \"...\"; it must be UTF-8"},
    {"a plugin",                          "plugin /a.so\n",                   "t.conf:1: error: option \"plugin\" is known but not supported by Wax: Wax loads no code"},
    {"pre-shared keys of no listener",    "psk_hint a\nlistener 1\n",         "t.conf:1: error: psk_hint stands above any `listener`"},
    {"a hint too long",                   "listener 1\npsk_hint 123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\n", "psk_hint has 129 bytes; it may have up to 128"},
    {"a host without its key",            "listener 1\nsni_certificate a.example /a.crt\n", "t.conf:2: error: sni_certificate takes a host name, its certificate and its key"},
    {"a host with too many files",        "listener 1\nsni_certificate a.example /a /b /c\n", "t.conf:2: error: sni_certificate takes a host name"},
    {"an address as host",                "listener 1\nsni_certificate [::1] /a /b\n", "t.conf:2: error: sni_certificate begins with a host name"},
    {"a wildcard that is not in front",   "listener 1\nsni_certificate a.* /a /b\n", "t.conf:2: error: sni_certificate begins with a host name"},
    {"a host twice",                      "listener 1\nsni_certificate a.example /a /b\nsni_certificate A.example /c /d\n", "t.conf:3: error: sni_certificate names this host twice"},
    {"a record too small",                "listener 1\ntls_record_size_max 511\n", "tls_record_size_max is 511; it must be 512 to 16384"},
    {"an option of a plugin",             "auth_opt_backend redis\n",         "t.conf:1: error: option \"auth_opt_backend\" belongs to a plugin, and there is none above that Wax knows; Wax loads no code"},
    {"a plugin without its option",       "plugin /a/mosquitto_dynamic_security.so\n", "t.conf:1: error: the plugin mosquitto_dynamic_security needs `plugin_opt_config_file FILE`"},
    {"a plugin of nearly the name",       "plugin mosquitto_acl_file.so.old\n", "Wax loads no code"},
    {"a plugin that nobody loaded",       "plugin_use a\n",                   "t.conf:1: error: no `plugin_load` above has this name"},
    {"a file by option and by plugin",    "acl_file a\nplugin mosquitto_acl_file.so\nplugin_opt_acl_file b\n", "t.conf:3: error: acl_file is already set at t.conf:1"},
    {"global_plugin below a listener",    "per_listener_settings true\nlistener 1\nglobal_plugin mosquitto_acl_file.so\n", "t.conf:3: error: with per_listener_settings, write `plugin` below each listener"},
    {"an OpenSSL engine",                 "tls_engine pkcs11\n",              "is known but not supported by Wax: delete the line and give `keyfile` a file"},
    {"every mistake is told",             "a\nsys_interval x\nmax_qos 9\n",   "t.conf:3: error: max_qos is 9"},
};

static const struct row judged[] = {
    {"no listener",                        "",                                        "warning: no listener is written, so only this machine reaches the broker; for others write `listener 1883` and `password_file FILE`"},
    {"a listener nobody can use",          "listener 1\n",                            "t.conf:1: warning: nobody can connect to this listener"},
    {"a listener in plain",                "listener 1\nallow_anonymous true\n",      "t.conf:1: warning: this listener is open to the network without TLS"},
    {"everybody may do everything",        "listener 1\nallow_anonymous true\n",      "t.conf:2: warning: everybody who reaches this listener"},
    {"nothing to say of the loopback",     "listener 1 127.0.0.1\nallow_anonymous true\n", NULL},
    {"nor of a Unix socket",               "listener 0 /s\nallow_anonymous true\n",   NULL},
    {"nor of persistence",                 "persistence true\nlistener 1 ::1\nallow_anonymous true\n", NULL},
    {"a bridge that nothing crosses",      "connection a\naddress h\n",              "t.conf:1: warning: nothing crosses this connection"},
    {"a bridge's password in plain text",  "connection a\naddress h\ntopic #\nremote_username u\nremote_password hunter2\n", "t.conf:5: warning: the password crosses the network in plain text"},
    {"a bridge that trusts any name",      "connection a\naddress h\ntopic #\nbridge_tls_use_os_certs true\nbridge_insecure true\n", "t.conf:5: warning: the other broker's name is not checked"},
    {"a bridge's key that is short",       "connection a\naddress h\ntopic #\nbridge_identity i\nbridge_psk 01\n", "t.conf:5: warning: the key has fewer than 16 bytes"},
    {"a bridge's user without rules",      "per_listener_settings true\nconnection a\naddress h\ntopic #\nlocal_username u\n", "t.conf:5: warning: with per_listener_settings a bridge has no rules but its topic lines"},
    {"a bridge with a user of its own",    "acl_file /dev/null\nconnection a\naddress h\ntopic #\nlocal_username u\n", "t.conf:5: warning: acl_file bounds what this user may read and write, for the bridge too"},
    {"no limit of queued bytes",           "max_queued_bytes 0\n",                    "t.conf:1: warning: without this limit"},
    {"short keys",                      "listener 1\npsk_hint a\npsk_file /dev/null\npsk_allow_short true\n", "warning: short keys can be guessed"},
    {"dates that do not count",         "listener 1\ncertfile /dev/null\nkeyfile /dev/null\ncafile /dev/null\nrequire_certificate true\ndisable_client_cert_date_checks true\n", "t.conf:6: warning: clients get in with certificates that have expired"},
    {"retained beyond a right",             "check_retain_source false\n",             "t.conf:1: warning: retained messages go on being delivered when their author has lost the right"},
    {"figures for strangers",               "sys_anonymous true\nlistener 1\nallow_anonymous true\n", "t.conf:1: warning: strangers read how many clients there are"},
    {"figures for this machine",            "sys_anonymous true\nlistener 1 ::1\nallow_anonymous true\n", NULL},
    {"anybody's session",                  "session_owner any\n",                     "t.conf:1: warning: whoever knows a client id"},
};

static const struct row unfit[] = {
    {"a certificate without key",       "listener 1\ncertfile /dev/null\n",     "t.conf:2: error: certfile needs its private key; add `keyfile FILE`"},
    {"a key without certificate",       "listener 1\nkeyfile /dev/null\n",      "t.conf:2: error: keyfile needs its certificate"},
    {"pre-shared keys without a file",  "listener 1\npsk_hint a\n",             "t.conf:2: error: psk_hint asks clients for pre-shared keys and there are none; add `psk_file FILE`"},
    {"clients' certificates without one's own", "listener 1\npsk_hint a\npsk_file /dev/null\ncafile /dev/null\n", "t.conf:4: error: clients show certificates only to a listener that has one"},
    {"a key of pre-shared ones' listener", "listener 1\npsk_hint a\npsk_file /dev/null\nkeyfile /dev/null\n", "t.conf:4: error: keyfile needs its certificate"},
    {"names without a usual certificate", "listener 1\npsk_hint a\npsk_file /dev/null\nsni_certificate a /dev/null /dev/null\n", "t.conf:4: error: sni_certificate needs a certificate for all others"},
    {"names without TLS",               "listener 1\nsni_certificate a /dev/null /dev/null\n", "t.conf:2: error: this listener has TLS options but no certificate, so it would speak plain"},
    {"a file of a name that is not there", "listener 1\ncertfile /dev/null\nkeyfile /dev/null\nsni_certificate a /none.crt /dev/null\n", "t.conf:4: error: sni_certificate: cannot read /none.crt: No such file"},
    {"a size of records without TLS",   "listener 1\ntls_record_size_max 512\n",  "t.conf:2: error: this listener has TLS options but no certificate"},
    {"a subject of pre-shared keys",    "listener 1\npsk_hint a\npsk_file /dev/null\nuse_subject_as_username true\n", "t.conf:4: error: a user name from the certificate needs a certificate"},
    {"TLS options without certificate", "listener 1\ncafile /dev/null\n",       "t.conf:2: error: this listener has TLS options but no certificate, so it would speak plain"},
    {"clients' certificates without authority", "listener 1\ncertfile /dev/null\nkeyfile /dev/null\nrequire_certificate true\n", "t.conf:4: error: require_certificate needs the authorities"},
    {"a name from no certificate",      "listener 1\ncertfile /dev/null\nkeyfile /dev/null\nuse_identity_as_username true\n", "t.conf:4: error: a user name from the certificate needs a certificate"},
    {"two names from one certificate",  "listener 1\ncertfile /dev/null\nkeyfile /dev/null\nuse_subject_as_username true\nuse_identity_as_username true\n", "t.conf:4: error: use_identity_as_username and use_subject_as_username exclude"},
    {"a revocation list of nobody",     "listener 1\ncertfile /dev/null\nkeyfile /dev/null\ncrlfile /dev/null\n", "t.conf:4: error: crlfile needs the authorities"},
    {"a wildcard in a mount point",     "listener 1\nmount_point a/#\n",        "t.conf:2: error: mount_point is the beginning of topics"},
    {"a bridge's TLS that trusts nobody", "connection a\naddress h\nbridge_insecure true\n", "t.conf:3: error: this connection has TLS options but no authority to trust, so it would speak plain"},
    {"a bridge's certificate without key", "connection a\naddress h\nbridge_cafile /dev/null\nbridge_certfile /dev/null\n", "t.conf:4: error: bridge_certfile and bridge_keyfile need each other"},
    {"a bridge's key without a name",   "connection a\naddress h\nbridge_psk 0123456789abcdef0123456789abcdef\n", "t.conf:3: error: bridge_identity and bridge_psk need each other"},
    {"a bridge's key that is none",     "connection a\naddress h\nbridge_identity i\nbridge_psk hunter2\n", "t.conf:4: error: the key is hexadecimal digits"},
    {"a bridge's key and certificates", "connection a\naddress h\nbridge_identity i\nbridge_psk 0123456789abcdef0123456789abcdef\nbridge_cafile /dev/null\n", "t.conf:4: error: a bridge has either a key that both sides share or certificates"},
    {"a bridge's password of nobody",   "connection a\naddress h\nremote_password hunter2\n", "t.conf:3: error: a password needs a user name"},
    {"a bridge's file that is not there", "connection a\naddress h\nbridge_cafile /nowhere/at/all\n", "t.conf:3: error: bridge_cafile: cannot read /nowhere/at/all"},
    {"a bridge's waits the wrong way",  "connection a\naddress h\nrestart_timeout 9 5\n", "t.conf:3: error: the longest wait is less than the first"},
    {"a bridge's user in topics",       "connection a\naddress h\nlocal_username a+b\n", "t.conf:3: error: local_username holds neither + nor #"},
    {"a bridge's session in topics",    "connection a\naddress h\nlocal_clientid a/#\n", "t.conf:3: error: local_clientid holds neither + nor #"},
    {"a bridge's state on a filter",    "connection a\naddress h\nnotification_topic a/#\n", "t.conf:3: error: notifications need a topic"},
    {"a file that is not there",        "password_file /nowhere/at/all\n",      "t.conf:1: error: password_file: cannot read /nowhere/at/all: No such file or directory; correct the path"},
    {"a relative path",                 "password_file nowhere-at-all\n",       "write the whole path, beginning with /"},
    {"a directory for a file",          "password_file /\n",                    "t.conf:1: error: password_file: / is a directory; name a file in it"},
    {"a file for a directory",          "listener 1\ncertfile /dev/null\nkeyfile /dev/null\ncapath /dev/null\n", "t.conf:4: error: capath: /dev/null is no directory"},
};
/* clang-format on */

static void walk(const struct row *rows, size_t count, bool also_check, wax_status wanted)
{
    for (size_t i = 0; i < count; i++) {
        wax_status status = WAX_OK;
        char *said = judge(rows[i].text, strlen(rows[i].text), also_check, &status);
        if (status != wanted || (rows[i].said ? !strstr(said, rows[i].said) : said[0] != '\0') ||
            strstr(said, "hunter2")) {
            fail_msg("%s: status %d, said:\n%s", rows[i].name, (int)status, said);
        }
        free(said);
    }
}

static void what_mosquitto_accepts_is_accepted(void **state)
{
    (void)state;
    walk(accepted, WAX_COUNT(accepted), false, WAX_OK);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    walk(refused, WAX_COUNT(refused), false, WAX_INVALID);
}

static void what_is_unwise_is_told(void **state)
{
    (void)state;
    walk(judged, WAX_COUNT(judged), true, WAX_OK);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    walk(unfit, WAX_COUNT(unfit), true, WAX_INVALID);
}

static void a_line_has_a_limit_and_no_zero(void **state)
{
    (void)state;
    static const char with_zero[] = "listener 18\0"
                                    "83\n";
    static char with_length[WAX_CONFIG_LINE_SIZE_MAX + 2];
    wax_status status = WAX_OK;
    char *said = judge(with_zero, sizeof with_zero - 1, false, &status);
    check_row("a zero byte",
              status == WAX_INVALID && strstr(said, "t.conf:1: error: this line has a zero byte"));
    free(said);
    memset(with_length, 'a', sizeof with_length);
    said = judge(with_length, sizeof with_length, false, &status);
    check_row("too long", status == WAX_INVALID &&
                              strstr(said, "t.conf:1: error: this line has more than 8192 bytes"));
    free(said);
}

static void a_report_has_a_limit(void **state)
{
    (void)state;
    char text[300];
    wax_config config;
    wax_config_report report = {0};
    for (size_t i = 0; i < sizeof text; i += 2) {
        memcpy(text + i, "x\n", 2);
    }
    wax_status status = wax_config_parse(&config, wax_bytes_of(text, sizeof text), "t", &report);
    assert_int_equal(status, WAX_INVALID);
    assert_int_equal(report.count, 100);
    assert_int_equal(report.left_out_count, 50);
    assert_int_equal(report.error_count, 150);
    wax_config_report_free(&report);
}

static void parse(wax_config *config, const char *text)
{
    wax_config_report report = {0};
    if (wax_config_parse(config, wax_bytes_of_text(text), "t.conf", &report) != WAX_OK) {
        wax_config_report_print(&report, stderr);
        fail_msg("refused: %s", text);
    }
    wax_config_report_free(&report);
}

static void without_a_listener_only_this_machine_is_served(void **state)
{
    (void)state;
    wax_config config;
    parse(&config, "max_connections 7\nacl_file /a\n");
    assert_int_equal(config.listener_count, 2);
    assert_true(config.is_local);
    assert_string_equal(config.listeners[0].address, "127.0.0.1");
    assert_string_equal(config.listeners[1].address, "::1");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(config.listeners[i].port, 1883);
        assert_true(config.listeners[i].is_local);
        assert_true(config.listeners[i].allow_anonymous);
        assert_int_equal(config.listeners[i].max_connections, 7);
        assert_string_equal(config.listeners[i].acl_file, "/a");
    }
    wax_config_free(&config);
    parse(&config, "allow_anonymous false\n");
    assert_false(config.listeners[0].allow_anonymous);
    wax_config_free(&config);
}

static void with_a_listener_anonymous_is_denied_unless_set(void **state)
{
    (void)state;
    wax_config config;
    parse(&config, "listener 1883\n");
    assert_int_equal(config.listener_count, 1);
    assert_null(config.listeners[0].address);
    assert_false(config.listeners[0].allow_anonymous);
    wax_config_free(&config);
    parse(&config, "port 1884\nlistener 1883\nallow_anonymous true\n");
    assert_int_equal(config.listener_count, 2);
    assert_true(config.listeners[0].allow_anonymous && config.listeners[1].allow_anonymous);
    wax_config_free(&config);
}

static void options_belong_to_the_listener_above(void **state)
{
    (void)state;
    wax_config config;
    parse(&config, "max_qos 0\nport 1884\nbind_address ::1\nlistener 1883\nmax_qos 1\n"
                   "listener 0 /s\nmount_point a b/ \n");
    assert_int_equal(config.listener_count, 3);
    assert_int_equal(config.listeners[0].max_qos, 1);
    assert_int_equal(config.listeners[1].max_qos, 2);
    assert_true(config.listeners[1].is_unix);
    assert_string_equal(config.listeners[1].address, "/s");
    assert_string_equal(config.listeners[1].mount_point, "a b/");
    assert_int_equal(config.listeners[2].port, 1884);
    assert_string_equal(config.listeners[2].address, "::1");
    assert_int_equal(config.listeners[2].max_qos, 0);
    assert_int_equal(wax_config_place_of(&config, &config.listeners[0], "maximum_qos").line, 5);
    wax_config_free(&config);
}

static void security_is_shared_or_of_each_listener(void **state)
{
    (void)state;
    wax_config config;
    parse(&config, "listener 1\npassword_file /p\nlistener 2\nallow_anonymous true\n"
                   "listener_allow_anonymous false\n");
    assert_string_equal(config.listeners[0].password_file, "/p");
    assert_string_equal(config.listeners[1].password_file, "/p");
    assert_true(config.listeners[0].allow_anonymous);
    assert_false(config.listeners[1].allow_anonymous);
    wax_config_free(&config);
    parse(&config, "per_listener_settings true\nlistener 1\npassword_file /p\n"
                   "listener 2\nallow_anonymous true\nauto_id_prefix x\n");
    assert_string_equal(config.listeners[0].password_file, "/p");
    assert_null(config.listeners[1].password_file);
    assert_false(config.listeners[0].allow_anonymous);
    assert_true(config.listeners[1].allow_anonymous);
    assert_string_equal(config.listeners[0].auto_id_prefix, "auto-");
    assert_string_equal(config.listeners[1].auto_id_prefix, "x");
    wax_config_free(&config);
}

/* One way to name the file of dynamic security; it is /d. */
static const char *const by_plugin[] = {
    "dynamic_security_file /d\n",
    "plugin /usr/lib/mosquitto_dynamic_security.so\nplugin_opt_config_file /d\n",
    "auth_plugin mosquitto_dynamic_security.so\nauth_opt_config_file /d\n",
    "global_plugin /nowhere/mosquitto_dynamic_security.so\nplugin_opt_config_file /d\n",
    "plugin_load a /x/mosquitto_dynamic_security.so\nplugin_opt_config_file /d\nplugin_use a\n",
    ("plugin /x/mosquitto_persist_sqlite.so\nplugin_opt_flush_period 3\n"
     "plugin /x/mosquitto_dynamic_security.so\nplugin_opt_config_file /d\n"),
};

static void plugins_of_mosquitto_are_built_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(by_plugin); i++) {
        char text[400];
        wax_config config;
        (void)snprintf(text, sizeof text, "%slistener 1\nlistener 2\n", by_plugin[i]);
        parse(&config, text);
        check_row(by_plugin[i], config.listeners[0].dynamic_security_file &&
                                    strcmp(config.listeners[0].dynamic_security_file, "/d") == 0);
        check_row(by_plugin[i], config.listeners[1].dynamic_security_file != NULL);
        wax_config_free(&config);
    }
}

static void a_plugin_belongs_to_its_listener(void **state)
{
    (void)state;
    wax_config config;
    parse(&config, "per_listener_settings true\n"
                   "plugin_load a mosquitto_dynamic_security.so\nplugin_opt_config_file /d\n"
                   "listener 1\nplugin_use a\nlistener 2\nplugin mosquitto_password_file.so\n"
                   "plugin_opt_password_file /p\nlistener 3\n");
    assert_string_equal(config.listeners[0].dynamic_security_file, "/d");
    assert_null(config.listeners[0].password_file);
    assert_string_equal(config.listeners[1].password_file, "/p");
    assert_null(config.listeners[1].dynamic_security_file);
    assert_null(config.listeners[2].dynamic_security_file);
    wax_config_free(&config);
}

static void limits_that_are_off_need_no_special_case(void **state)
{
    (void)state;
    wax_config config;
    parse(&config, "listener 1\nmax_connections -1\nmax_queued_messages 0\nmax_queued_bytes 0\n"
                   "persistent_client_expiration 0\nmax_keepalive 0x3c\n");
    assert_int_equal(config.listeners[0].max_connections, WAX_CONFIG_NO_LIMIT);
    assert_int_equal(config.max_queued_messages, WAX_CONFIG_NO_LIMIT);
    assert_true(config.max_queued_bytes == WAX_CONFIG_NO_SIZE_LIMIT);
    assert_int_equal(config.persistent_client_expiration_s, UINT32_MAX);
    assert_int_equal(config.max_keepalive_s, 60);
    wax_config_free(&config);
    parse(&config, "persistent_client_expiration 2m\nlistener 1\nmax_connections 0\n");
    assert_int_equal(config.persistent_client_expiration_s, 60 * 86400);
    assert_int_equal(config.listeners[0].max_connections, 0);
    wax_config_free(&config);
}

static void listeners_of_the_web_are_read(void **state)
{
    (void)state;
    wax_config config;
    parse(&config, "listener 1\nprotocol websockets\nwebsockets_origin https://a.example\n"
                   "websockets_origin https://b.example\nlistener 2\nprotocol http_api\n"
                   "enable_proxy_protocol 2\nproxy_protocol_v2_require_tls true\nlistener 3\n");
    assert_int_equal(config.listeners[0].protocol, WAX_PROTOCOL_WEBSOCKETS);
    assert_string_equal(config.listeners[0].websockets_origins,
                        "https://a.example\nhttps://b.example");
    assert_int_equal(config.listeners[1].protocol, WAX_PROTOCOL_HTTP_API);
    assert_int_equal(config.listeners[1].proxy_protocol, 2);
    assert_true(config.listeners[1].proxy_protocol_v2_require_tls);
    assert_null(config.listeners[1].websockets_origins);
    assert_int_equal(config.listeners[2].protocol, WAX_PROTOCOL_MQTT);
    assert_int_equal(config.listeners[2].proxy_protocol, 0);
    wax_config_free(&config);
}

struct judged {
    const char *name;
    const char *text;
    const char *says; /* NULL: nothing of the kind */
};

/* clang-format off */
static const struct judged judged_rows[] = {
    {"figures for everybody",          "listener 1\nprotocol http_api\n", "error: whoever reaches this listener reads the broker's figures, without a password; write `listener PORT 127.0.0.1`"},
    {"figures for this machine",       "listener 1 127.0.0.1\nprotocol http_api\n", NULL},
    {"figures on a Unix socket",       "listener 0 /run/s\nprotocol http_api\n", NULL},
    {"figures for everybody, by word", "listener 1\nprotocol http_api\nhttp_api_public true\n", NULL},
    {"a word without figures",         "listener 1 ::1\nhttp_api_public true\n", "warning: http_api_public has no effect"},
    {"an origin without WebSocket",    "listener 1 ::1\nwebsockets_origin https://a\n", "warning: websockets_origin has no effect"},
    {"TLS behind a header of version 1", "listener 1 ::1\nenable_proxy_protocol 1\nproxy_protocol_v2_require_tls true\n", "error: only version 2"},
    {"a proxy that anybody may be",    "listener 1\nenable_proxy_protocol 1\n", "warning: whoever reaches this listener past the proxy"},
    {"a proxy on this machine",        "listener 1 ::1\nenable_proxy_protocol 1\n", NULL},
    {"names by a proxy",               "listener 1 ::1\nenable_proxy_protocol 2\nrequire_certificate true\nuse_identity_as_username true\n", NULL},
    {"names by a proxy of version 1",  "listener 1 ::1\nenable_proxy_protocol 1\nuse_identity_as_username true\n", "error: this listener has TLS options but no certificate"},
    {"subjects by a proxy",            "listener 1 ::1\nenable_proxy_protocol 2\nuse_subject_as_username true\n", "error: this listener has TLS options but no certificate"},
};
/* clang-format on */

static void what_a_protocol_needs_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(judged_rows); i++) {
        const struct judged *row = &judged_rows[i];
        wax_config_report report = {0};
        wax_config config;
        char *said = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&said, &size);
        assert_non_null(out);
        parse(&config, row->text);
        bool is_error = row->says && strncmp(row->says, "error", 5) == 0;
        check_row(row->name, (wax_config_check(&config, &report) == WAX_INVALID) == is_error);
        wax_config_report_print(&report, out);
        (void)fclose(out);
        check_row(row->name, row->says ? strstr(said, row->says) != NULL
                                       : !strstr(said, "past the proxy") && !strstr(said, "error"));
        wax_config_report_free(&report);
        wax_config_free(&config);
        free(said);
    }
}

static void sets_add_up_from_their_first_line(void **state)
{
    (void)state;
    wax_config config;
    parse(&config, "log_dest file /var/log/a b.log\nlog_dest syslog\nlog_type error\n"
                   "log_type debug\nlog_facility 3\n"
                   "listener 1\naccept_protocol_versions 4,5\nprotocol mqtt\n");
    assert_int_equal(config.log_dest, WAX_LOG_TO_FILE | WAX_LOG_TO_SYSLOG);
    assert_string_equal(config.log_file, "/var/log/a b.log");
    assert_int_equal(config.log_type, WAX_LOG_ERROR | WAX_LOG_DEBUG);
    assert_int_equal(config.log_facility, 4);
    assert_int_equal(config.listeners[0].accept_protocol_versions, WAX_ACCEPT_3_1_1 | WAX_ACCEPT_5);
    wax_config_free(&config);
    parse(&config, "log_type error\nlog_type none\nlog_dest dlt\n");
    assert_int_equal(config.log_type, 0);
    assert_int_equal(config.log_dest, WAX_LOG_TO_STDERR);
    wax_config_free(&config);
    parse(&config, "log_type all\n");
    assert_int_equal(config.log_type, (WAX_LOG_INTERNAL << 1) - 1);
    wax_config_free(&config);
}

static void ports_of_the_command_line_are_local(void **state)
{
    (void)state;
    wax_config config;
    parse(&config, "allow_anonymous true\n");
    assert_int_equal(wax_config_add_port(&config, 0), WAX_INVALID);
    assert_int_equal(wax_config_add_port(&config, 65536), WAX_INVALID);
    for (uint32_t port = 2000; port < 2010; port++) {
        assert_int_equal(wax_config_add_port(&config, port), WAX_OK);
    }
    assert_int_equal(wax_config_add_port(&config, 3000), WAX_FULL);
    assert_int_equal(config.listener_count, 20);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(config.listeners[i].port, 2000 + i / 2);
        assert_string_equal(config.listeners[i].address, i % 2 ? "::1" : "127.0.0.1");
    }
    wax_config_free(&config);
    parse(&config, "listener 1883\n");
    assert_int_equal(wax_config_add_port(&config, 2000), WAX_NOT_FOUND);
    assert_int_equal(config.listener_count, 1);
    wax_config_free(&config);
}

static void what_needs_a_restart_is_told(void **state)
{
    (void)state;
    wax_config running;
    wax_config next;
    wax_config_report report = {0};
    parse(&running, "workers 1\nsys_interval 1\nuser a\n");
    parse(&next, "sys_interval 2\nworkers 2\nuser a\n");
    assert_int_equal(wax_config_compare(&running, &next, &report), 1);
    assert_int_equal(report.problems[0].severity, WAX_CONFIG_NOTE);
    assert_int_equal(report.problems[0].line, 2);
    assert_string_equal(report.problems[0].text,
                        "workers has changed; the new value holds after the next start");
    wax_config_report_free(&report);
    wax_config_free(&running);
    wax_config_free(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_mosquitto_accepts_is_accepted),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(what_is_unwise_is_told),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_line_has_a_limit_and_no_zero),
        cmocka_unit_test(a_report_has_a_limit),
        cmocka_unit_test(without_a_listener_only_this_machine_is_served),
        cmocka_unit_test(with_a_listener_anonymous_is_denied_unless_set),
        cmocka_unit_test(options_belong_to_the_listener_above),
        cmocka_unit_test(security_is_shared_or_of_each_listener),
        cmocka_unit_test(plugins_of_mosquitto_are_built_in),
        cmocka_unit_test(a_plugin_belongs_to_its_listener),
        cmocka_unit_test(limits_that_are_off_need_no_special_case),
        cmocka_unit_test(listeners_of_the_web_are_read),
        cmocka_unit_test(what_a_protocol_needs_is_said),
        cmocka_unit_test(sets_add_up_from_their_first_line),
        cmocka_unit_test(ports_of_the_command_line_are_local),
        cmocka_unit_test(what_needs_a_restart_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
