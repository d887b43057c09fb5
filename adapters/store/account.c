/* adapters/store/account.c: see account.h. */
#include "adapters/store/account.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapters/store/account_seq.h"
#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"

/* Numbers taken ahead in FILE.seq, so that it is written seldom. */
#define RESERVE 1000000u
#define SEQ_BYTES_MAX 32u /* "seq=18446744073709551615 " */

static const struct log_ctx ctx = { .module = "store" };

struct account {
	char *file;
	int fd;		   /* the writer thread's; -1: not open */
	bool is_failing;   /* told already */
	struct buf out;	   /* being written: the writer thread's */
	uint64_t out_next; /* the number after the last of out */
	uint64_t reserved; /* as FILE.seq says */
	uint32_t node;
	pthread_mutex_t lock; /* of what follows */
	struct buf in;
	bool must_reopen;
	uint64_t next; /* the number of the next record */
	uint64_t lost; /* records before it that found no room */
	uint64_t lines, dropped;
};

static void put_lost(struct account *a)
{
	buf_printf(&a->in, "#lost first=%llu last=%llu\n",
		   (unsigned long long)(a->next - a->lost),
		   (unsigned long long)(a->next - 1));
	a->lost = 0;
}

/* How a file, or a run that goes on with one, begins. */
static void put_start(struct account *a, struct buf *b, uint64_t next,
		      const char *after)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &utc);
	buf_printf(b,
		   "#accounting version=1 node=%08x time=%s next=%llu"
		   " after=%s",
		   a->node, stamp, (unsigned long long)next, after);
}

static void begin(struct account *a)
{
	struct account_start start;

	account_seq_begin(a->file, &start);
	a->next = a->out_next = start.next;
	put_start(a, &a->in, start.next, start.after);
	if (start.cut_bytes)
		buf_printf(&a->in, " cut=%llu",
			   (unsigned long long)start.cut_bytes);
	if (start.skipped)
		buf_printf(&a->in, " skipped=%llu",
			   (unsigned long long)start.skipped);
	buf_put_char(&a->in, '\n');
}

struct account *account_new(const char *file, uint32_t node)
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
	a->next = a->out_next = 1;
	a->node = node;
	if (a->file)
		begin(a);
	return a;
}

static bool fits(const struct account *a, struct str line)
{
	return line.n <= ACCOUNT_LINE_BYTES_MAX &&
	       a->in.n + line.n + 4 * SEQ_BYTES_MAX <= ACCOUNT_BUFFER_BYTES &&
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
			if (a->lost)
				put_lost(a);
			buf_printf(&a->in, "seq=%llu ",
				   (unsigned long long)a->next);
			buf_put_str(&a->in, line);
			buf_put_char(&a->in, '\n');
		}
	} else {
		a->lost++;
		a->dropped++;
	}
	a->next++;
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
		a->out_next = a->next - a->lost;
	}
	must_reopen = a->must_reopen;
	a->must_reopen = false;
	pthread_mutex_unlock(&a->lock);
	return must_reopen;
}

/* FILE.seq holds for what is written now, and for a good while. */
static void keep_reserved(struct account *a)
{
	if (a->reserved > a->out_next)
		return;
	if (account_seq_save(a->file, a->out_next, a->out_next + RESERVE))
		a->reserved = a->out_next + RESERVE;
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

/* Takes the begun line off the end of the file again. */
static size_t whole_lines(struct account *a, size_t done)
{
	size_t end = done;
	off_t size;

	while (end > 0 && a->out.p[end - 1] != '\n')
		end--;
	size = end < done ? lseek(a->fd, 0, SEEK_END) : -1;
	if (size >= (off_t)(done - end) &&
	    ftruncate(a->fd, size - (off_t)(done - end)) == 0)
		return end;
	return done; /* no regular file: the rest of the line follows */
}

/* What a full disk does not take stays in the buffer, so that no line is cut
   or missing between others; new lines are refused when it is full. */
static void write_out(struct account *a)
{
	size_t done = 0;
	ssize_t n;

	while (done < a->out.n) {
		n = write(a->fd, a->out.p + done, a->out.n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			tell_failure(a);
			buf_shift(&a->out, whole_lines(a, done));
			return;
		}
		done += (size_t)n;
	}
	buf_clear(&a->out);
	a->is_failing = false;
}

/* The new file begins with what its first record will be; what the old one
   could not take any more stands behind that. */
static void rotate(struct account *a)
{
	uint64_t first = account_seq_first(buf_str(&a->out));
	struct buf head;

	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	buf_init(&head, 2 * ACCOUNT_BUFFER_BYTES);
	put_start(a, &head, first ? first : a->out_next, "rotation");
	buf_put_char(&head, '\n');
	buf_put_str(&head, buf_str(&a->out));
	if (!head.err) {
		buf_free(&a->out);
		a->out = head;
	} else { /* rotated very often while the disk was full */
		buf_free(&head);
	}
	if (open_file(a))
		write_out(a);
}

void account_write(struct account *a)
{
	bool must_reopen;

	if (!a->file)
		return;
	must_reopen = take_lines(a);
	if (a->out.n > 0)
		keep_reserved(a);
	if (a->out.n > 0 && open_file(a))
		write_out(a);
	if (must_reopen)
		rotate(a);
}

void account_free(struct account *a)
{
	if (!a)
		return;
	account_write(a);
	account_write(a); /* what came while the first could not write */
	if (a->file && a->out.n == 0)
		(void)!account_seq_save(a->file, a->next, a->next);
	if (a->fd >= 0)
		close(a->fd);
	buf_free(&a->in);
	buf_free(&a->out);
	pthread_mutex_destroy(&a->lock);
	mem_free(a->file);
	mem_free(a);
}
