/* core/codec/datetime.c: see datetime.h. [RFC 3339 5.6, RFC 3261 20.17]
 * Dates are counted in the proleptic Gregorian calendar with years that begin
 * in March, so that the leap day is the last of its year and needs no case.
 */
#include "core/codec/datetime.h"

#include <string.h>

#define DAY_S 86400
#define SECOND_US 1000000
#define END_S 253402300800	/* 10000-01-01T00:00:00Z */

static const char month_names[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

static const char day_names[7][4] = {
	"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed",	/* 1970-01-01 */
};

struct stamp {
	int year, month, day;	/* month and day from 1 */
	int hour, minute, second;
	int us;
};

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
	static const int days[12] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
	};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to a date of the years 0..9999. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = (month + 9) % 12;		/* March is 0 */
	int64_t leaps = (y + 400) / 4 - (y + 400) / 100 + (y + 400) / 400;

	/* 719468 days from 0000-03-01 to 1970-01-01; 97 leap days were added
	   by the shift of 400 years that keeps the divisions positive. */
	return y * 365 + leaps - 97 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static void date_of(int64_t days, struct stamp *t)
{
	int64_t d = days + 719468;		/* since 0000-03-01 */
	int64_t era = d / 146097, in_era = d % 146097;
	int64_t y = (in_era - in_era / 1460 + in_era / 36524 -
		     in_era / 146096) / 365;
	int64_t in_year = in_era - (y * 365 + y / 4 - y / 100);
	int64_t m = (in_year * 5 + 2) / 153;	/* March is 0 */

	t->day = (int)(in_year - (m * 153 + 2) / 5 + 1);
	t->month = (int)(m < 10 ? m + 3 : m - 9);
	t->year = (int)(era * 400 + y + (m >= 10));
}

/* n digits at the front of *s; -1 when there are fewer. */
static int take_digits(struct str *s, size_t n)
{
	int v = 0;
	size_t i;

	if (s->n < n)
		return -1;
	for (i = 0; i < n; i++) {
		if (!ch_is_digit((unsigned char)s->p[i]))
			return -1;
		v = v * 10 + (s->p[i] - '0');
	}
	*s = str_from(*s, n);
	return v;
}

static bool take_char(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = str_from(*s, 1);
	return true;
}

/* Index of the three letters at the front in names, -1; case counts. */
static int take_name(struct str *s, const char (*names)[4], int names_n)
{
	int i;

	for (i = 0; i < names_n; i++) {
		if (!str_starts(*s, str_of(names[i])))
			continue;
		*s = str_from(*s, 3);
		return i;
	}
	return -1;
}

/* "hh:mm:ss" */
static bool take_time(struct str *s, struct stamp *t)
{
	t->hour = take_digits(s, 2);
	if (!take_char(s, ':'))
		return false;
	t->minute = take_digits(s, 2);
	if (!take_char(s, ':'))
		return false;
	t->second = take_digits(s, 2);
	return t->hour >= 0 && t->hour <= 23 && t->minute >= 0 &&
	       t->minute <= 59 && t->second >= 0 && t->second <= 60;
}

/* Any number of digits; what is finer than a microsecond is cut off. */
static bool take_fraction(struct str *s, struct stamp *t)
{
	int unit = SECOND_US / 10;
	size_t n = 0;

	for (; n < s->n && ch_is_digit((unsigned char)s->p[n]); n++) {
		t->us += unit * (s->p[n] - '0');
		unit /= 10;
	}
	*s = str_from(*s, n);
	return n > 0;
}

/* "Z", "+hh:mm" or "-hh:mm" */
static bool take_offset(struct str *s, int *offset_s_out)
{
	int sign = 1, hour, minute;

	*offset_s_out = 0;
	if (take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	if (take_char(s, '-'))
		sign = -1;
	else if (!take_char(s, '+'))
		return false;
	hour = take_digits(s, 2);
	if (!take_char(s, ':'))
		return false;
	minute = take_digits(s, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return false;
	*offset_s_out = sign * (hour * 3600 + minute * 60);
	return true;
}

/* A leap second is the last one of a UTC day and counts as the first of the
   next, as every POSIX clock has it. */
static int to_us(const struct stamp *t, int offset_s, int64_t *utc_us_out)
{
	int64_t s;

	if (t->year < 0 || t->month < 1 || t->month > 12 || t->day < 1 ||
	    t->day > month_days(t->year, t->month))
		return ERR_SYNTAX;
	s = days_of(t->year, t->month, t->day) * DAY_S + t->hour * 3600 +
	    t->minute * 60 + t->second - offset_s;
	if (t->second == 60 && s % DAY_S != 0)
		return ERR_SYNTAX;
	if (s < 0 || s >= END_S)
		return ERR_SYNTAX;
	*utc_us_out = s * SECOND_US + t->us;
	return 0;
}

int datetime_parse_3339(struct str s, int64_t *utc_us_out)
{
	struct stamp t = { .us = 0 };
	int offset_s;

	*utc_us_out = 0;
	t.year = take_digits(&s, 4);
	if (!take_char(&s, '-'))
		return ERR_SYNTAX;
	t.month = take_digits(&s, 2);
	if (!take_char(&s, '-'))
		return ERR_SYNTAX;
	t.day = take_digits(&s, 2);
	if (!take_char(&s, 'T') && !take_char(&s, 't'))
		return ERR_SYNTAX;
	if (!take_time(&s, &t))
		return ERR_SYNTAX;
	if (take_char(&s, '.') && !take_fraction(&s, &t))
		return ERR_SYNTAX;
	if (!take_offset(&s, &offset_s) || s.n > 0)
		return ERR_SYNTAX;
	return to_us(&t, offset_s, utc_us_out);
}

int datetime_parse_sip(struct str s, int64_t *utc_us_out)
{
	struct stamp t = { .us = 0 };
	int day_name, err;

	*utc_us_out = 0;
	day_name = take_name(&s, day_names, 7);
	if (day_name < 0 || !take_char(&s, ',') || !take_char(&s, ' '))
		return ERR_SYNTAX;
	t.day = take_digits(&s, 2);
	if (!take_char(&s, ' '))
		return ERR_SYNTAX;
	t.month = take_name(&s, month_names, 12) + 1;
	if (!take_char(&s, ' '))
		return ERR_SYNTAX;
	t.year = take_digits(&s, 4);
	if (!take_char(&s, ' ') || !take_time(&s, &t) ||
	    !str_eq(s, STR(" GMT")))
		return ERR_SYNTAX;
	err = to_us(&t, 0, utc_us_out);
	if (err < 0)
		return err;
	/* A day of the week that contradicts the date: neither is trusted. */
	if ((days_of(t.year, t.month, t.day) - day_name) % 7 != 0) {
		*utc_us_out = 0;
		return ERR_SYNTAX;
	}
	return 0;
}

/* Stamps outside the years 1970..9999 become the nearest one inside. */
static int64_t split(int64_t utc_us, struct stamp *t)
{
	int64_t s, days, in_day;

	if (utc_us < 0)
		utc_us = 0;
	if (utc_us >= (int64_t)END_S * SECOND_US)
		utc_us = (int64_t)END_S * SECOND_US - 1;
	s = utc_us / SECOND_US;
	days = s / DAY_S;
	in_day = s % DAY_S;
	date_of(days, t);
	t->hour = (int)(in_day / 3600);
	t->minute = (int)(in_day / 60 % 60);
	t->second = (int)(in_day % 60);
	t->us = (int)(utc_us % SECOND_US);
	return days;
}

static char *put_digits(char *p, int v, int n)
{
	int i;

	for (i = n - 1; i >= 0; i--) {
		p[i] = (char)('0' + v % 10);
		v /= 10;
	}
	return p + n;
}

static char *put_three(char *p, const char *letters, char then)
{
	memcpy(p, letters, 3);
	p[3] = then;
	return p + 4;
}

static char *put_time(char *p, const struct stamp *t)
{
	p = put_digits(p, t->hour, 2);
	*p++ = ':';
	p = put_digits(p, t->minute, 2);
	*p++ = ':';
	return put_digits(p, t->second, 2);
}

static struct str put_3339(int64_t utc_us, bool wants_ms,
			   char out[DATETIME_MAX])
{
	struct stamp t;
	char *p = out;

	split(utc_us, &t);
	p = put_digits(p, t.year, 4);
	*p++ = '-';
	p = put_digits(p, t.month, 2);
	*p++ = '-';
	p = put_digits(p, t.day, 2);
	*p++ = 'T';
	p = put_time(p, &t);
	if (wants_ms || t.us / 1000 != 0) {
		*p++ = '.';
		p = put_digits(p, t.us / 1000, 3);
	}
	*p++ = 'Z';
	*p = '\0';
	return (struct str){ out, (size_t)(p - out) };
}

struct str datetime_put_3339(int64_t utc_us, char out[DATETIME_MAX])
{
	return put_3339(utc_us, false, out);
}

struct str datetime_put_ms(int64_t utc_us, char out[DATETIME_MAX])
{
	return put_3339(utc_us, true, out);
}

struct str datetime_put_sip(int64_t utc_us, char out[DATETIME_MAX])
{
	struct stamp t;
	int64_t days = split(utc_us, &t);
	char *p = put_three(out, day_names[days % 7], ',');

	*p++ = ' ';
	p = put_digits(p, t.day, 2);
	*p++ = ' ';
	p = put_three(p, month_names[t.month - 1], ' ');
	p = put_digits(p, t.year, 4);
	*p++ = ' ';
	p = put_time(p, &t);
	memcpy(p, " GMT", 5);
	return (struct str){ out, (size_t)(p + 4 - out) };
}
