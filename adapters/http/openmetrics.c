/* adapters/http/openmetrics.c: see openmetrics.h. One family:
 *
 *   # TYPE causeway_link_rtt_seconds histogram
 *   # UNIT causeway_link_rtt_seconds seconds
 *   # HELP causeway_link_rtt_seconds Round trip of the link's own ping.
 *   causeway_link_rtt_seconds_bucket{link="prosody",le="0.0001"} 0
 *   ...
 *   causeway_link_rtt_seconds_count{link="prosody"} 3
 *   causeway_link_rtt_seconds_sum{link="prosody"} 0.004212
 */
#include "adapters/http/openmetrics.h"

#include <math.h>

#include "core/base/metric.h"
#include "core/base/utf8.h"

struct writer {
	struct buf *out;
	const struct metric_family *f;
	bool is_old;
	bool has_begun;
};

static const char *const kinds[] = {
	[METRIC_KIND_COUNTER] = "counter",
	[METRIC_KIND_GAUGE] = "gauge",
	[METRIC_KIND_HISTOGRAM] = "histogram",
	[METRIC_KIND_INFO] = "info",
};

/* Backslash, quote and line feed are escaped; what is no UTF-8 becomes "?". */
static void put_escaped(struct buf *out, struct str s)
{
	uint32_t code;
	size_t n;

	for (; s.n > 0; s = str_from(s, n ? n : 1)) {
		n = utf8_next(s, &code);
		if (n == 0)
			buf_put_char(out, '?');
		else if (code == '\n')
			buf_put_str(out, STR("\\n"));
		else if (code == '\\' || code == '"')
			buf_printf(out, "\\%c", (char)code);
		else
			buf_put(out, s.p, n);
	}
}

/* Whole numbers as such, exactly; all others with what a double holds. */
static void put_number(struct buf *out, double v)
{
	if (isnan(v))
		buf_put_str(out, STR("NaN"));
	else if (isinf(v))
		buf_put_str(out, v < 0 ? STR("-Inf") : STR("+Inf"));
	else if (floor(v) == v && fabs(v) < 9e15)
		buf_put_i64(out, (int64_t)v);
	else
		buf_printf(out, "%.15g", v);
}

static void put_seconds(struct buf *out, uint64_t us)
{
	put_number(out, (double)us / 1e6);
}

static const char *const suffixes[] = {
	[METRIC_KIND_COUNTER] = "_total",
	[METRIC_KIND_GAUGE] = "",
	[METRIC_KIND_HISTOGRAM] = "",
	[METRIC_KIND_INFO] = "_info",
};

static void begin(struct writer *w)
{
	const struct metric_family *f = w->f;
	const char *suffix = w->is_old ? suffixes[f->kind] : "";
	const char *kind = kinds[f->kind];

	if (w->has_begun)
		return;
	w->has_begun = true;
	if (w->is_old && f->kind == METRIC_KIND_INFO)
		kind = "gauge";
	buf_printf(w->out, "# TYPE %s%s %s\n", f->name, suffix, kind);
	if (f->unit[0] && !w->is_old)
		buf_printf(w->out, "# UNIT %s %s\n", f->name, f->unit);
	buf_printf(w->out, "# HELP %s%s ", f->name, suffix);
	put_escaped(w->out, str_of(f->help));
	buf_put_char(w->out, '\n');
}

/* name{labels, one more} and the space before the value */
static void put_name(struct writer *w, const char *suffix,
		     const struct metric_sample *s, const char *le)
{
	struct str rest = str_of(w->f->labels), label;
	bool has_any = false;
	size_t i = 0;

	buf_printf(w->out, "%s%s", w->f->name, suffix);
	while (rest.n && str_split(&rest, ' ', &label)) {
		buf_put_char(w->out, has_any ? ',' : '{');
		buf_put_str(w->out, label);
		buf_put_str(w->out, STR("=\""));
		put_escaped(w->out, s->values[i++]);
		buf_put_char(w->out, '"');
		has_any = true;
	}
	if (le)
		buf_printf(w->out, "%cle=\"%s\"", has_any ? ',' : '{', le);
	if (has_any || le)
		buf_put_char(w->out, '}');
	buf_put_char(w->out, ' ');
}

static uint64_t bucket(const struct metric_sample *s, size_t i)
{
	return atomic_load_explicit(&s->buckets->n[i], memory_order_relaxed);
}

/* The count is the sum of the buckets read here, so that both agree although
   another thread may add meanwhile. */
static void put_histogram(struct writer *w, const struct metric_sample *s)
{
	struct buf le;
	uint64_t n = 0;
	size_t i;

	buf_init(&le, 32);
	for (i = 0; i < METRIC_BUCKETS; i++) {
		buf_clear(&le);
		if (i < METRIC_BUCKETS - 1)
			put_seconds(&le, metric_bounds_us[i]);
		else
			buf_put_str(&le, STR("+Inf"));
		/* le is a number for its readers: 1.0, not 1 */
		if (str_find(buf_str(&le), '.') == le.n &&
		    i < METRIC_BUCKETS - 1)
			buf_put_str(&le, STR(".0"));
		buf_put_char(&le, '\0');
		n += bucket(s, i);
		put_name(w, "_bucket", s, le.p);
		buf_put_u64(w->out, n);
		buf_put_char(w->out, '\n');
	}
	buf_free(&le);
	put_name(w, "_count", s, NULL);
	buf_put_u64(w->out, n);
	buf_put_char(w->out, '\n');
	put_name(w, "_sum", s, NULL);
	put_seconds(w->out, atomic_load_explicit(&s->buckets->sum_us,
						 memory_order_relaxed));
	buf_put_char(w->out, '\n');
}

static void put_sample(void *arg, const struct metric_sample *s)
{
	struct writer *w = arg;

	begin(w);
	if (w->f->kind == METRIC_KIND_HISTOGRAM) {
		put_histogram(w, s);
		return;
	}
	put_name(w, suffixes[w->f->kind], s, NULL);
	put_number(w->out, w->f->kind == METRIC_KIND_INFO ? 1 : s->n);
	buf_put_char(w->out, '\n');
}

void openmetrics_put(struct buf *out, bool is_old)
{
	struct writer w = { .out = out, .is_old = is_old };
	unsigned id;

	for (id = 0; id < METRIC_IDS; id++) {
		w.f = metric_family(id);
		w.has_begun = false;
		metric_each(id, put_sample, &w);
	}
	buf_put_str(out, STR("# EOF\n"));
}
