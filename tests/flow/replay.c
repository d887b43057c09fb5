/* tests/flow/replay.c: runs one scenario file. A line is a command:
 *
 *   title TEXT                       name of the test (no comma)
 *   rows CT08 SF01                   conformance rows it proves
 *   config ... end                   a configuration, as in causeway.conf
 *   user bob@sip.example [barred] [out-barred] [inactive] [no-offline]
 *   bind bob@sip.example sip:bob@10.0.0.1 [plain] [q=500] [for=3600s]
 *        [params="audio;class=business"] [instance="<urn:x>" reg-id=1]
 *   in sip msg leg=1 from=A to=B [id=M] [body=T] [wants=delivered,displayed]
 *        [pass=wrong] [as=C] [trusted] [asserted=A] [preferred=A] [private]
 *        [stale] [forged] [composing=active|idle] [report=delivered about=M]
 *        [expires=10s|0] [hops=N] [no-id] [short-id] [type=T] [link=NAME]
 *        [accept="*;audio;require"] [reject=...] [handling=no-fork,queue]
 *   in sip register leg=2 aor=A contact=URI [expires=60] [cseq=1] [call-id=X]
 *        [instance=I] [reg-id=N] [domain=D] [has-path] [can-path] [can-gruu]
 *        [can-outbound] [hop=keeps|lacks]
 *   in sip request leg=3 method=OPTIONS from=A
 *   in admin leg=4 WORD WORD ... [< text on standard input]
 *   expect LINE                      the adapter's next line; "*" matches any
 *   quiet                            no adapter has said anything more
 *   rule sip WORDS / result sip LEG WORDS / link xmpp NAME down|up
 *   window xmpp NAME N
 *   pass 20s                         time goes by
 *   store hold|go|fail-full N|fail-down N|fail-reads N
 *   rows-in KIND N                   so many rows of a kind in the store
 *   dump KIND TEXT                   some row's line contains the text
 *   reload ... end                   another configuration comes in force
 *   restart                          as after kill -9
 *
 * Legs of "in" are numbered by the script; the fakes count legs as they see
 * them, answers included, so leg=1 of the first "in" is "leg=1" there if it is
 * the first leg seen. Outputs are compared whole. Prints TAP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/daemon/load.h"
#include "tests/flow/script.h"

static void fail_at(struct script *s, const char *what, const char *detail)
{
	if (!s->failed)
		printf("# %s:%u: %s: %s\n", s->path, s->line, what, detail);
	s->failed = true;
}

/* "*" stands for any run of characters. */
static bool fits(const char *pattern, const char *text)
{
	for (; *pattern; pattern++, text++) {
		if (*pattern == '*') {
			for (; *text; text++)
				if (fits(pattern + 1, text))
					return true;
			return fits(pattern + 1, text);
		}
		if (*pattern != *text)
			return false;
	}
	return *text == '\0';
}

static void expect(struct script *s, const char *want)
{
	char proto[16] = "";
	const char *got;

	sscanf(want, "%15s", proto);
	got = world_line(&s->world, proto_by_name(str_of(proto)));
	if (!got || !fits(want, got)) {
		fail_at(s, "expected", want);
		printf("#      got: %s\n", got ? got : "(nothing)");
	}
}

static void quiet(struct script *s)
{
	const char *got;
	unsigned p;

	for (p = 0; p < PROTOS_N; p++) {
		got = world_line(&s->world, (enum proto)p);
		if (got)
			fail_at(s, "nothing more was expected", got);
	}
}

/* Lines up to "end" as one text. */
static struct str block(struct script *s)
{
	struct buf b;
	char line[LINE_MAX_BYTES];
	struct str text;

	buf_init(&b, 1 << 16);
	while (script_line(s, line) && strcmp(line, "end") != 0) {
		buf_put_str(&b, str_of(line));
		buf_put_char(&b, '\n');
	}
	text = arena_dup(s->arena, buf_str(&b));
	buf_free(&b);
	return text;
}

static struct config *load(struct script *s)
{
	const struct conf_source src = { .path = s->path,
					 .state_dir = "/nonexistent",
					 .no_files = true };
	static struct faults f;
	struct config *c;

	faults_init(&f);
	c = conf_load_text(&src, block(s), &f);
	if (c)
		c->secret_key = STR("key of these scenarios");
	if (!c)
		fail_at(s, "configuration", f.list[0].text);
	return c;
}

static void start(struct script *s)
{
	struct config *c = load(s);

	if (!c)
		return;
	world_start(&s->world, c);
	config_put(c);
	s->is_started = true;
}

static void reload(struct script *s)
{
	struct config *c = load(s);

	if (!c)
		return;
	world_reload(&s->world, c);
}

static int64_t duration_ms(const char *text)
{
	char *unit;
	long n = strtol(text, &unit, 10);

	if (strcmp(unit, "ms") == 0)
		return n;
	if (strcmp(unit, "m") == 0)
		return n * 60000L;
	if (strcmp(unit, "h") == 0)
		return n * 3600000L;
	if (strcmp(unit, "d") == 0)
		return n * 86400000L;
	return n * 1000L;
}

static void store(struct script *s, const struct words *w)
{
	struct fake_store *fs = s->world.store;
	size_t n = w->n > 2 ? strtoul(w->list[2].p, NULL, 10) : 1;

	if (word_is(w, 1, "hold"))
		s->world.is_store_held = true;
	else if (word_is(w, 1, "go"))
		s->world.is_store_held = false;
	else if (word_is(w, 1, "fail-full"))
		fake_store_fail(fs, STORE_FULL, n);
	else if (word_is(w, 1, "fail-down"))
		fake_store_fail(fs, STORE_DOWN, n);
	else if (word_is(w, 1, "fail-reads"))
		fake_store_fail_reads(fs, n);
	else
		fail_at(s, "store", "unknown word");
	world_settle(&s->world);
}

static void count(struct script *s, const struct words *w)
{
	size_t n = fake_store_count(s->world.store, w->list[1]);
	char text[80];

	if (w->n == 3 && n == strtoul(w->list[2].p, NULL, 10))
		return;
	snprintf(text, sizeof(text), "%zu of %.*s", n, STR_ARG(w->list[1]));
	fail_at(s, "rows in the store", text);
}

static void dump(struct script *s, const char *line)
{
	char kind[32] = "";
	int used = 0;
	struct buf b;

	sscanf(line, "%31s %n", kind, &used);
	buf_init(&b, 1 << 20);
	fake_store_dump(s->world.store, str_of(kind), &b);
	buf_put_char(&b, '\0');
	if (!strstr(b.p, line + used)) {
		fail_at(s, "no such row", line);
		printf("# %s\n", b.p);
	}
	buf_free(&b);
}

static void adapter_word(struct script *s, const struct words *w,
			 const char *rest)
{
	struct fake_adapter *f = s->world.fakes[w->n > 1 ?
		proto_by_name(w->list[1]) : PROTO_NONE];
	const char *words = rest + w->list[1].n + 1;
	char *end;

	if (!f || w->n < 3) {
		fail_at(s, "adapter", rest);
		return;
	}
	if (word_is(w, 0, "rule")) {
		if (fake_adapter_script(f, str_of(words)) < 0)
			fail_at(s, "rule", words);
	} else if (word_is(w, 0, "result")) {
		unsigned leg = (unsigned)strtoul(words, &end, 10);

		while (*end == ' ')
			end++;
		if (fake_adapter_result(f, fake_adapter_leg(f, leg),
					str_of(end)) < 0)
			fail_at(s, "result", words);
	} else if (word_is(w, 0, "link")) {
		fake_adapter_link(f, config_id_of(w->list[2]),
				  word_is(w, 3, "up") ? LINK_UP : LINK_DOWN);
	} else {
		fake_adapter_window(f, config_id_of(w->list[2]), (uint32_t)
				    strtoul(w->list[3].p, NULL, 10));
	}
	world_settle(&s->world);
}

static void one(struct script *s, char *line)
{
	struct words w;
	char *rest = strchr(line, ' ');

	rest = rest ? rest + 1 : line + strlen(line);
	words_split(s->arena, line, &w);
	if (word_is(&w, 0, "config"))
		start(s);
	else if (!s->is_started)
		fail_at(s, "before any config", line);
	else if (word_is(&w, 0, "user") || word_is(&w, 0, "bind"))
		script_table(s, &w);
	else if (word_is(&w, 0, "in"))
		script_in(s, &w);
	else if (word_is(&w, 0, "expect"))
		expect(s, rest);
	else if (word_is(&w, 0, "quiet"))
		quiet(s);
	else if (word_is(&w, 0, "rule") || word_is(&w, 0, "result") ||
		 word_is(&w, 0, "link") || word_is(&w, 0, "window"))
		adapter_word(s, &w, rest);
	else if (word_is(&w, 0, "pass"))
		world_pass(&s->world, duration_ms(rest));
	else if (word_is(&w, 0, "store"))
		store(s, &w);
	else if (word_is(&w, 0, "rows-in"))
		count(s, &w);
	else if (word_is(&w, 0, "dump"))
		dump(s, rest);
	else if (word_is(&w, 0, "reload"))
		reload(s);
	else if (word_is(&w, 0, "restart"))
		world_restart(&s->world);
	else
		fail_at(s, "unknown command", line);
}

static void run(struct script *s)
{
	char line[LINE_MAX_BYTES];

	while (!s->failed && script_line(s, line)) {
		if (strncmp(line, "title ", 6) == 0)
			snprintf(s->title, sizeof(s->title), "%.255s", line + 6);
		else if (strncmp(line, "rows ", 5) == 0)
			snprintf(s->rows, sizeof(s->rows), "%.255s", line + 5);
		else
			one(s, line);
	}
	if (s->is_started)
		world_stop(&s->world);
}

int main(int argc, char **argv)
{
	int i, failed = 0;

	for (i = 1; i < argc; i++) {
		struct script s = { .path = argv[i],
				    .file = fopen(argv[i], "r"),
				    .arena = arena_new(1 << 24) };

		snprintf(s.title, sizeof(s.title), "%s", argv[i]);
		if (s.file)
			run(&s);
		else
			fail_at(&s, "cannot be read", "");
		printf("%sok %d - %s%s%s%s\n", s.failed ? "not " : "", i,
		       s.title, *s.rows ? " [" : "", s.rows,
		       *s.rows ? "]" : "");
		failed += s.failed;
		if (s.file)
			fclose(s.file);
		arena_free(s.arena);
	}
	printf("1..%d\n", argc - 1);
	return failed ? 1 : 0;
}
