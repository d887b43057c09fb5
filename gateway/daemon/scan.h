/* gateway/daemon/scan.h: the first look at a configuration file, by us.
 * libconfuse stops at its first error, takes a file whose last brace is
 * missing, and tells the line where a block ends as that of the block. So the
 * braces, blocks and keys are read here first, every fault is told with its
 * line, and libconfuse is given only what is sound, written in one way.
 *
 *   node { name = "n1" }        block, option
 *   link "core2" { port = 1 }   block with a title
 *   allow = {"*", 'x'}          list
 *   # and // to the end of the line, C comments; ${NAME} and ${NAME:-else} in
 *   values outside of single quotes are taken from the environment
 */
#pragma once

#include "gateway/daemon/faults.h"
#include "gateway/daemon/options.h"

enum { CONF_BYTES_MAX = 1 << 20 };

struct scan_key {
	const struct option *option;
	unsigned line;
};

/* libconfuse merges blocks of one title, and titles are compared only when it
   has resolved their quotes: so it sees numbers as titles, and the title as an
   option of this name. */
#define SCAN_TITLE "title"

/* One sound block, in the order of the file. */
struct scan_section {
	const struct block *block;
	unsigned line;
	size_t key_first, keys_n;	/* in scan.keys */
};

struct scan {
	struct scan_section *sections;
	size_t sections_n, sections_size;
	struct scan_key *keys;
	size_t keys_n, keys_size;
	struct buf text;		/* for libconfuse */
};

/* Reads text; faults tells what is wrong. What is sound stands in *s even
   then. s is freed with scan_free() in any case. */
void scan_file(struct scan *s, struct faults *f, struct str text);
void scan_free(struct scan *s);

/* Line of an option inside a section; the section's own when it is not
   there. */
unsigned scan_line(const struct scan *s, const struct scan_section *at,
		   const struct option *o);
bool scan_has(const struct scan *s, const struct scan_section *at,
	      const struct option *o);
