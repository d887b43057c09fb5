/* core/base/metric.h: counts what happens. A family (metric_list.h) has one
 * series for each combination of its label values:
 *
 *   static struct metric *denied;
 *   denied = METRIC(POLICY_DENIALS, "loop");	once, on the loop thread
 *   metric_inc(denied);			each time: one add, no lock
 *
 * A series lives as long as the process, so its pointer may be kept. Where the
 * labels vary, METRIC() at each event is a hash lookup. Series are made on the
 * loop thread only; the value itself may be read from any thread. metric_inc,
 * metric_add and metric_observe are for one thread per series, by default the
 * loop's; metric_add_shared for several. What is a state, not a sum (links up,
 * queue depth), is asked for at the moment of the scrape: metric_collect().
 * Like the log, metrics are no input: nothing decides by them.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/metric_list.h"
#include "core/base/str.h"

enum metric_kind {
	METRIC_KIND_COUNTER,
	METRIC_KIND_GAUGE,
	METRIC_KIND_HISTOGRAM,
	METRIC_KIND_INFO,
};

enum metric_id {
#define X(id, kind, name, unit, labels, help) METRIC_##id,
	METRIC_TABLE(X)
#undef X
	METRIC_IDS
};

enum {
	METRIC_LABELS_MAX = 4,
	METRIC_SERIES_MAX = 256,	/* of one family; then "other" */
	METRIC_VALUE_BYTES_MAX = 64,	/* of a label value; longer are cut */
	METRIC_BUCKETS = 20,		/* of a histogram, the last is +Inf */
};

struct metric_family {
	enum metric_kind kind;
	const char *name, *unit, *labels, *help;
};

/* Microseconds up to which each bucket counts; the last has no end. */
extern const uint64_t metric_bounds_us[METRIC_BUCKETS - 1];

struct metric {
	atomic_uint_least64_t n;	/* counter; gauge as int64_t */
	struct metric_buckets *buckets;	/* histogram */
};

struct metric_buckets {
	atomic_uint_least64_t n[METRIC_BUCKETS]; /* not cumulative */
	atomic_uint_least64_t sum_us;
};

const struct metric_family *metric_family(enum metric_id id);

/* The series of these label values, in the order of the family's labels;
   missing ones are "". Never NULL: past METRIC_SERIES_MAX all further
   combinations share one series whose values are "other". Strings are
   copied. Loop thread only. */
struct metric *metric_series(enum metric_id id, const struct str *values,
			     size_t values_n);
/* The same for C strings, NULL at the end. */
struct metric *metric_of(enum metric_id id, const char *const *values);
#define METRIC(id, ...) metric_of(METRIC_##id, \
	(const char *const[]){ "", ##__VA_ARGS__, NULL } + 1)

static inline void metric_add(struct metric *m, uint64_t n)
{
	/* One writer: a plain load and store, no locked bus. */
	atomic_store_explicit(&m->n, atomic_load_explicit(&m->n,
				memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static inline void metric_inc(struct metric *m)
{
	metric_add(m, 1);
}

static inline void metric_add_shared(struct metric *m, uint64_t n)
{
	atomic_fetch_add_explicit(&m->n, n, memory_order_relaxed);
}

static inline void metric_set(struct metric *m, int64_t v)
{
	atomic_store_explicit(&m->n, (uint64_t)v, memory_order_relaxed);
}

static inline uint64_t metric_value(const struct metric *m)
{
	return atomic_load_explicit(&m->n, memory_order_relaxed);
}

/* A duration for a histogram; below 0 counts as 0. */
void metric_observe_us(struct metric *m, int64_t us);

/* ---- reading ---------------------------------------------------------------- */

/* One value as a scrape shows it. */
struct metric_sample {
	struct str values[METRIC_LABELS_MAX];
	double n;				/* counter, gauge */
	const struct metric_buckets *buckets;	/* histogram */
};
typedef void metric_sample_h(void *arg, const struct metric_sample *s);

/* A family whose values are asked for at each scrape: h calls put for each.
   Replaces what was there; h NULL removes it. Loop thread only. */
typedef void metric_collect_h(void *arg, enum metric_id id,
			      metric_sample_h *put, void *put_arg);
void metric_collect(enum metric_id id, metric_collect_h *h, void *arg);

/* Every value of a family: kept series in the order they were made, then what
   is collected. Loop thread only. */
void metric_each(enum metric_id id, metric_sample_h *h, void *arg);

/* Forgets all series and collectors: pointers kept are void. For tests. */
void metric_reset(void);
