/* core/flow/core_priv.h: the state of one core, shared by the files of this
 * folder only. Each part names the file that owns it.
 */
#pragma once

#include "core/base/list.h"
#include "core/base/map.h"
#include "core/flow/flow.h"
#include "core/model/machine.h"

/* ---- objects: engine.c ---- */

enum { OBJECT_TIMERS_MAX = 4 };

struct object {
	uint64_t id;
	const struct machine *machine;
	bool is_waiting;	/* its step waits for facts */
	bool is_ended;		/* gone as soon as its step is through */
	struct {
		uint32_t tag;
		int64_t at_ms;	/* 0: not set */
	} timers[OBJECT_TIMERS_MAX];
	struct str lane;	/* of a queue object; points into its state */
	_Alignas(16) unsigned char state[];
};

/* Events of one conversation or one user's registrations that have no object
   yet: what comes later waits behind a step that waits. */
struct lane {
	uint64_t key;
	struct event *first, **end;
	unsigned n;
};

/* ---- a step that waits: engine.c, facts.c ---- */

enum { FACT_USERS_MAX = 4 };	/* users one step may ask for */

struct need {
	struct str aor;
	bool is_folded;
};

/* The one note a step may ask for. */
struct need_note {
	bool is_needed, is_reading, is_read;
	uint8_t key[NOTE_KEY_N];
	struct note note;	/* strings in the event's arena */
};

struct facts {
	struct core *core;
	const struct event *ev;
	struct object *obj;
	struct user *users[FACT_USERS_MAX];	/* read for this step */
	size_t users_n;
	struct need needs[FACT_USERS_MAX];	/* missing ones */
	size_t needs_n;
	struct need_note note;
	bool is_missing, was_asked;
	bool is_cold;		/* answers nothing: the trial run of tests */
	unsigned fresh_n;	/* ids given so far */
	size_t legs_n;		/* legs made by this step */
	bool is_over;		/* asked for more than there is room for */
};

struct waiting {
	struct list_link all;	/* core->waits */
	struct core *core;
	struct event *ev;
	uint64_t obj;		/* 0: none */
	struct lane *lane;	/* or NULL */
	struct facts f;		/* what was read so far */
	unsigned reads_n;	/* outstanding */
	int64_t until_ms;
	bool is_over;		/* given up; freed by the last answer */
};

/* ---- the fact cache: facts.c ---- */

struct cached {
	struct str key;		/* aor, in the entry's own memory */
	struct list_link lru;
	struct user *user;	/* NULL: nothing cached */
	uint32_t generation;	/* rises when a write is submitted */
	uint32_t writes_n;	/* submitted, not yet through */
	uint32_t keeps_n;	/* of them: messages for him */
	size_t bytes;
	char text[];
};

/* ---- commits: commit.c ---- */

struct commit {
	struct core *core;
	struct acts acts;	/* held until it is through */
	uint64_t obj;
	struct trace_id trace;
	struct event *ev;		/* the acts may point into it, */
	struct user *users[FACT_USERS_MAX];	/* and into these */
	size_t users_n;
	struct list_link all;
};

/* ---- links: links.c ---- */

enum { LINKS_MAX = CONFIG_LINKS_MAX };

struct link_now {
	uint32_t id;
	char name[64];
	enum link_state state;
	uint32_t room;
	char text[128];
	int64_t since_utc_us, retry_at_ms;
	uint64_t sent, failed, received;
	uint64_t greeter;	/* object that tells its contacts of us, or 0 */
};

/* ---- the window of repeats: window.c ---- */

struct window;

/* ---- limits: rates.c ---- */

struct rates;

/* ---- timers: timers.c ---- */

struct timer_entry {
	int64_t at_ms;
	uint64_t obj;
	uint32_t tag;
};

struct core {
	struct loop_port loop;
	struct store store;
	bool has_store;
	struct adapter adapters[PROTOS_N];
	struct config *config;
	uint64_t seed;		/* secret, of all tables */
	uint64_t last_id;	/* of objects and legs */
	struct log_ctx log;

	struct event *run_first, **run_end;	/* intake.c */
	size_t run_n;
	bool is_draining, is_cold_checked;
	bool is_in_turn;

	struct map *objects;	/* id -> object */
	struct map *legs;	/* leg -> struct leg_owner, outgoing ones */
	struct map *lanes;	/* key -> lane */
	struct map *queues;	/* lane text -> queue object */
	struct list_link waits;
	size_t held_n;
	struct list_link commits;

	struct map *facts;	/* aor -> cached */
	struct list_link facts_lru;	/* least recently used first */
	size_t facts_bytes;

	struct timer_entry *heap;	/* timers.c */
	size_t heap_n, heap_size;

	struct link_now links[LINKS_MAX];
	size_t links_n;
	struct window *window;
	struct rates *rates;

	struct acts spare;	/* the acts of the next step */
	bool has_spare;
	uint64_t random_pool[32];
	unsigned random_n;
	int64_t sweep_at_ms;
	uint64_t *route_hits;	/* per rule of the configuration */
	size_t route_hits_n;
	struct core_counts counts;
	bool has_gauges;	/* gauges.c */
};

struct leg_owner {
	uint64_t leg, obj;
};

/* intake.c */
void intake_init(struct core *core);
struct event *ev_make(struct core *core, enum ev_kind kind);
void ev_drop(struct event *ev);
void intake_push(struct core *core, struct event *ev);
void intake_push_first(struct core *core, struct event *ev);
struct event *intake_pop(struct core *core);
/* May be refused while there is no room or no facts. */
bool intake_is_new_work(const struct event *ev);
uint64_t core_random(struct core *core);

/* engine.c */
struct object *object_new(struct core *core, const struct machine *m);
struct object *object_find(struct core *core, uint64_t id);
void object_free(struct core *core, struct object *o);
void engine_run(struct core *core, struct event *ev);
void engine_refuse(struct core *core, struct event *ev, enum cause cause);
void engine_read_done(struct core *core, struct waiting *w);
void engine_give_up_late(struct core *core, int64_t now_ms);

/* flow.c: the one page */
const struct machine *flow_machine_for(struct core *core,
				       const struct event *ev);
uint64_t flow_lane_of(struct core *core, const struct event *ev);
struct object *flow_object_for(struct core *core, struct event *ev);
void flow_spread(struct core *core, struct event *ev);
void flow_poke(struct core *core, const struct hint *h);
void flow_kept(struct core *core, const struct event *ev);
void flow_queue_ends(struct core *core, struct object *o);

/* facts.c */
void facts_init(struct core *core);
void facts_free(struct core *core);
void facts_begin(struct facts *f, struct core *core, const struct event *ev,
		 struct object *o);
void facts_end(struct facts *f);
int facts_read(struct core *core, struct waiting *w);
void facts_submitted(struct core *core, struct str aor, bool is_keep);
void facts_through(struct core *core, struct str aor, bool is_keep);
void facts_forget(struct core *core, struct str aor);

/* expand.c */
void expand(struct core *core, const struct event *ev, struct acts *a);

/* commit.c */
void commit_submit(struct core *core, struct acts *a, uint64_t obj,
		   struct event *ev, struct facts *f);

/* act.c */
void act_now(struct core *core, struct acts *a, uint64_t obj, bool only_before,
	     bool skip_before);
void act_send(struct core *core, const struct action *it, uint64_t obj);
void act_flush(struct core *core);

/* timers.c */
void timers_set(struct core *core, struct object *o, uint32_t tag,
		int64_t at_ms);
void timers_fire(struct core *core, int64_t now_ms);
int64_t timers_next(const struct core *core);	/* 0: none */
void timers_free(struct core *core);

/* links.c */
struct link_now *links_find(struct core *core, uint32_t id);
void links_change(struct core *core, const struct link_change *c,
		  int64_t now_utc_us);
void links_refresh(struct core *core, uint32_t id);

/* window.c */
struct window *window_new(uint64_t seed);
void window_free(struct window *w);
const struct remember *window_find(struct window *w, const uint8_t key[32],
				   int64_t now_ms, uint64_t *obj_out);
void window_put(struct window *w, const struct remember *r, uint64_t obj,
		int64_t now_ms, int64_t until_ms);
size_t window_count(const struct window *w);

/* count.c: of one accounting record, for the metrics */
void count_account(struct core *core, const struct account *r,
		   int64_t now_utc_us);

/* gauges.c */
void gauges_hide(struct core *core);

/* hits.c */
void hits_init(struct core *core);
void hits_reload(struct core *core, const struct config *old);
uint64_t hits_of(const struct core *core, size_t rule);

/* rates.c */
struct rates *rates_new(uint64_t seed);
void rates_free(struct rates *r);
uint64_t rates_key(const struct rates *r, enum rate_of of, struct str who);
uint32_t rates_wait_ms(const struct rates *r, uint64_t key,
		       struct rate_limit l, int64_t now_us);
void rates_spend(struct rates *r, const struct spend *s, int64_t now_us);
size_t rates_count(const struct rates *r);

/* admin.c */
extern const struct machine admin_machine;

/* admin_json.c: what the engine itself knows, for the control tool */
void json_status(struct core *core, struct buf *b, int64_t now_utc_us);
void json_links(struct core *core, struct buf *b);
void json_routes(struct core *core, struct buf *b);
