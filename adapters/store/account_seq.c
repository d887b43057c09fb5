/* adapters/store/account_seq.c: see account_seq.h. */
#include "adapters/store/account_seq.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"

#define TAIL_BYTES 65536 /* more than several of the longest lines */
#define PATH_BYTES 4096

/* The number behind key, such as " first=" */
static bool number_after(struct str line, struct str key, uint64_t *out)
{
	size_t at = str_search(line, key);
	struct str rest;

	if (at == line.n)
		return false;
	rest = str_from(line, at + key.n);
	return str_u64(str_sub(rest, 0, str_find(rest, ' ')), out);
}

uint64_t account_seq_after(struct str line)
{
	uint64_t n;

	if (str_starts(line, STR("seq=")) &&
	    number_after(line, STR("seq="), &n))
		return n + 1;
	if (str_starts(line, STR("#accounting ")) &&
	    number_after(line, STR(" next="), &n))
		return n;
	if (str_starts(line, STR("#lost ")) &&
	    number_after(line, STR(" last="), &n))
		return n + 1;
	return 0;
}

uint64_t account_seq_first(struct str text)
{
	struct str line = str_sub(text, 0, str_find(text, '\n'));
	uint64_t n;

	if (str_starts(line, STR("#lost ")))
		return number_after(line, STR(" first="), &n) ? n : 0;
	n = account_seq_after(line);
	return n && str_starts(line, STR("seq=")) ? n - 1 : n;
}

/* What the whole lines at the end of the file say; 0: nothing. */
static uint64_t read_tail(const char *file, uint64_t *cut_out)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);
	uint64_t next = 0, here;
	struct str rest, line;
	struct stat st;
	char *text;
	off_t from;
	ssize_t n;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return 0;
	}
	text = mem_alloc(TAIL_BYTES);
	from = st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0;
	n = pread(fd, text, TAIL_BYTES, from);
	rest = (struct str){ text, n > 0 ? (size_t)n : 0 };
	while (rest.n && str_find(rest, '\n') < rest.n) {
		str_split(&rest, '\n', &line);
		here = account_seq_after(line);
		next = here ? here : next;
	}
	if (n > 0 && rest.n && ftruncate(fd, from + n - (off_t)rest.n) == 0)
		*cut_out = rest.n;
	mem_free(text);
	close(fd);
	return next;
}

static bool seq_path(const char *file, const char *end, char *out)
{
	return (size_t)snprintf(out, PATH_BYTES, "%s.seq%s", file, end) <
	       PATH_BYTES;
}

static bool read_saved(const char *file, uint64_t *next_out,
		       uint64_t *reserved_out)
{
	char path[PATH_BYTES], text[128];
	struct str s;
	ssize_t n;
	int fd;

	if (!seq_path(file, "", path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text));
	close(fd);
	s = str_trim((struct str){ text, n > 0 ? (size_t)n : 0 });
	return number_after(s, STR("next="), next_out) &&
	       number_after(s, STR(" reserved="), reserved_out) &&
	       *reserved_out >= *next_out;
}

void account_seq_begin(const char *file, struct account_start *out)
{
	uint64_t tail, next = 0, reserved = 0;
	bool is_saved;

	*out = (struct account_start){ .next = 1, .after = "nothing" };
	tail = read_tail(file, &out->cut_bytes);
	is_saved = read_saved(file, &next, &reserved);
	if (is_saved)
		out->after = next == reserved ? "stop" : "crash";
	else if (tail)
		out->after = "crash";
	if (tail && tail >= next) { /* the file itself knows best */
		out->next = tail;
	} else if (is_saved) {
		out->next = reserved;
		out->skipped = reserved - next;
	}
}

bool account_seq_save(const char *file, uint64_t next, uint64_t reserved)
{
	char path[PATH_BYTES], fresh[PATH_BYTES], text[128];
	bool ok = false;
	size_t n;
	int fd;

	if (!seq_path(file, "", path) || !seq_path(file, ".new", fresh))
		return false;
	n = (size_t)snprintf(text, sizeof(text), "next=%llu reserved=%llu\n",
			     (unsigned long long)next,
			     (unsigned long long)reserved);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return false;
	ok = write(fd, text, n) == (ssize_t)n && fdatasync(fd) == 0;
	close(fd);
	return ok && rename(fresh, path) == 0;
}
