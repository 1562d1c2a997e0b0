/* server/identity.c: see server/identity.h. */
#include "server/identity.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/viewer.h"
#include "server/http/exchange.h"
#include "server/media_type.h"

struct identity {
    struct identity_config config;
};

int identity_open(struct identity **ret, const struct identity_config *config, struct err *reterr)
{
    struct identity *id = calloc(1, sizeof *id);

    if (!id)
        return err_set(reterr, ERR_MEMORY, "no memory for telling who asks");
    id->config = *config;
    *ret = id;
    return 0;
}

void identity_close(struct identity *id)
{
    free(id);
}

int viewer_of(struct identity *id, struct exchange *x, struct viewer *ret)
{
    *ret = (struct viewer){.kind = id->config.open ? VIEWER_OPEN : VIEWER_ANONYMOUS,
                           .request_id = str_of(x->id)};
    return id->config.open || !x->has_authorization ? 0 : ERR_UNAUTHENTICATED;
}

void identity_refuse(struct exchange *x)
{
    static const struct str body =
        STR("{\"errors\":[{\"message\":\"The token can't be taken. Please sign in again.\","
            "\"extensions\":{\"code\":\"UNAUTHENTICATED\"}}]}");
    static const struct http_header headers[] = {
        {"WWW-Authenticate", "Bearer realm=\"tolqujat\", error=\"invalid_token\""}, {NULL, NULL}};

    exchange_reply_static(x, err_status(ERR_UNAUTHENTICATED),
                          media_type_name(media_type_answer(x->accept)), body, headers);
}
