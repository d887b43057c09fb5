/* core/route/choose_priv.h: what the stages of a routing decision share. */
#pragma once

#include "core/route/choose.h"

struct choice {
	const struct config *conf;
	struct arena *a;
	const struct route_query *query;
	struct route *out;
	const struct domain_conf *from_domain;	/* of the sender as he came */
	const struct domain_conf *to_domain;	/* of the recipient by now */
	bool may_relay;
};

/* Adds to the trail, if one is wanted. */
void choice_note(struct choice *ch, const char *stage, struct str name,
		 bool is_hit, const char *did, struct str detail);
/* Always false. */
bool choice_refuse(struct choice *ch, const char *stage, struct str name,
		   enum cause cause);
/* A rule applied: counted when the message is accounted. */
bool choice_hit(struct choice *ch, size_t rule);

/* access.c */
bool access_sender(struct choice *ch);		/* may he speak at all */
bool access_recipient(struct choice *ch);	/* and to whom it goes */
