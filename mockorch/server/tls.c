/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/server/tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define SUITES "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

#define DAY_S ((int64_t)24 * 3600)

struct tls {
    SSL_CTX *context;
};

/* How a throw-away certificate is to be. */
struct kind {
    const char *name; /* after "self" */
    int64_t from_s, until_s; /* relative to now */
    const char *hosts;
};

#define LOOPBACK "DNS:localhost,IP:127.0.0.1,IP:::1"

static const struct kind kinds[] = {
    {"", -DAY_S, 7 * DAY_S, LOOPBACK}, /* clocks differ a little */
    {":expired", -7 * DAY_S, -DAY_S, LOOPBACK},
    {":future", DAY_S, 7 * DAY_S, LOOPBACK},
    {":wrong-host", -DAY_S, 7 * DAY_S, "DNS:elsewhere.invalid"},
};

/* What OpenSSL has to say, and nothing left behind for the next call. */
static enum status refuse(struct why *why, enum status st, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *reason = ERR_reason_error_string(code);

    ERR_clear_error();
    return fail(why, st, "TLS: %s: %s", what, reason ? reason : "unknown reason");
}

/* ---- the throw-away certificate ---- */

static bool set_names(X509 *x, const char *hosts)
{
    X509_NAME *name = X509_get_subject_name(x);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, hosts);
    X509_EXTENSION *basic = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
                                                "critical,CA:TRUE,pathlen:0");
    bool ok = extension && basic && X509_add_ext(x, extension, -1) && X509_add_ext(x, basic, -1) &&
              X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                         (const unsigned char *)"nxp-mockorch", -1, -1, 0) &&
              X509_set_issuer_name(x, name);

    X509_EXTENSION_free(extension);
    X509_EXTENSION_free(basic);
    return ok;
}

static bool set_serial(X509 *x)
{
    uint64_t serial;

    return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1);
}

static X509 *make_certificate(EVP_PKEY *key, const struct kind *kind, const struct tls_options *o)
{
    bool is_good = !kind->name[0];
    int64_t until_s = is_good && o->valid_s ? o->valid_s : kind->until_s;
    X509 *x = X509_new();
    bool ok = x && X509_set_version(x, X509_VERSION_3) && set_serial(x) &&
              ASN1_TIME_set(X509_getm_notBefore(x), o->wall_s + kind->from_s) &&
              ASN1_TIME_set(X509_getm_notAfter(x), o->wall_s + until_s) &&
              X509_set_pubkey(x, key) && set_names(x, kind->hosts) &&
              X509_sign(x, key, EVP_sha256());

    if (ok)
        return x;
    X509_free(x);
    return NULL;
}

/* Takes `memory`; written: it has what is to go to that file. */
static enum status write_pem(BIO *memory, int written, const char *path, unsigned mode,
                             struct why *why)
{
    char *text = NULL;
    long size = written == 1 ? BIO_get_mem_data(memory, &text) : 0;
    enum status st = size > 0 ? file_write(path, bytes_of(text, (size_t)size), mode, why)
                              : refuse(why, ST_NO_MEMORY, path);

    BIO_free(memory);
    return st;
}

static enum status write_own(X509 *x, EVP_PKEY *key, const struct tls_options *o, struct why *why)
{
    enum status st = ST_OK;
    BIO *memory;

    if (o->certificate_out) {
        memory = BIO_new(BIO_s_mem());
        st = write_pem(memory, memory ? PEM_write_bio_X509(memory, x) : 0, o->certificate_out, 0644,
                       why);
    }
    if (!st && o->key_out) {
        memory = BIO_new(BIO_s_mem());
        st = write_pem(memory,
                       memory ? PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) : 0,
                       o->key_out, 0600, why);
    }
    return st;
}

static enum status use_own(struct tls *t, const struct kind *kind, const struct tls_options *o,
                           struct why *why)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = key ? make_certificate(key, kind, o) : NULL;
    enum status st = ST_OK;

    if (!x || SSL_CTX_use_certificate(t->context, x) != 1 ||
        SSL_CTX_use_PrivateKey(t->context, key) != 1)
        st = refuse(why, ST_NO_MEMORY, "making a certificate");
    else
        st = write_own(x, key, o, why);
    X509_free(x);
    EVP_PKEY_free(key);
    return st;
}

/* ---- files ---- */

static enum status use_files(struct tls *t, const char *text, struct why *why)
{
    const char *comma = strchr(text, ',');
    char *certificate;
    enum status st = ST_OK;

    if (!comma || comma == text || !comma[1])
        return fail(why, ST_INPUT,
                    "TLS: '%s' is neither CERT,KEY nor self, self:expired, self:future, "
                    "self:wrong-host",
                    text);
    certificate = strndup(text, (size_t)(comma - text));
    if (!certificate)
        return fail(why, ST_NO_MEMORY, "TLS: out of memory");
    if (SSL_CTX_use_certificate_chain_file(t->context, certificate) != 1)
        st = refuse(why, ST_INPUT, certificate);
    else if (SSL_CTX_use_PrivateKey_file(t->context, comma + 1, SSL_FILETYPE_PEM) != 1)
        st = refuse(why, ST_INPUT, comma + 1); /* also a key of another certificate */
    free(certificate);
    return st;
}

/* ---- the context ---- */

/* HTTP/1.1 is all we speak; a client that offers nothing of the kind goes on without ALPN. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *size,
                           const unsigned char *offered, unsigned offered_size, void *context)
{
    static const unsigned char ours[] = "\x08http/1.1";

    (void)ssl;
    (void)context;
    return SSL_select_next_proto((unsigned char **)out, size, ours, sizeof ours - 1, offered,
                                 offered_size) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_NOACK;
}

static const struct kind *kind_of(const char *text)
{
    if (strncmp(text, "self", 4) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(text + 4, kinds[i].name) == 0)
            return &kinds[i];
    return NULL;
}

enum status tls_new(struct tls **out, const struct tls_options *options, struct why *why)
{
    const struct kind *kind = kind_of(options->certificate);
    struct tls *t = calloc(1, sizeof *t);
    enum status st;

    if (!t)
        return fail(why, ST_NO_MEMORY, "TLS: out of memory");
    t->context = SSL_CTX_new(TLS_server_method());
    if (!t->context) {
        st = refuse(why, ST_NO_MEMORY, "no context");
        goto out;
    }
    SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION);
    SSL_CTX_set_alpn_select_cb(t->context, choose_protocol, NULL);
    /* The suite that every client has (RFC 8446 9.1), and the cheapest handshake. */
    SSL_CTX_set_options(t->context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    if (SSL_CTX_set_ciphersuites(t->context, SUITES) != 1) {
        st = refuse(why, ST_NO_MEMORY, "no cipher suites");
        goto out;
    }
    st = kind ? use_own(t, kind, options, why) : use_files(t, options->certificate, why);
    if (st)
        goto out;

    *out = t;
    t = NULL;
out:
    tls_free(t);
    return st;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    SSL_CTX_free(t->context);
    free(t);
}

struct bufferevent *tls_accept(struct event_base *loop, void *context)
{
    const struct tls *t = context;
    SSL *ssl = SSL_new(t->context);
    struct bufferevent *stream;

    if (!ssl)
        return NULL;
    stream = bufferevent_openssl_socket_new(loop, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                            BEV_OPT_CLOSE_ON_FREE);
    if (!stream) {
        SSL_free(ssl);
        return NULL;
    }
    /* A client that hangs up without a close_notify is no news here. */
    bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
    return stream;
}
