/* Why OpenSSL refused a certificate. */
#include "pki/inner.h"

#include <stdio.h>
#include <string.h>

struct sentence {
    int error;
    const char *text;
};

/* $c the certificate; $s since when, $u until when it is valid; $n the names it is for;
 * $i the name of its issuer; $h the host asked for; $a where trusted CAs come from; $r the crlfile
 */
/* clang-format off */
static const struct sentence sentences[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED,                "$c expired on $u; renew it with `wax pki renew`"},
    {X509_V_ERR_CERT_NOT_YET_VALID,              "$c is valid only from $s on; is the clock of this machine right?"},
    {X509_V_ERR_HOSTNAME_MISMATCH,               "$c is for $n but you asked for $h; use one of its names, or issue one with `wax pki server $h`"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH,             "$c is for $n but you asked for $h; use one of its names, or issue one with `wax pki server $h`"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,     "$c is signed by itself, and is not in $a"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,       "$c is signed by CA '$i', which is not in $a"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "$c is signed by CA '$i', which is not in $a"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,       "$c is signed by CA '$i', which is not in $a"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "$c is signed by CA '$i', which is not in $a"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE,          "$c names CA '$i' as its issuer, but the CA of that name in $a did not sign it; it is an older or another CA"},
    {X509_V_ERR_AKID_SKID_MISMATCH,              "$c names CA '$i' as its issuer, but the CA of that name in $a has another key; it is an older or another CA"},
    {X509_V_ERR_INVALID_PURPOSE,                 "$c is not made for this use; a server needs the extended key usage serverAuth, a client clientAuth (`wax pki server`, `wax pki client`)"},
    {X509_V_ERR_INVALID_CA,                      "$c signs others but is no CA (basicConstraints CA:TRUE is missing)"},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN,            "$c signs others but its key usage lacks keyCertSign"},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED,            "$c may not have so many CAs below it (pathlen)"},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG,             "the chain is too long: at most 10 CAs may stand between a certificate and a CA that is trusted; trust a nearer one"},
    {X509_V_ERR_CERT_REVOKED,                    "$c was revoked by CA '$i'; issue another one with a new key"},
    {X509_V_ERR_UNABLE_TO_GET_CRL,               "$c cannot be checked: $r holds no list of CA '$i'; every CA in use needs one there"},
    {X509_V_ERR_CRL_HAS_EXPIRED,                 "$c cannot be checked: the list of CA '$i' in $r is out of date; write it anew"},
    {X509_V_ERR_CRL_NOT_YET_VALID,               "$c cannot be checked: the list of CA '$i' in $r is from the future; is the clock of this machine right?"},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE,           "$c cannot be checked: the list in $r is not signed by CA '$i'"},
    {X509_V_ERR_EE_KEY_TOO_SMALL,                "$c has a key too small to be safe; use EC P-256 or RSA of 2048 bits or more"},
    {X509_V_ERR_CA_KEY_TOO_SMALL,                "$c has a key too small to be safe; use EC P-256 or RSA of 2048 bits or more"},
    {X509_V_ERR_CA_MD_TOO_WEAK,                  "$c is signed with a broken digest; use SHA-256"},
};
/* clang-format on */

/* What the letters stand for. */
struct facts {
    char certificate[320];
    char since[16];
    char until[16];
    char hosts[200];
    char issuer[200];
    const char *host;
    const char *authority;
    const char *crlfile;
};

static void gather(struct facts *facts, const X509_STORE_CTX *verdict, const wax_pki_case *about)
{
    const X509 *certificate = X509_STORE_CTX_get_current_cert(verdict);
    char name[200] = "";

    *facts = (struct facts){
        .host = about->host != NULL ? about->host : "another name",
        .authority = about->authority,
        .crlfile = about->crlfile != NULL ? about->crlfile : "crlfile",
    };
    (void)snprintf(facts->certificate, sizeof facts->certificate, "the %s's certificate",
                   about->whose);
    if (certificate == NULL) {
        return;
    }
    if (X509_STORE_CTX_get_error_depth(verdict) > 0) {
        pki_name(X509_get_subject_name(certificate), name, sizeof name);
        (void)snprintf(facts->certificate, sizeof facts->certificate,
                       "the CA certificate '%s', on which the %s's depends,", name, about->whose);
    }
    pki_name(X509_get_issuer_name(certificate), facts->issuer, sizeof facts->issuer);
    wax_pki_date(pki_seconds(X509_get0_notBefore(certificate)), facts->since);
    wax_pki_date(pki_seconds(X509_get0_notAfter(certificate)), facts->until);
    wax_pki_hosts(certificate, facts->hosts, sizeof facts->hosts);
    if (facts->hosts[0] == '\0') {
        (void)snprintf(facts->hosts, sizeof facts->hosts, "no name at all (it has no SAN)");
    }
}

static const char *look_up(const struct facts *facts, char letter)
{
    const struct {
        char letter;
        const char *text;
    } rows[] = {
        {'c', facts->certificate},
        {'s', facts->since      },
        {'u', facts->until      },
        {'n', facts->hosts      },
        {'i', facts->issuer     },
        {'h', facts->host       },
        {'a', facts->authority  },
        {'r', facts->crlfile    },
    };

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].letter == letter) {
            return rows[i].text;
        }
    }
    return "$";
}

static void write_text(wax_writer *out, const char *text)
{
    wax_bytes bytes = wax_bytes_of_text(text);

    if (bytes.size > wax_writer_left(out)) {
        bytes.size = wax_writer_left(out);
    }
    wax_write_bytes(out, bytes);
}

static void fill_in(const char *text, const struct facts *facts, wax_problem *problem)
{
    wax_writer out = wax_writer_over(problem->text, sizeof problem->text - 1);

    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '$' && at[1] != '\0') {
            at++;
            write_text(&out, look_up(facts, *at));
        } else {
            write_text(&out, (const char[]){*at, '\0'});
        }
    }
    problem->text[out.used] = '\0';
}

void wax_pki_explain(X509_STORE_CTX *verdict, const wax_pki_case *about, wax_problem *problem)
{
    int error = X509_STORE_CTX_get_error(verdict);
    struct facts facts;

    gather(&facts, verdict, about);
    for (size_t i = 0; i < WAX_COUNT(sentences); i++) {
        if (sentences[i].error == error) {
            fill_in(sentences[i].text, &facts, problem);
            return;
        }
    }
    (void)snprintf(problem->text, sizeof problem->text, "%s does not hold: %s", facts.certificate,
                   X509_verify_cert_error_string(error));
}
