/* tests/fake/world.c: see world.h. */
#include "tests/fake/world.h"

#include <string.h>

#define SETTLE_MAX 100000	/* passes before we call it an endless loop */

static int64_t now_ms(void *self)
{
	return ((struct world *)self)->now_ms;
}

static int64_t utc_us(void *self)
{
	return ((struct world *)self)->utc_us;
}

static void fill_random(void *self, void *out, size_t n)
{
	struct world *w = self;
	unsigned char *p = out;
	size_t i;

	for (i = 0; i < n; i++) {
		w->seed ^= w->seed << 13;
		w->seed ^= w->seed >> 7;
		w->seed ^= w->seed << 17;
		p[i] = (unsigned char)(w->seed >> 32);
	}
}

static void wake_at(void *self, int64_t at_ms)
{
	((struct world *)self)->wake_at_ms = at_ms;
}

static void kick(void *self)
{
	((struct world *)self)->is_kicked = true;
}

static void make_core(struct world *w)
{
	static const enum proto protos[] = { PROTO_SIP, PROTO_XMPP,
					     PROTO_ADMIN };
	struct loop_port loop = { w, now_ms, utc_us, fill_random, wake_at,
				  kick };
	struct store store = fake_store_port(w->store);
	struct errtext why;
	size_t i;

	w->core = core_new(loop, w->conf);
	w->in = core_intake(w->core);
	if (w->taps.intake)
		w->taps.intake(w->taps.arg, &w->in);
	if (w->taps.store)
		w->taps.store(w->taps.arg, &store);
	core_check_cold(w->core, true);
	core_attach_store(w->core, store);
	for (i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		struct fake_adapter *f = fake_adapter_new(protos[i], &w->in);
		struct adapter a = fake_adapter_port(f);

		w->fakes[protos[i]] = f;
		fake_adapter_time(f, w->now_ms);
		if (w->taps.adapter)
			w->taps.adapter(w->taps.arg, &a);
		core_attach(w->core, &a);
		if (a.prepare(a.self, w->conf, &why) == 0)
			a.commit(a.self);
		while (fake_adapter_line(f))
			;	/* prepare and commit are no news here */
	}
	core_start(w->core);
	world_settle(w);
}

void world_start_tapped(struct world *w, struct config *conf,
			const struct world_taps *taps)
{
	memset(w, 0, sizeof(*w));
	if (taps)
		w->taps = *taps;
	w->conf = config_ref(conf);
	w->seed = 0x2545f4914f6cdd1d;
	w->now_ms = 1000000;
	w->utc_us = 1795219200000000;	/* 2026-11-21T00:00:00Z */
	w->store = fake_store_new(7);
	fake_store_set_now(w->store, w->utc_us);
	make_core(w);
}

void world_start(struct world *w, struct config *conf)
{
	world_start_tapped(w, conf, NULL);
}

static void drop_core(struct world *w)
{
	unsigned p;

	/* What the store still holds unanswered dies with the process. */
	while (fake_store_run(w->store, 1000))
		;
	core_free(w->core);
	for (p = 0; p < PROTOS_N; p++) {
		fake_adapter_free(w->fakes[p]);
		w->fakes[p] = NULL;
	}
}

void world_restart(struct world *w)
{
	drop_core(w);
	make_core(w);
}

void world_stop(struct world *w)
{
	drop_core(w);
	fake_store_free(w->store);
	config_put(w->conf);
}

void world_reload(struct world *w, struct config *c)
{
	struct errtext why;
	unsigned p;

	config_put(w->conf);
	w->conf = c;
	for (p = 0; p < PROTOS_N; p++) {
		struct adapter a;

		if (!w->fakes[p])
			continue;
		a = fake_adapter_port(w->fakes[p]);
		if (a.prepare(a.self, c, &why) == 0)
			a.commit(a.self);
		while (fake_adapter_line(w->fakes[p]))
			;
	}
	core_config(w->core, c);
	world_settle(w);
}

void world_settle(struct world *w)
{
	bool is_busy = true;
	int i;

	for (i = 0; is_busy && i < SETTLE_MAX; i++) {
		w->is_kicked = false;
		is_busy = core_turn(w->core);
		if (!w->is_store_held && fake_store_run(w->store, 1000))
			is_busy = true;
		if (w->is_kicked)
			is_busy = true;
	}
}

static int64_t next_due(struct world *w, int64_t until)
{
	int64_t at = until;
	unsigned p;

	if (w->wake_at_ms > w->now_ms && w->wake_at_ms < at)
		at = w->wake_at_ms;
	for (p = 0; p < PROTOS_N; p++) {
		int64_t due = w->fakes[p] ? fake_adapter_due(w->fakes[p]) : 0;

		if (due > w->now_ms && due < at)
			at = due;
	}
	return at;
}

void world_pass(struct world *w, int64_t ms)
{
	int64_t until = w->now_ms + ms;
	unsigned p;

	world_settle(w);
	while (w->now_ms < until) {
		int64_t at = next_due(w, until);

		w->utc_us += (at - w->now_ms) * 1000;
		w->now_ms = at;
		fake_store_set_now(w->store, w->utc_us);
		for (p = 0; p < PROTOS_N; p++)
			if (w->fakes[p])
				fake_adapter_time(w->fakes[p], at);
		world_settle(w);
	}
}

void world_jump(struct world *w, int64_t ms)
{
	unsigned p;

	w->now_ms += ms;
	w->utc_us += ms * 1000;
	fake_store_set_now(w->store, w->utc_us);
	for (p = 0; p < PROTOS_N; p++)
		if (w->fakes[p])
			fake_adapter_time(w->fakes[p], w->now_ms);
	world_settle(w);
}

const char *world_line(struct world *w, enum proto p)
{
	return w->fakes[p] ? fake_adapter_line(w->fakes[p]) : NULL;
}
