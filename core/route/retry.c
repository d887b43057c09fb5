/* core/route/retry.c: see retry.h. [architecture.md 5] */
#include "core/route/retry.h"

/* 0 .. n-1, even enough for waiting; n > 0 */
static uint64_t below(uint64_t random, uint64_t n)
{
	/* The low bits of an id may be spoken for (core/model/leg.h). */
	return (random >> 4) % n;
}

uint32_t retry_link_ms(const struct config *conf, uint32_t tries,
		       uint64_t random)
{
	uint64_t bound = conf->retry_link_min_ms ? conf->retry_link_min_ms : 1;
	uint64_t least = bound / 10;

	while (tries > 1 && bound < conf->retry_link_max_ms) {
		bound *= 2;
		tries--;
	}
	if (bound > conf->retry_link_max_ms && conf->retry_link_max_ms > 0)
		bound = conf->retry_link_max_ms;
	if (least >= bound)
		least = bound - 1;
	return (uint32_t)(least + 1 + below(random, bound - least));
}

uint32_t retry_user_ms(const struct config *conf, uint32_t tries,
		       uint64_t random)
{
	size_t at = tries > 0 ? tries - 1 : 0;
	uint64_t ms = conf->retry_user_ms[at < 3 ? at : 2];

	ms += below(random, ms / 10 + 1);
	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

int64_t retry_due(const struct config *conf, bool is_link, uint32_t tries,
		  int64_t now_utc_us, uint64_t random)
{
	uint32_t ms = is_link ? retry_link_ms(conf, tries, random) :
				retry_user_ms(conf, tries, random);

	return now_utc_us + (int64_t)ms * 1000;
}

int64_t retry_expiry_utc_us(const struct config *conf, int64_t now_utc_us,
			    int64_t expires_utc_us)
{
	int64_t latest = now_utc_us + (int64_t)conf->queue_life_ms_max * 1000;

	return expires_utc_us && expires_utc_us < latest ? expires_utc_us :
							   latest;
}
