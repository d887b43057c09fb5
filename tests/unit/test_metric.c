/* tests/unit/test_metric.c: the registry of counters. */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>

#include "core/base/metric.h"

struct seen {
	struct metric_sample samples[METRIC_SERIES_MAX + 8];
	size_t n;
};

static void see(void *arg, const struct metric_sample *s)
{
	struct seen *seen = arg;

	assert_true(seen->n < COUNT_OF(seen->samples));
	seen->samples[seen->n++] = *s;
}

static int clear(void **state)
{
	(void)state;
	metric_reset();
	return 0;
}

static void same_labels_same_series(void **state)
{
	struct metric *a = METRIC(SIP_REQUESTS, "MESSAGE", "in", "2xx");
	struct metric *b = METRIC(SIP_REQUESTS, "MESSAGE", "in", "4xx");
	static struct seen seen;

	(void)state;
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(a, METRIC(SIP_REQUESTS, "MESSAGE", "in", "2xx"));
	/* what stands in which place matters, also when joined it is equal */
	assert_ptr_not_equal(METRIC(SIP_REQUESTS, "ab", "c", ""),
			     METRIC(SIP_REQUESTS, "a", "bc", ""));
	metric_inc(a);
	metric_add(a, 2);
	metric_add_shared(a, 4);
	assert_int_equal(metric_value(a), 7);
	seen.n = 0;
	metric_each(METRIC_SIP_REQUESTS, see, &seen);
	assert_int_equal(seen.n, 4);
	assert_str(seen.samples[0].values[0], "MESSAGE");
	assert_str(seen.samples[0].values[2], "2xx");
	assert_true(seen.samples[0].n == 7);
	assert_true(seen.samples[1].n == 0);
	assert_ptr_equal(METRIC(STORE_COMMITS), METRIC(STORE_COMMITS));
}

static void gauges_may_be_negative(void **state)
{
	static struct seen seen;

	(void)state;
	metric_set(METRIC(OBJECTS), -3);
	seen.n = 0;
	metric_each(METRIC_OBJECTS, see, &seen);
	assert_int_equal(seen.n, 1);
	assert_true(seen.samples[0].n == -3);
}

static void labels_are_bounded(void **state)
{
	static struct seen seen;
	struct metric *m, *rest = NULL;
	char name[32];
	int i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "rule %d", i);
		m = METRIC(POLICY_DENIALS, name);
		metric_inc(m);
		if (i >= METRIC_SERIES_MAX + 1)
			assert_true(!rest || rest == m);
		if (i >= METRIC_SERIES_MAX + 1)
			rest = m;
	}
	assert_ptr_equal(rest, METRIC(POLICY_DENIALS, "other"));
	seen.n = 0;
	metric_each(METRIC_POLICY_DENIALS, see, &seen);
	assert_int_equal(seen.n, METRIC_SERIES_MAX + 1);
	assert_int_equal(metric_value(rest), 2000 - METRIC_SERIES_MAX);
	assert_int_equal(metric_value(METRIC(METRIC_OVERFLOWS)),
			 2000 - METRIC_SERIES_MAX);
	/* the early ones are still theirs */
	assert_int_equal(metric_value(METRIC(POLICY_DENIALS, "rule 7")), 1);
}

static void long_values_are_cut(void **state)
{
	char text[500];
	static struct seen seen;
	struct str value = { text, sizeof(text) };

	(void)state;
	memset(text, 'x', sizeof(text));
	text[3] = '\0'; /* a NUL does not shift what follows */
	metric_series(METRIC_POLICY_DENIALS, &value, 1);
	seen.n = 0;
	metric_each(METRIC_POLICY_DENIALS, see, &seen);
	assert_int_equal(seen.samples[0].values[0].n, METRIC_VALUE_BYTES_MAX);
	assert_str(seen.samples[0].values[1], "");
}

static void durations_fall_into_buckets(void **state)
{
	struct metric *m = METRIC(TRANSIT, "sip", "xmpp", "page");
	uint64_t sum = 0;
	size_t i;

	(void)state;
	metric_observe_us(m, -5);
	metric_observe_us(m, 100);
	metric_observe_us(m, 101);
	metric_observe_us(m, 3600000001);
	assert_int_equal(m->buckets->n[0], 2);
	assert_int_equal(m->buckets->n[1], 1);
	assert_int_equal(m->buckets->n[METRIC_BUCKETS - 1], 1);
	for (i = 0; i < METRIC_BUCKETS; i++)
		sum += m->buckets->n[i];
	assert_int_equal(sum, 4);
	assert_int_equal(m->buckets->sum_us, 3600000202);
	for (i = 1; i < METRIC_BUCKETS - 1; i++)
		assert_true(metric_bounds_us[i] > metric_bounds_us[i - 1]);
}

static void links_up(void *arg, enum metric_id id, metric_sample_h *put,
		     void *put_arg)
{
	struct metric_sample s = { .n = *(int *)arg };

	assert_int_equal(id, METRIC_LINK_UP);
	s.values[0] = STR("prosody");
	put(put_arg, &s);
}

static void states_are_asked_for(void **state)
{
	static struct seen seen;
	int is_up = 1;

	(void)state;
	metric_collect(METRIC_LINK_UP, links_up, &is_up);
	seen.n = 0;
	metric_each(METRIC_LINK_UP, see, &seen);
	is_up = 0;
	metric_each(METRIC_LINK_UP, see, &seen);
	assert_int_equal(seen.n, 2);
	assert_true(seen.samples[0].n == 1 && seen.samples[1].n == 0);
	metric_collect(METRIC_LINK_UP, NULL, NULL);
	metric_each(METRIC_LINK_UP, see, &seen);
	assert_int_equal(seen.n, 2);
}

static void *add_many(void *arg)
{
	int i;

	for (i = 0; i < 100000; i++)
		metric_add_shared(arg, 1);
	return NULL;
}

static void threads_lose_nothing(void **state)
{
	struct metric *m = METRIC(STORE_COMMITS);
	pthread_t threads[3];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, m),
				 0);
	for (i = 0; i < COUNT_OF(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(metric_value(m), 300000);
}

/* The table itself: names and units as OpenMetrics wants them. */
static void table_is_well_formed(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < METRIC_IDS; i++) {
		const struct metric_family *f = metric_family(i);
		struct str name = str_of(f->name), labels = str_of(f->labels);
		struct str unit = str_of(f->unit), one;
		size_t n = 0;

		assert_true(str_starts(name, STR("causeway_")) ||
			    str_starts(name, STR("process_")));
		for (k = 0; k < name.n; k++)
			assert_true(name.p[k] == '_' ||
				    (name.p[k] >= 'a' && name.p[k] <= 'z'));
		assert_false(str_ends(name, STR("_total")));
		assert_false(str_ends(name, STR("_info")));
		assert_false(str_ends(name, STR("_count")));
		if (unit.n)
			assert_true(str_ends(name, unit));
		if (f->kind == METRIC_KIND_HISTOGRAM)
			assert_str(unit, "seconds");
		while (labels.n && str_split(&labels, ' ', &one)) {
			assert_true(one.n > 0);
			assert_false(str_eq(one, STR("le")));
			n++;
		}
		assert_true(n <= METRIC_LABELS_MAX);
		assert_true(f->help[strlen(f->help) - 1] == '.');
		for (k = 0; k < i; k++)
			assert_string_not_equal(f->name,
						metric_family(k)->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(same_labels_same_series),	   TEST(gauges_may_be_negative),
		TEST(labels_are_bounded),	   TEST(long_values_are_cut),
		TEST(durations_fall_into_buckets), TEST(states_are_asked_for),
		TEST(threads_lose_nothing),	   TEST(table_is_well_formed),
	};
	size_t i;
	struct CMUnitTest with_setup[COUNT_OF(tests)];

	memcpy(with_setup, tests, sizeof(tests));
	for (i = 0; i < COUNT_OF(tests); i++)
		with_setup[i].setup_func = clear;
	return cmocka_run_group_tests(with_setup, NULL, NULL);
}
