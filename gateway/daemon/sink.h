/* gateway/daemon/sink.h: where log lines go: standard output, one line each,
 *   2026-03-01T12:00:00.123Z level=info module=sip event=...
 * with journald's "<6>" in front when standard output is its stream (then
 * without the time, which journald adds).
 */
#pragma once

void sink_open(void);	/* sets it; any thread may log from then on */
