/* gateway/daemon/options.h: every option of the configuration file, once.
 * One row says the name, type, unit, default, range, what a reload does with
 * it and its sentence; the loader, the check, the printed configuration, the
 * comparison at reload and the manual all read these tables and nothing else.
 */
#pragma once

#include "core/model/body.h"
#include "core/model/config.h"

enum opt_type {
	OPT_STR,       /* struct str */
	OPT_FILE,      /* struct str: a path, made absolute (opt.base) */
	OPT_SECRET,    /* struct str, printed as *** */
	OPT_CHOICE,    /* struct str, one of opt.names; .value 0: kept as
			   the empty text */
	OPT_CAUSE,     /* enum cause by name; empty: CAUSE_NONE */
	OPT_ENUM,      /* int-sized enum, one of opt.names */
	OPT_BOOL,      /* yes or no */
	OPT_NUMBER,    /* unsigned of opt.bytes bytes */
	OPT_DURATION,  /* unsigned, in opt.unit */
	OPT_SIZE,      /* unsigned, in bytes */
	OPT_LIST,      /* struct str *, its count at opt.count_offset */
	OPT_FLAGS,     /* list of opt.names, each a byte of the item: .value is
			   its offset; its place in the list, 1 for the first,
			   0: not there */
	OPT_DURATIONS, /* exactly bytes / 4 durations of 32 bits */
};

enum opt_unit { UNIT_NONE, UNIT_MS, UNIT_S };

/* What a changed value asks for. */
enum opt_reload {
	RELOAD_LIVE,	/* nothing: the next decision sees it */
	RELOAD_LINK,	/* its listener or link is opened again */
	RELOAD_RESTART, /* a new process: reload refuses the change */
};

/* How a text must look, beyond its type. */
enum opt_form {
	FORM_LINE, /* clean UTF-8 without controls */
	FORM_WORD, /* letters, digits, . _ - */
	FORM_HOST,
	FORM_ADDRESS,
	FORM_NET,
	FORM_SERVER,  /* address, or address:port */
	FORM_TARGET,  /* FORM_SERVER, priority, weight: locate_target() */
	FORM_PEER,    /* FORM_ADDRESS or FORM_HOST */
	FORM_DIGITS,
	FORM_PATTERN, /* of core/route/pattern.h */
	FORM_REWRITE, /* a template of core/route/rewrite.h */
	FORM_URI,     /* sip: or sips: */
	FORM_LINK,    /* the name of a link block */
	FORM_PLAN,    /* the name of a number-plan block */
};

/* Whose folder a relative path is meant in. */
enum opt_base { BASE_WORK, BASE_STATE, BASE_CONF };

struct opt_name {
	const char *name;
	unsigned value;
};

struct option {
	const char *name;
	enum opt_type type;
	enum opt_unit unit;
	enum opt_form form;
	enum opt_base base;
	enum opt_reload reload;
	size_t offset, bytes;	      /* of the field in the item */
	size_t count_offset;	      /* OPT_LIST */
	const char *preset;	      /* default, as it would be written; NULL:
					   must be given */
	uint64_t min, max;	      /* number, size; duration in its unit;
					   list: most entries */
	const struct opt_name *names; /* ends with name == NULL */
	unsigned only;		      /* bits of the block's variants that know
					   it; 0: all */
	const char *sentence;
};

struct block {
	const char *name;
	bool is_titled;
	enum opt_form title_form;
	const struct option *options;
	size_t options_n;
	/* titled: where the items are */
	size_t items_offset, count_offset, item_bytes, items_max;
	/* The first option of a block with variants names the variant. */
	bool has_variants;
	const char *sentence;
};

extern const struct block conf_blocks[];
extern const size_t conf_blocks_n;

const struct block *block_find(struct str name); /* NULL: none */
const struct option *option_find(const struct block *b, struct str name);
/* Is the value of this option a list in braces? */
bool option_is_list(const struct option *o);
/* The items of a block inside c: the config itself when it has no title. */
void *block_item(const struct block *b, const struct config *c, size_t i);
size_t block_count(const struct block *b, const struct config *c);
/* Does this item know the option (see only)? */
bool option_fits(const struct block *b, const struct option *o,
		 const void *item);
