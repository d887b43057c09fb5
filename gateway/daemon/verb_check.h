/* gateway/daemon/verb_check.h: "check AREA" and "config diff" of causewayctl:
 * what the daemon can say of its configuration file, its certificates, links
 * and store. Names in DNS are looked up by causewayctl itself, so that the
 * daemon never waits for them.
 */
#pragma once

#include "gateway/daemon/control_line.h"

struct node;

/* A JSON array of {"area","name","ok","detail"}. "check dns" gives the domains
   to be looked up instead; "check store" may give {"pending":true}: ask again. */
void verb_check(struct node *n, const struct control_req *req,
		struct buf *out);
/* [{"block","name","option","running","file"}]; secrets as ***. */
void verb_config(struct node *n, const struct control_req *req,
		 struct buf *out);
