/* adapters/store/account.c: see account.h. */
#include "adapters/store/account.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"

static const struct log_ctx ctx = { .module = "store" };

struct account {
	char *file;
	int fd;		      /* the writer thread's; -1: not open */
	bool is_failing;      /* told already */
	struct buf out;	      /* being written: the writer thread's */
	pthread_mutex_t lock; /* of what follows */
	struct buf in;
	bool must_reopen;
	uint64_t lines, dropped;
};

struct account *account_new(const char *file)
{
	struct account *a = mem_zalloc(sizeof(*a));

	if (file) {
		a->file = mem_alloc(strlen(file) + 1);
		memcpy(a->file, file, strlen(file) + 1);
	}
	a->fd = -1;
	pthread_mutex_init(&a->lock, NULL);
	buf_init(&a->in, ACCOUNT_BUFFER_BYTES);
	buf_init(&a->out, ACCOUNT_BUFFER_BYTES);
	return a;
}

static bool fits(const struct account *a, struct str line)
{
	return line.n <= ACCOUNT_LINE_BYTES_MAX &&
	       a->in.n + line.n + 1 <= ACCOUNT_BUFFER_BYTES &&
	       str_find(line, '\n') == line.n;
}

bool account_add(struct account *a, struct str line, bool *was_empty_out)
{
	bool is_taken;

	pthread_mutex_lock(&a->lock);
	*was_empty_out = a->in.n == 0;
	is_taken = fits(a, line);
	if (is_taken) {
		a->lines++;
		if (a->file) {
			buf_put_str(&a->in, line);
			buf_put_char(&a->in, '\n');
		}
	} else {
		a->dropped++;
	}
	pthread_mutex_unlock(&a->lock);
	return is_taken;
}

bool account_is_waiting(struct account *a)
{
	bool is_waiting;

	pthread_mutex_lock(&a->lock);
	is_waiting = a->in.n > 0 || a->must_reopen;
	pthread_mutex_unlock(&a->lock);
	return is_waiting;
}

void account_reopen(struct account *a)
{
	pthread_mutex_lock(&a->lock);
	a->must_reopen = true;
	pthread_mutex_unlock(&a->lock);
}

void account_count(struct account *a, uint64_t *lines_out,
		   uint64_t *dropped_out)
{
	pthread_mutex_lock(&a->lock);
	*lines_out = a->lines;
	*dropped_out = a->dropped;
	pthread_mutex_unlock(&a->lock);
}

/* ---- the writer thread ---------------------------------------------------- */

/* Lines given before the file was moved away belong to the old one, so what
   waits is swapped out before the file is closed. */
static bool take_lines(struct account *a)
{
	struct buf spare = a->out;
	bool must_reopen;

	pthread_mutex_lock(&a->lock);
	if (a->out.n == 0) {
		a->out = a->in;
		a->in = spare;
	}
	must_reopen = a->must_reopen;
	a->must_reopen = false;
	pthread_mutex_unlock(&a->lock);
	return must_reopen;
}

static void tell_failure(struct account *a)
{
	if (!a->is_failing)
		log_error(&ctx, "accounting_failed", F_TEXT("file", a->file),
			  F_TEXT("why", strerror(errno)));
	a->is_failing = true;
}

static bool open_file(struct account *a)
{
	if (a->fd >= 0)
		return true;
	a->fd = open(a->file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (a->fd < 0)
		tell_failure(a);
	return a->fd >= 0;
}

/* What a full disk does not take stays in the buffer, so that no line is cut
   or missing between others; new lines are refused when it is full. */
static void write_out(struct account *a)
{
	while (a->out.n > 0) {
		ssize_t n = write(a->fd, a->out.p, a->out.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			tell_failure(a);
			return;
		}
		buf_shift(&a->out, (size_t)n);
	}
	a->is_failing = false;
}

void account_write(struct account *a)
{
	bool must_reopen;

	if (!a->file)
		return;
	must_reopen = take_lines(a);
	if (a->out.n > 0 && open_file(a))
		write_out(a);
	if (must_reopen && a->fd >= 0) {
		close(a->fd);
		a->fd = -1;
	}
}

void account_free(struct account *a)
{
	if (!a)
		return;
	account_write(a);
	account_write(a); /* what came while the first could not write */
	if (a->fd >= 0)
		close(a->fd);
	buf_free(&a->in);
	buf_free(&a->out);
	pthread_mutex_destroy(&a->lock);
	mem_free(a->file);
	mem_free(a);
}
