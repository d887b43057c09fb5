/* core/port/loop.h: time, randomness and wake-ups for flow. Filled by
 * adapters/net; by a scripted clock in tests.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct loop_port {
	void *self;
	int64_t (*now_ms)(void *self);	/* monotonic */
	int64_t (*utc_us)(void *self);
	void (*random)(void *self, void *out, size_t n);
	/* Ask for flow_turn() at that time; replaces the earlier wish. */
	void (*wake_at)(void *self, int64_t at_ms);
	/* Ask for flow_turn() as soon as the running callback is over. */
	void (*kick)(void *self);
};
