/* core/base/metric.c: the registry; see metric.h. Process-wide like the log,
 * because a count belongs to the process.
 */
#include "core/base/metric.h"

#include <string.h>

#include "core/base/map.h"
#include "core/base/mem.h"

struct series {
	struct metric metric; /* first: what is handed out */
	struct metric_buckets buckets;
	struct str values[METRIC_LABELS_MAX];
	size_t key_n;
	char key[]; /* values, each with a NUL behind it */
};

struct family {
	struct series *series[METRIC_SERIES_MAX + 1]; /* one for "other" */
	size_t series_n;
	struct map *by_key;
	metric_collect_h *collect;
	void *collect_arg;
};

static const struct metric_family families[METRIC_IDS] = {
#define X(id, kind_, name_, unit_, labels_, help_)     \
	[METRIC_##id] = { .kind = METRIC_KIND_##kind_, \
			  .name = (name_),             \
			  .unit = (unit_),             \
			  .labels = (labels_),         \
			  .help = (help_) },
	METRIC_TABLE(X)
#undef X
};

/* 100 us (a pass through memory) to an hour (a message that was deferred). */
const uint64_t metric_bounds_us[METRIC_BUCKETS - 1] = {
	100,	 250,	   500,	     1000,	2500,	    5000,    10000,
	25000,	 50000,	   100000,   250000,	500000,	    1000000, 2500000,
	5000000, 10000000, 60000000, 600000000, 3600000000,
};

static struct family *kept[METRIC_IDS];

const struct metric_family *metric_family(enum metric_id id)
{
	return &families[id];
}

static struct family *family_of(enum metric_id id)
{
	if (!kept[id]) {
		kept[id] = mem_zalloc(sizeof(*kept[id]));
		/* Keys are our own words: nobody can make them collide. */
		kept[id]->by_key = map_new(id);
	}
	return kept[id];
}

static struct series *series_new(enum metric_id id, const char *key, size_t n)
{
	struct series *s = mem_zalloc(sizeof(*s) + n);
	size_t i;
	char *at = s->key;

	memcpy(s->key, key, n);
	s->key_n = n;
	for (i = 0; i < METRIC_LABELS_MAX; i++) {
		s->values[i] = str_of(at);
		at += s->values[i].n + 1;
	}
	if (families[id].kind == METRIC_KIND_HISTOGRAM)
		s->metric.buckets = &s->buckets;
	return s;
}

static size_t put_value(char *out, struct str v)
{
	size_t i,
		n = v.n < METRIC_VALUE_BYTES_MAX ? v.n : METRIC_VALUE_BYTES_MAX;

	for (i = 0; i < n; i++)
		out[i] = v.p[i] ? v.p[i] : ' ';
	out[n] = '\0';
	return n + 1;
}

static size_t labels_of(enum metric_id id)
{
	struct str rest = str_of(families[id].labels), one;
	size_t n = 0;

	while (rest.n && str_split(&rest, ' ', &one))
		n++;
	return n;
}

static struct series *find(enum metric_id id, const struct str *values,
			   size_t values_n)
{
	char key[METRIC_LABELS_MAX * (METRIC_VALUE_BYTES_MAX + 1)];
	struct family *f = family_of(id);
	struct series *s;
	size_t i, n = 0;

	for (i = 0; i < METRIC_LABELS_MAX; i++)
		n += put_value(key + n, i < values_n ? values[i] : STR(""));
	s = map_get(f->by_key, (struct str){ key, n });
	if (s || f->series_n > METRIC_SERIES_MAX)
		return s;
	s = series_new(id, key, n);
	f->series[f->series_n++] = s;
	map_set(f->by_key, (struct str){ s->key, s->key_n }, s);
	return s;
}

static struct series *other(enum metric_id id)
{
	struct str values[METRIC_LABELS_MAX];
	size_t i, n = labels_of(id);

	for (i = 0; i < n; i++)
		values[i] = STR("other");
	return find(id, values, n);
}

struct metric *metric_series(enum metric_id id, const struct str *values,
			     size_t values_n)
{
	struct family *f = family_of(id);
	struct series *s = NULL;

	if (values_n > METRIC_LABELS_MAX)
		values_n = METRIC_LABELS_MAX;
	/* The last place is kept for what no longer fits. */
	if (f->series_n == METRIC_SERIES_MAX && id != METRIC_METRIC_OVERFLOWS)
		other(id);
	s = find(id, values, values_n);
	if (s)
		return &s->metric;
	metric_inc(metric_series(METRIC_METRIC_OVERFLOWS, NULL, 0));
	return &other(id)->metric;
}

struct metric *metric_of(enum metric_id id, const char *const *values)
{
	struct str v[METRIC_LABELS_MAX];
	size_t n;

	for (n = 0; n < METRIC_LABELS_MAX && values[n]; n++)
		v[n] = str_of(values[n]);
	return metric_series(id, v, n);
}

void metric_observe_us(struct metric *m, int64_t us)
{
	struct metric_buckets *b = m->buckets;
	uint64_t v = us > 0 ? (uint64_t)us : 0;
	size_t i = 0;

	if (!b)
		return;
	while (i < METRIC_BUCKETS - 1 && v > metric_bounds_us[i])
		i++;
	atomic_fetch_add_explicit(&b->n[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&b->sum_us, v, memory_order_relaxed);
}

void metric_collect(enum metric_id id, metric_collect_h *h, void *arg)
{
	struct family *f = family_of(id);

	f->collect = h;
	f->collect_arg = arg;
}

void metric_each(enum metric_id id, metric_sample_h *h, void *arg)
{
	struct family *f = family_of(id);
	struct metric_sample sample;
	size_t i;

	for (i = 0; i < f->series_n; i++) {
		const struct series *s = f->series[i];
		uint64_t n = metric_value(&s->metric);

		memcpy(sample.values, s->values, sizeof(sample.values));
		sample.n = families[id].kind == METRIC_KIND_GAUGE
				   ? (double)(int64_t)n
				   : (double)n;
		sample.buckets = s->metric.buckets;
		h(arg, &sample);
	}
	if (f->collect)
		f->collect(f->collect_arg, id, h, arg);
}

void metric_reset(void)
{
	size_t id, i;

	for (id = 0; id < METRIC_IDS; id++) {
		if (!kept[id])
			continue;
		for (i = 0; i < kept[id]->series_n; i++)
			mem_free(kept[id]->series[i]);
		map_free(kept[id]->by_key);
		mem_free(kept[id]);
		kept[id] = NULL;
	}
}
