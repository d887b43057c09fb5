/* gateway/ctl/check.c: see check.h. */
#include "gateway/ctl/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "gateway/ctl/ask.h"
#include "gateway/ctl/dns.h"

#define POLL_MS 200
#define POLLS_MAX 1500 /* five minutes: a large database takes its time */

static const struct {
	const char *name;
	int code; /* when something there is not well */
} areas[] = {
	{ "config", EX_CONFIG },     { "certs", EX_CONFIG },
	{ "dns", EX_UNAVAILABLE },   { "links", EX_UNAVAILABLE },
	{ "store", EX_UNAVAILABLE },
};
enum { AREAS_N = sizeof(areas) / sizeof(areas[0]) };

static char *unconst(const char *s)
{
	union {
		const char *in;
		char *out;
	} u = { s }; /* ask() only reads */

	return u.out;
}

/* The data of the answer (a new reference), NULL after a sentence. */
static json_t *ask_area(const char *path, const char *area, int *code_out)
{
	char *const words[] = { unconst("check"), unconst(area) };
	json_t *answer = ask(path, words, 2, NULL), *data = NULL;
	const char *error;

	*code_out = EX_UNAVAILABLE;
	if (!answer)
		return NULL;
	if (json_is_true(json_object_get(answer, "ok"))) {
		data = json_incref(json_object_get(answer, "data"));
	} else {
		error = json_string_value(json_object_get(answer, "error"));
		fprintf(stderr, "causewayctl: %s\n", error ? error : "refused");
		*code_out = (int)json_integer_value(
			json_object_get(answer, "code"));
	}
	json_decref(answer);
	return data;
}

static json_t *wait_area(const char *path, const char *area, int *code_out)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	json_t *data = NULL;
	int i;

	for (i = 0; i < POLLS_MAX; i++) {
		data = ask_area(path, area, code_out);
		if (!data || !json_is_true(json_object_get(data, "pending")))
			return data;
		json_decref(data);
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "causewayctl: the check of %s does not end\n", area);
	*code_out = EX_TEMPFAIL;
	return NULL;
}

static json_t *look_up(const json_t *data)
{
	const json_t *domains = json_object_get(data, "domains");
	json_t *rows = json_array();
	char detail[2048];
	const char *name;
	size_t i;
	bool ok;

	for (i = 0; i < json_array_size(domains); i++) {
		name = json_string_value(
			json_object_get(json_array_get(domains, i), "name"));
		if (!name)
			continue;
		ok = dns_check_domain(name, detail, sizeof(detail));
		json_array_append_new(rows,
				      json_pack("{s:s,s:s,s:b,s:s}", "area",
						"dns", "name", name, "ok", ok,
						"detail", detail));
	}
	return rows;
}

static bool is_wanted(const char *area, char *const *words, int words_n)
{
	int i;

	for (i = 0; i < words_n; i++)
		if (strcmp(words[i], area) == 0 || strcmp(words[i], "all") == 0)
			return true;
	return words_n == 0;
}

static bool is_known(const char *word)
{
	size_t i;

	for (i = 0; i < AREAS_N; i++)
		if (strcmp(areas[i].name, word) == 0)
			return true;
	return strcmp(word, "all") == 0;
}

static bool has_fault(const json_t *rows)
{
	size_t i;

	for (i = 0; i < json_array_size(rows); i++)
		if (!json_is_true(
			    json_object_get(json_array_get(rows, i), "ok")))
			return true;
	return false;
}

json_t *check_run(const char *socket_path, char *const *words, int words_n,
		  int *code_out)
{
	json_t *all = json_array(), *rows, *looked;
	int code = 0, worst = 0;
	size_t i;
	int k;

	for (k = 0; k < words_n; k++)
		if (!is_known(words[k])) {
			fprintf(stderr, "causewayctl: check knows config, dns, "
					"certs, links, store and all\n");
			*code_out = EX_USAGE;
			json_decref(all);
			return NULL;
		}
	for (i = 0; i < AREAS_N; i++) {
		if (!is_wanted(areas[i].name, words, words_n))
			continue;
		rows = wait_area(socket_path, areas[i].name, &code);
		if (!rows) {
			*code_out = code;
			json_decref(all);
			return NULL;
		}
		if (strcmp(areas[i].name, "dns") == 0) {
			looked = look_up(rows);
			json_decref(rows);
			rows = looked;
		}
		if (has_fault(rows) && areas[i].code > worst)
			worst = areas[i].code;
		json_array_extend(all, rows);
		json_decref(rows);
	}
	*code_out = worst;
	return all;
}
