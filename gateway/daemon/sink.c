/* gateway/daemon/sink.c: see sink.h. Never waits: a reader that does not keep
 * up loses lines, and the next one that passes says how many. A line is one
 * write of at most PIPE_BUF bytes, so lines of several threads do not mix.
 */
#include "gateway/daemon/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/log.h"

static int out_fd = STDOUT_FILENO;
static bool is_socket, is_journal;
static atomic_ulong lost;

/* syslog's numbers, in the order of enum log_level. */
static const char priorities[] = { '3', '4', '6', '7' };

static bool put_line(const char *line, size_t n)
{
	ssize_t done;

	do {
		done = is_socket ? send(out_fd, line, n,
					MSG_DONTWAIT | MSG_NOSIGNAL)
				 : write(out_fd, line, n);
	} while (done < 0 && errno == EINTR);
	return done >= 0;
}

static size_t front(enum log_level level, char *out, size_t size)
{
	struct timespec now;
	struct tm utc;
	size_t n;

	if (is_journal)
		return (size_t)snprintf(out, size, "<%c>", priorities[level]);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	n = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &utc);
	return n + (size_t)snprintf(out + n, size - n, ".%03ldZ ",
				    now.tv_nsec / 1000000);
}

static void put(enum log_level level, const char *line, size_t n)
{
	char text[PIPE_BUF];
	size_t at = front(level, text, 64);

	if (n > sizeof(text) - at - 1)
		n = sizeof(text) - at - 1;
	memcpy(text + at, line, n);
	text[at + n] = '\n';
	if (!put_line(text, at + n + 1))
		atomic_fetch_add(&lost, 1);
}

static void sink(enum log_level level, const char *line, size_t n)
{
	unsigned long missing = atomic_exchange(&lost, 0);
	char text[80];
	int k;

	if (missing) {
		k = snprintf(text, sizeof(text),
			     "level=warning event=log_lost lines=%lu", missing);
		put(LOG_WARNING, text, (size_t)k);
		/* The notice itself may have been lost. */
		if (atomic_load(&lost))
			atomic_fetch_add(&lost, missing - 1);
	}
	put(level, line, n);
}

/* JOURNAL_STREAM names the device and inode of journald's own stream; it is
   inherited by shells too, so it counts only if it is our output. */
static bool is_journal_stream(const struct stat *st)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	char *end;

	if (!text)
		return false;
	dev = strtoull(text, &end, 10);
	if (*end != ':')
		return false;
	ino = strtoull(end + 1, &end, 10);
	return *end == '\0' && dev == st->st_dev && ino == st->st_ino;
}

void sink_open(void)
{
	struct stat st;
	int fd;

	if (fstat(STDOUT_FILENO, &st) < 0)
		return;
	is_journal = is_journal_stream(&st);
	is_socket = S_ISSOCK(st.st_mode);
	/* O_NONBLOCK belongs to the open file, which a terminal shares with the
	   shell: so a second one is opened for us. */
	if (!is_socket) {
		fd = open("/proc/self/fd/1", O_WRONLY | O_APPEND | O_NONBLOCK |
						     O_CLOEXEC | O_NOCTTY);
		if (fd >= 0)
			out_fd = fd;
	}
	log_set_sink(sink);
}
