/* adapters/xmpp/comp_count.h: a link's stanzas and round trips, for the metrics.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/base/str.h"

struct metric;

enum { COMP_COUNT_PINGS = 4 }; /* under way; more than there can be */

struct comp_count {
	struct metric *stanzas[4][2]; /* kind, direction */
	struct metric *rtt;
	int64_t pinged_us[COMP_COUNT_PINGS]; /* by number */
};

void comp_count_init(struct comp_count *c, struct str link);
/* kind is "message", "iq", "presence" or anything else. */
void comp_count_stanza(struct comp_count *c, struct str kind, bool is_in);
void comp_count_ping(struct comp_count *c, uint64_t number);
void comp_count_pong(struct comp_count *c, uint64_t number);
void comp_count_parse_error(void);
