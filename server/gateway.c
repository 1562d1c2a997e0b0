/* server/gateway.c: see server/gateway.h. */
#include "server/gateway.h"

#include <string.h>

#include <jansson.h>

#include "base/err.h"

int gateway_open(struct gateway **ret, const struct gateway_config *config, struct err *reterr)
{
    if (strncmp(config->where, "file:", 5) == 0)
        return gateway_file_open(ret, config, reterr);
    if (strncmp(config->where, "http://", 7) == 0 || strncmp(config->where, "https://", 8) == 0)
        return gateway_http_open(ret, config, reterr);
    return err_set(reterr, ERR_CONFIG, "--gateway: neither http://..., https://... nor file:PATH");
}

void gateway_send(struct gateway *g, struct gateway_message *messages, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        messages[i].outcome = GATEWAY_AGAIN;
        messages[i].pause_s = 0;
        messages[i].why[0] = '\0';
    }
    g->send(g, messages, n);
}

void gateway_close(struct gateway *g)
{
    if (g)
        g->close(g);
}

char *gateway_json(const struct gateway_message *m)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "key", m->key, "kind", m->kind,
                          "channel", m->channel, "to", m->recipient, "language", m->language,
                          "text", m->said);
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

    json_decref(o);
    return text;
}
