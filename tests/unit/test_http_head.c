/* tests/unit/test_http_head.c: the head of a request, well formed and hostile.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "adapters/net/http_head.h"

static const char example[] = "GET /metrics?x=1 HTTP/1.1\r\n"
			      "Host: localhost:9464\r\n"
			      "Accept:  text/plain \r\n\r\n";

static void example_is_read(void **state)
{
	struct http_head h;

	(void)state;
	assert_int_equal(http_head_parse(str_of(example), &h),
			 sizeof(example) - 1);
	assert_str(h.method, "GET");
	assert_str(h.path, "/metrics");
	assert_str(h.query, "x=1");
	assert_str(h.host, "localhost");
	assert_true(h.keeps_open);
	assert_false(h.has_body);
	assert_int_equal(h.fields_n, 2);
	assert_str(http_head_value(&h, STR("ACCEPT")), "text/plain");
	assert_null(http_head_value(&h, STR("Cookie")).p);
}

static void every_shorter_text_wants_more(void **state)
{
	struct http_head h;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(example) - 1; n++) {
		char *copy = malloc(n + 1); /* so that reading past it shows */

		memcpy(copy, example, n);
		assert_int_equal(http_head_parse((struct str){ copy, n }, &h),
				 0);
		free(copy);
	}
}

static void targets(void **state)
{
	static const struct {
		const char *target, *path, *host;
	} rows[] = {
		{ "/", "/", "h" },
		{ "http://a.example/x?y", "/x", "a.example" },
		{ "HTTP://[::1]:80/x", "/x", "::1" },
		{ "https://a:65535", "/", "a" },
		{ "http://a?q", "/", "a" },
		{ "*", "*", "h" },
		{ "//a/b", "//a/b", "h" },
	};
	char text[256];
	struct http_head h;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		snprintf(text, sizeof(text),
			 "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", rows[i].target);
		assert_true(http_head_parse(str_of(text), &h) > 0);
		assert_str(h.path, rows[i].path);
		assert_str(h.host, rows[i].host);
	}
}

static void refused_with_status(void **state)
{
	static const struct {
		const char *text;
		unsigned status;
	} rows[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 400 }, /* no Host */
		{ "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\nHost: a\n\n", 400 }, /* bare LF */
		{ "GET / HTTP/1.1\r\nHost: a\n\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400 },
		{ "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400 },
		{ "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
		{ "GET / http/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "GET /\r\n\r\n", 400 },	     /* HTTP/0.9 */
		{ "\x16\x03\x01\x02\r\n\r\n", 400 }, /* TLS */
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n",
		  400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
		  "Content-Length: 3\r\n\r\n",
		  400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
		  400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\n",
		  400 },
	};
	struct http_head h;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		if (http_head_parse(str_of(rows[i].text), &h) >= 0)
			fail_msg("row %zu was taken", i);
		assert_int_equal(h.status, rows[i].status);
	}
}

static void bodies_and_ends(void **state)
{
	struct http_head h;

	(void)state;
	assert_true(http_head_parse(STR("GET / HTTP/1.0\r\n\r\n"), &h) > 0);
	assert_false(h.keeps_open);
	assert_null(h.host.p);
	assert_true(http_head_parse(STR("GET / HTTP/1.1\r\nHost: a\r\n"
					"Connection: x, Close\r\n\r\n"),
				    &h) > 0);
	assert_false(h.keeps_open);
	assert_true(http_head_parse(STR("GET / HTTP/1.1\r\nHost: a\r\n"
					"Content-Length: 0\r\n\r\n"),
				    &h) > 0);
	assert_false(h.has_body);
	assert_true(http_head_parse(STR("PUT / HTTP/1.1\r\nHost: a\r\n"
					"Transfer-Encoding: chunked\r\n\r\n"),
				    &h) > 0);
	assert_true(h.has_body);
	/* one empty line before a request is let pass, two are not */
	assert_int_equal(
		http_head_parse(STR("\r\nGET / HTTP/1.0\r\n\r\nrest"), &h), 20);
	assert_true(http_head_parse(STR("\r\n\r\nGET / HTTP/1.0\r\n\r\n"), &h) <
		    0);
}

static void too_much_is_refused(void **state)
{
	static char text[3 * HTTP_HEAD_BYTES_MAX];
	struct http_head h;
	size_t n, i;

	(void)state;
	/* a line without end */
	memset(text, 'a', sizeof(text));
	assert_true(http_head_parse((struct str){ text, HTTP_HEAD_BYTES_MAX },
				    &h) < 0);
	assert_int_equal(h.status, 414);
	/* a long target in a whole head */
	n = (size_t)snprintf(text, sizeof(text), "GET /");
	memset(text + n, 'a', 3000);
	n += 3000;
	n += (size_t)snprintf(text + n, sizeof(text) - n,
			      " HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(http_head_parse((struct str){ text, n }, &h) < 0);
	assert_int_equal(h.status, 414);
	/* many fields */
	n = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n");
	for (i = 0; i <= HTTP_FIELDS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "X: y\r\n");
	n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n");
	assert_true(http_head_parse((struct str){ text, n }, &h) < 0);
	assert_int_equal(h.status, 431);
	/* one large field */
	n = (size_t)snprintf(text, sizeof(text),
			     "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	memset(text + n, 'a', HTTP_HEAD_BYTES_MAX);
	assert_true(http_head_parse((struct str){ text, HTTP_HEAD_BYTES_MAX },
				    &h) < 0);
	assert_int_equal(h.status, 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(example_is_read), TEST(every_shorter_text_wants_more),
		TEST(targets),	       TEST(refused_with_status),
		TEST(bodies_and_ends), TEST(too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
