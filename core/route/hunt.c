/* core/route/hunt.c: see hunt.h. */
#include "core/route/hunt.h"

#include "core/base/hash.h"

uint64_t hunt_key(struct str text)
{
	return text.n ? hash_key(1, text.p, text.n) : 0;
}

const struct hunt_try *hunt_find(const struct hunt *h, uint64_t leg)
{
	unsigned i;

	for (i = 0; i < h->tries_n; i++)
		if (h->tries[i].leg == leg)
			return &h->tries[i];
	return NULL;
}

static uint64_t instance_of(const struct binding *b)
{
	return binding_is_flow(b) ? hunt_key(binding_instance(b->instance)) :
				    0;
}

/* Two flows of a device may have the same address. */
uint64_t hunt_contact(const struct binding *b)
{
	uint64_t h = hash_key(1, b->contact.p, b->contact.n);

	if (!binding_is_flow(b))
		return h;
	return hash_key(h ^ b->reg_id, b->instance.p, b->instance.n);
}

static bool was_tried(const struct hunt *h, const struct binding *b)
{
	uint64_t contact = hunt_contact(b);
	unsigned i;

	for (i = 0; i < h->tries_n; i++)
		if (h->tries[i].contact == contact)
			return true;
	return false;
}

enum device { DEVICE_NEW, DEVICE_BUSY, DEVICE_FLOW_FAILED };

static enum device device_state(const struct hunt *h, const struct binding *b)
{
	uint64_t instance = instance_of(b);
	enum device state = DEVICE_NEW;
	unsigned i;

	for (i = 0; instance && i < h->tries_n; i++) {
		const struct hunt_try *t = &h->tries[i];

		if (t->instance != instance)
			continue;
		if (t->is_open || !t->is_flow_failed)
			return DEVICE_BUSY;
		state = DEVICE_FLOW_FAILED;
	}
	return state;
}

static bool has_instance(const struct binding **list, size_t n,
			 const struct binding *b)
{
	uint64_t instance = instance_of(b);
	size_t i;

	for (i = 0; instance && i < n; i++)
		if (instance_of(list[i]) == instance)
			return true;
	return false;
}

/* Devices that could not be reached by the flows tried so far. */
static size_t next_flows(const struct hunt *h, const struct plan *p,
			 const struct binding **list)
{
	size_t i, n = 0;

	for (i = 0; i < p->n; i++) {
		const struct binding *b = p->list[i].binding;

		if (!was_tried(h, b) && !has_instance(list, n, b) &&
		    device_state(h, b) == DEVICE_FLOW_FAILED)
			list[n++] = b;
	}
	return n;
}

static size_t next_stage(const struct hunt *h, const struct plan *p,
			 bool is_serial, const struct binding **list)
{
	size_t i, n = 0;
	unsigned stage = 0;

	for (i = 0; i < p->n; i++) {
		const struct plan_item *it = &p->list[i];

		if (n > 0 && (is_serial || it->stage != stage))
			break;
		if (it->is_reserve || was_tried(h, it->binding) ||
		    device_state(h, it->binding) != DEVICE_NEW)
			continue;
		stage = it->stage;
		list[n++] = it->binding;
	}
	return n;
}

size_t hunt_next(const struct hunt *h, const struct plan *p, bool may_overlap,
		 bool is_serial, const struct binding **list)
{
	size_t n;

	if (h->fork.is_won || h->fork.was_global)
		return 0;
	n = next_flows(h, p, list);
	if (n == 0 && (may_overlap || h->fork.open_n == 0) &&
	    !(p->is_single && h->tries_n > 0))
		n = next_stage(h, p, is_serial || p->is_single, list);
	return n < BINDINGS_MAX - h->tries_n ? n : BINDINGS_MAX - h->tries_n;
}

void hunt_add(struct hunt *h, uint64_t leg, const struct binding *binding)
{
	if (h->tries_n == BINDINGS_MAX)
		return;
	h->tries[h->tries_n++] = (struct hunt_try){
		.leg = leg, .is_open = true,
		.contact = binding ? hunt_contact(binding) : 0,
		.instance = binding ? instance_of(binding) : 0,
	};
	fork_add(&h->fork, 1);
}

/* The request did not get to the device, or no word came back. */
static bool is_of_flow(enum cause c)
{
	return c == CAUSE_FLOW_FAILED || c == CAUSE_NO_ANSWER ||
	       c == CAUSE_TIMEOUT || c == CAUSE_LEG_GONE ||
	       c == CAUSE_LINK_DOWN || c == CAUSE_OVERLOAD;
}

enum fork_now hunt_result(struct hunt *h, uint64_t leg, enum cause cause)
{
	unsigned i;

	for (i = 0; i < h->tries_n; i++) {
		if (h->tries[i].leg != leg || !h->tries[i].is_open)
			continue;
		h->tries[i].is_open = false;
		h->tries[i].is_flow_failed = is_of_flow(cause);
	}
	return fork_result(&h->fork, leg, cause);
}

void hunt_give_up(struct hunt *h)
{
	unsigned i;

	for (i = 0; i < h->tries_n; i++)
		if (h->tries[i].is_open)
			hunt_result(h, h->tries[i].leg, CAUSE_NO_ANSWER);
}
