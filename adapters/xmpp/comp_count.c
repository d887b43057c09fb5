/* adapters/xmpp/comp_count.c: see comp_count.h. */
#include "adapters/xmpp/comp_count.h"

#include "adapters/net/loop.h"
#include "core/base/metric.h"

static const char *const kinds[] = { "message", "iq", "presence", "other" };
enum { KINDS_N = sizeof(kinds) / sizeof(kinds[0]) };

void comp_count_init(struct comp_count *c, struct str link)
{
	struct str values[3] = { link };
	size_t i, k;

	for (i = 0; i < KINDS_N; i++) {
		for (k = 0; k < 2; k++) {
			values[1] = str_of(kinds[i]);
			values[2] = k ? STR("in") : STR("out");
			c->stanzas[i][k] = metric_series(METRIC_XMPP_STANZAS,
							 values, 3);
		}
	}
	c->rtt = metric_series(METRIC_LINK_RTT, &link, 1);
}

void comp_count_stanza(struct comp_count *c, struct str kind, bool is_in)
{
	size_t i = 0;

	while (i < KINDS_N - 1 && !str_eq(kind, str_of(kinds[i])))
		i++;
	metric_inc(c->stanzas[i][is_in]);
}

void comp_count_ping(struct comp_count *c, uint64_t number)
{
	c->pinged_us[number % COMP_COUNT_PINGS] = net_now_us();
}

void comp_count_pong(struct comp_count *c, uint64_t number)
{
	int64_t *at = &c->pinged_us[number % COMP_COUNT_PINGS];

	if (*at)
		metric_observe_us(c->rtt, net_now_us() - *at);
	*at = 0;
}

void comp_count_parse_error(void)
{
	metric_inc(METRIC(PARSE_ERRORS, "xmpp"));
}
