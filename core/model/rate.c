/* core/model/rate.c: see rate.h. */
#include "core/model/rate.h"

#define SECOND_US 1000000

static int64_t interval_us(struct rate_limit l)
{
	int64_t us = l.per_s ? SECOND_US / l.per_s : 0;

	return us > 0 ? us : 1;
}

uint32_t rate_wait_ms(struct rate_limit l, int64_t full_at_us, int64_t now_us)
{
	uint32_t burst = l.burst ? l.burst : 1;
	int64_t ahead, wait;

	if (l.per_s == 0 || full_at_us <= now_us)
		return 0;
	ahead = full_at_us - now_us;
	wait = ahead - (int64_t)(burst - 1) * interval_us(l);
	if (wait <= 0)
		return 0;
	wait = (wait + 999) / 1000;
	return wait > UINT32_MAX ? UINT32_MAX : (uint32_t)wait;
}

int64_t rate_spend(struct rate_limit l, int64_t full_at_us, int64_t now_us)
{
	if (l.per_s == 0)
		return full_at_us;
	return (full_at_us > now_us ? full_at_us : now_us) + interval_us(l);
}
