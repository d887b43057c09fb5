/* gateway/daemon/control_line.c: see control_line.h. */
#include "gateway/daemon/control_line.h"

#include <stdlib.h>
#include <sysexits.h>

#include <jansson.h>

#include "core/base/json.h"
#include "core/base/utf8.h"

static struct str str_json(const json_t *v)
{
	return (struct str){ json_string_value(v), json_string_length(v) };
}

static int take_words(struct arena *a, const json_t *list,
		      struct control_req *out, struct errtext *why)
{
	size_t i, n = json_array_size(list);

	if (!json_is_array(list) || n == 0)
		return errtext_set(why, ERR_SYNTAX,
				   "\"words\" must be a list "
				   "of texts");
	if (n > CONTROL_WORDS_MAX)
		return errtext_set(why, ERR_LIMIT, "more than %d words",
				   CONTROL_WORDS_MAX);
	out->words = arena_array(a, n, sizeof(*out->words));
	for (i = 0; out->words && i < n; i++) {
		struct str word = str_json(json_array_get(list, i));

		if (!word.p || !utf8_is_clean_line(word) ||
		    word.n > CONTROL_WORD_MAX)
			return errtext_set(why, ERR_SYNTAX,
					   "a word is no text "
					   "on one line of at most %d bytes",
					   CONTROL_WORD_MAX);
		out->words[i] = arena_dup(a, word);
	}
	out->words_n = n;
	return 0;
}

int control_parse(struct arena *a, struct str line, struct control_req *out,
		  struct errtext *why)
{
	json_error_t at;
	json_t *v, *input;
	int err;

	*out = (struct control_req){ .input = STR_NONE };
	if (line.n >= CONTROL_LINE_MAX)
		return errtext_set(why, ERR_LIMIT, "the request is too long");
	v = json_loadb(line.p ? line.p : "", line.n, JSON_REJECT_DUPLICATES,
		       &at);
	if (!v)
		return errtext_set(why, ERR_SYNTAX, "the request is no JSON");
	err = take_words(a, json_object_get(v, "words"), out, why);
	input = json_object_get(v, "stdin");
	if (!err && input && !json_is_string(input))
		err = errtext_set(why, ERR_SYNTAX, "\"stdin\" must be a text");
	if (!err && input)
		out->input = arena_dup(a, str_json(input));
	json_decref(v);
	if (!err && arena_err(a))
		err = errtext_set(why, ERR_LIMIT, "the request is too large");
	return err;
}

void control_put_ok(struct buf *out, struct str data)
{
	json_error_t at;
	json_t *v;
	char *text = NULL;

	v = json_loadb(data.n ? data.p : "null", data.n ? data.n : 4,
		       JSON_DECODE_ANY | JSON_ALLOW_NUL, &at);
	/* Written anew, so that it is one line whatever its author did. */
	if (v)
		text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(v);
	if (!text) {
		control_put_error(out, STR("the answer could not be written"),
				  EX_SOFTWARE);
		return;
	}
	buf_put_str(out, STR("{\"ok\":true,\"data\":"));
	buf_put_str(out, str_of(text));
	buf_put_str(out, STR("}\n"));
	free(text);
}

void control_put_error(struct buf *out, struct str sentence, int code)
{
	json_begin_obj(out);
	json_key_bool(out, "ok", false);
	json_key_str(out, "error", sentence);
	json_key_i64(out, "code", code);
	json_end_obj(out);
	buf_put_char(out, '\n');
}

int control_code(enum cause c)
{
	if (c == CAUSE_BAD_REQUEST || c == CAUSE_NOT_IMPLEMENTED)
		return EX_USAGE;
	if (c == CAUSE_NOT_FOUND || c == CAUSE_GONE)
		return EX_NOUSER;
	if (c == CAUSE_FORBIDDEN || c == CAUSE_DENIED)
		return EX_NOPERM;
	if (c == CAUSE_STORE_DOWN || c == CAUSE_STORE_FULL ||
	    c == CAUSE_LINK_DOWN)
		return EX_UNAVAILABLE;
	if (cause_class(c) != CAUSE_FINAL)
		return EX_TEMPFAIL;
	return 1;
}
