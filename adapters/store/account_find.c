/* adapters/store/account_find.c: see account_find.h. */
#include "adapters/store/account_find.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/store/list_json.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#define LOOK_BYTES_MAX (256 << 20)
#define PIECE_BYTES 262144
#define LINES_MAX 10000u
#define FOUND_BYTES_MAX 4194304u
#define WORD_BYTES 4096

struct account_find {
	int fd;
	char word[WORD_BYTES]; /* as it stands in the file */
	size_t word_n;
	uint32_t max;
	bool is_cut;
	struct buf in; /* unfinished line at the end */
	struct buf found;
	uint32_t found_n;
	size_t at;
};

struct account_find *account_find_new(const char *file, struct str arg,
				      uint32_t max_lines)
{
	struct account_find *f = mem_zalloc(sizeof(*f));
	struct stat st;

	f->word_n = log_escape(arg, f->word, sizeof(f->word));
	f->max = max_lines < LINES_MAX ? max_lines : LINES_MAX;
	f->fd = open(file, O_RDONLY | O_CLOEXEC);
	if (f->fd >= 0 && fstat(f->fd, &st) == 0 &&
	    st.st_size > LOOK_BYTES_MAX) {
		lseek(f->fd, st.st_size - LOOK_BYTES_MAX, SEEK_SET);
		f->is_cut = true;
	}
	buf_init(&f->in, 2 * PIECE_BYTES);
	buf_init(&f->found, FOUND_BYTES_MAX);
	return f;
}

void account_find_free(struct account_find *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	buf_free(&f->in);
	buf_free(&f->found);
	mem_free(f);
}

/* Forgets the oldest lines: all but n. */
static void forget(struct account_find *f, uint32_t n)
{
	struct str rest = buf_str(&f->found);

	for (; f->found_n > n; f->found_n--)
		rest = str_from(rest, str_find(rest, '\n') + 1);
	buf_shift(&f->found, f->found.n - rest.n);
	f->is_cut = true;
}

static void take_line(struct account_find *f, struct str line)
{
	struct str word = { f->word, f->word_n };

	if (str_starts(line, STR("#")) || !list_line_matches(line, word))
		return;
	if (f->found_n >= 2 * f->max)
		forget(f, f->max);
	if (f->found.n + line.n + 1 > FOUND_BYTES_MAX)
		forget(f, f->found_n / 2);
	buf_put_str(&f->found, line);
	buf_put_char(&f->found, '\n');
	f->found_n += f->found.err == 0;
}

static void take_lines(struct account_find *f)
{
	struct str rest = buf_str(&f->in);
	size_t end;

	while ((end = str_find(rest, '\n')) < rest.n) {
		take_line(f, str_sub(rest, 0, end));
		rest = str_from(rest, end + 1);
	}
	/* a line longer than any of ours is none of ours */
	if (rest.n > PIECE_BYTES)
		rest = STR_NONE;
	buf_shift(&f->in, f->in.n - rest.n);
}

bool account_find_slice(struct account_find *f)
{
	char *piece;
	ssize_t n;

	if (f->fd < 0)
		return false;
	piece = mem_alloc(PIECE_BYTES);
	do
		n = read(f->fd, piece, PIECE_BYTES);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		buf_put(&f->in, piece, (size_t)n);
		take_lines(f);
	}
	mem_free(piece);
	if (n <= 0 && f->found_n > f->max)
		forget(f, f->max);
	return n > 0;
}

bool account_find_next(struct account_find *f, struct str *line_out)
{
	struct str rest = str_from(buf_str(&f->found), f->at);
	size_t end = str_find(rest, '\n');

	if (end == rest.n)
		return false;
	*line_out = str_sub(rest, 0, end);
	f->at += end + 1;
	/* The number is of the file, not of the story. */
	if (str_starts(*line_out, STR("seq=")))
		*line_out = str_from(*line_out,
				     str_find(*line_out, ' ') + 1);
	return true;
}

bool account_find_is_cut(const struct account_find *f)
{
	return f->is_cut;
}
