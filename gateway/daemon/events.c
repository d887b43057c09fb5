/* gateway/daemon/events.c: see events.h. By name. */
#include "gateway/daemon/events.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
const struct word log_events[] = {
	{ "accepted", "A message was taken: its sender has our answer or will "
	  "have that of the next hop." },
	{ "accounting_failed", "The accounting file cannot be written; records "
	  "wait in memory while there is room." },
	{ "accounting_reopened", "The accounting file was opened anew "
	  "(SIGUSR1)." },
	{ "action_unserved", "A step asked an adapter for what it does not "
	  "do." },
	{ "admin_denied", "An address that is not trusted tried an admin "
	  "listener." },
	{ "admin_refused", "A client of the control socket was turned away." },
	{ "admin_request", "Somebody asked through the control socket; uid "
	  "says who." },
	{ "answer_missing", "A request ended without an answer." },
	{ "answer_too_large", "An answer for the control socket was too "
	  "large." },
	{ "auth_ban", "A source or user failed so often that it is not heard "
	  "for a while." },
	{ "auth_fail", "A wrong password or an unknown user; src is the "
	  "address. This line keeps its form, for fail2ban." },
	{ "commit_failed", "A transaction failed; who waited for it was "
	  "told." },
	{ "config_reload", "The configuration was read again and is in "
	  "force." },
	{ "config_reload_failed", "It was not taken; why says it. The old one "
	  "stays." },
	{ "delivered", "A report: the message reached a device." },
	{ "dns_inside", "A foreign domain's DNS names addresses of our own "
	  "network, which are not used." },
	{ "draining", "No new work is taken." },
	{ "due_not_readable", "A row of the store could not be understood." },
	{ "duplicate", "A message came again and got the same answer." },
	{ "event_refused", "There was no room for an event." },
	{ "expired", "A message came after its time." },
	{ "failed", "A message will not arrive; its sender is told." },
	{ "kept", "A message is durably stored." },
	{ "libstrophe_is_not_0_12", "Another version of the XMPP library is "
	  "there than was tested." },
	{ "link_down", "A link was lost." },
	{ "link_refused", "The server refused a link; why says it." },
	{ "link_standby", "Another connection holds the component; tried again "
	  "later." },
	{ "link_state", "A link's state changed." },
	{ "link_up", "A link can carry messages." },
	{ "listener_closed", "A listener of the old configuration ended." },
	{ "listening", "A listener is open; port says where." },
	{ "log_level", "Somebody changed what is logged, or the change ended." },
	{ "log_lost", "The reader of the log was too slow; so many lines are "
	  "missing." },
	{ "msg_missing", "A row names a message that is not there." },
	{ "msg_not_packed", "A message could not be written as a row." },
	{ "msg_not_readable", "A stored message could not be understood." },
	{ "next_hop", "Where a SIP request goes now." },
	{ "not_ready", "New work should go elsewhere; checks says why." },
	{ "overload", "More came than could be done: so many requests were "
	  "refused since the last such line." },
	{ "ready", "New work is taken." },
	{ "redirected", "A device named other addresses, which are tried." },
	{ "refused", "A message was not taken; cause says why." },
	{ "report_failed", "A report of a failure is about to be told." },
	{ "request_refused", "A request was refused before it was understood." },
	{ "sent", "The next hop took the message." },
	{ "server_failed", "A server of a SIP domain failed; others are tried "
	  "for a while." },
	{ "signal", "The process got a signal." },
	{ "stanza_ignored", "An XMPP stanza was of no use." },
	{ "stanza_quarantined", "A stanza is not sent again: the link broke "
	  "each time." },
	{ "stanza_refused", "An XMPP stanza was answered with an error." },
	{ "stanza_too_large", "A stanza passed its limit." },
	{ "stanzas_lost", "A link broke while stanzas were on their way." },
	{ "started", "The node is up." },
	{ "step_too_large", "A step wanted too much at once." },
	{ "stopped", "The node ends; done=0: something was still under way." },
	{ "store_down", "The store takes no writes." },
	{ "store_full", "The store has no space." },
	{ "store_log_large", "Readers keep the write-ahead log from being "
	  "written back." },
	{ "store_read_failed", "A read of the store failed." },
	{ "store_refused", "The store refused one transaction." },
	{ "store_works_again", "The store takes writes again." },
	{ "tls_files_kept", "Renewed keys of a link could not be read; the old "
	  "ones stay." },
	{ "tls_not_possible", "There is no TLS context for a domain." },
	{ "unasked", "A report of what was never sent, or not asked about, was "
	  "dropped." },
	{ "undrained", "New work is taken again." },
};

const struct word accounting_fields[] = {
	{ "seq", "The number of the record." },
	{ "event", "accepted, kept, sent, delivered, report_failed, "
	  "failed, refused or duplicate." },
	{ "trace", "The trace of the message, 32 hexadecimal digits." },
	{ "from", "The sender." },
	{ "to", "The recipient." },
	{ "in", "The protocol it came by." },
	{ "out", "The protocol it left by." },
	{ "link", "The link it left by." },
	{ "id", "The end-to-end id of the message." },
	{ "about", "Of a report: the id of the message it is about." },
	{ "cause", "Why it was refused or failed." },
	{ "bytes", "Size of the body." },
};
/* clang-format on */

const size_t log_events_n = COUNT_OF(log_events);
const size_t accounting_fields_n = COUNT_OF(accounting_fields);
