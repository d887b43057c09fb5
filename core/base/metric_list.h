/* core/base/metric_list.h: every metric family, once: what /metrics prints,
 * what causeway-metrics(7) lists and what a call site names.
 *
 *   X(id, kind, name, unit, labels, help)
 *
 * kind is COUNTER, GAUGE, HISTOGRAM (of seconds, kept in microseconds) or INFO.
 * name is the family's name of OpenMetrics: without _total and _info, and
 * ending in _unit when there is a unit. labels are separated by spaces. A label
 * has few values, known beforehand: links, protocols, classes of codes; never
 * an address or anything else a peer chooses.
 */
#pragma once

#define METRIC_TABLE(X) \
	/* messages */ \
	X(MESSAGES, COUNTER, "causeway_messages", "", "from to mode result", \
	  "Messages by what became of them; one passes several results.") \
	X(MESSAGES_FAILED, COUNTER, "causeway_messages_failed", "", "reason", \
	  "Messages that failed for good, by cause.") \
	X(TRANSIT, HISTOGRAM, "causeway_message_transit_seconds", "seconds", \
	  "from to mode", \
	  "Time from a message's arrival to its outcome at the next hop.") \
	X(POLICY_DENIALS, COUNTER, "causeway_policy_denials", "", "rule", \
	  "Messages refused by a rule of the configuration.") \
	/* protocols */ \
	X(SIP_REQUESTS, COUNTER, "causeway_sip_requests", "", \
	  "method dir class", \
	  "SIP requests by the class of their final answer.") \
	X(XMPP_STANZAS, COUNTER, "causeway_xmpp_stanzas", "", \
	  "link kind dir", "XMPP stanzas read and written.") \
	X(PARSE_ERRORS, COUNTER, "causeway_parse_errors", "", "proto", \
	  "Input that was not well formed.") \
	X(AUTH_FAILURES, COUNTER, "causeway_auth_failures", "", "proto", \
	  "Failed authentications.") \
	/* links */ \
	X(LINK_UP, GAUGE, "causeway_link_up", "", "link proto", \
	  "1 while the link can carry messages.") \
	X(LINK_RTT, HISTOGRAM, "causeway_link_rtt_seconds", "seconds", \
	  "link", "Round trip of the link's own ping.") \
	X(LINK_WINDOW_USED, GAUGE, "causeway_link_window_used", "", "link", \
	  "Messages under way on the link.") \
	X(LINK_WINDOW_LIMIT, GAUGE, "causeway_link_window_limit", "", "link", \
	  "Messages that may be under way on the link.") \
	X(LINK_CHANGES, COUNTER, "causeway_link_changes", "", "link state", \
	  "Changes of a link's state.") \
	/* saturation */ \
	X(QUEUE_MESSAGES, GAUGE, "causeway_queue_messages", "", "state", \
	  "Messages in the durable queue.") \
	X(QUEUE_OLDEST, GAUGE, "causeway_queue_oldest_seconds", "seconds", \
	  "", "Age of the oldest message in the durable queue.") \
	X(LOOP_LAG, HISTOGRAM, "causeway_event_loop_lag_seconds", "seconds", \
	  "", "How late the event loop served a timer.") \
	X(INTAKE_EVENTS, GAUGE, "causeway_intake_events", "", "", \
	  "Events that wait to be handled.") \
	X(INTAKE_LIMIT, GAUGE, "causeway_intake_limit", "", "", \
	  "Events that may wait before new work is refused.") \
	X(OBJECTS, GAUGE, "causeway_objects", "", "", \
	  "Messages and other objects under way.") \
	X(SESSIONS, GAUGE, "causeway_sessions", "", "kind", \
	  "Open requests and sends that wait for an answer.") \
	X(REGISTRATIONS, GAUGE, "causeway_registrations", "", "", \
	  "Contacts registered here.") \
	X(USERS, GAUGE, "causeway_users", "", "", \
	  "Users of the served domains.") \
	X(OPEN_FDS, GAUGE, "causeway_open_fds", "", "", \
	  "Open file descriptors.") \
	X(MAX_FDS, GAUGE, "causeway_max_fds", "", "", \
	  "File descriptors that may be open.") \
	/* store */ \
	X(STORE_COMMIT, HISTOGRAM, "causeway_store_commit_seconds", \
	  "seconds", "", "Time of one durable commit.") \
	X(STORE_COMMITS, COUNTER, "causeway_store_commits", "", "", \
	  "Durable commits; one holds many transactions.") \
	X(STORE_TRANSACTIONS, COUNTER, "causeway_store_transactions", "", \
	  "result", "Transactions given to the store.") \
	X(STORE_WAITING, GAUGE, "causeway_store_waiting", "", "", \
	  "Transactions that wait for their commit.") \
	X(STORE_UP, GAUGE, "causeway_store_up", "", "", \
	  "1 while the store takes writes.") \
	X(STORE_FILE, GAUGE, "causeway_store_file_bytes", "bytes", "", \
	  "Size of the database file.") \
	X(STORE_LOG, GAUGE, "causeway_store_log_bytes", "bytes", "", \
	  "Size of the database's write-ahead log.") \
	X(STORE_FREE, GAUGE, "causeway_store_free_bytes", "bytes", "", \
	  "Room on the file system of the store.") \
	X(ACCOUNTING, COUNTER, "causeway_accounting_lines", "", "result", \
	  "Lines for the accounting file.") \
	/* state */ \
	X(BUILD, INFO, "causeway_build", "", "version", \
	  "Version of this program.") \
	X(START_TIME, GAUGE, "causeway_start_time_seconds", "seconds", "", \
	  "When the process began, in Unix time.") \
	X(READY, GAUGE, "causeway_ready", "", "", \
	  "1 while new work is taken, as /readyz says.") \
	X(CONFIG_GENERATION, GAUGE, "causeway_config_generation", "", "", \
	  "Number of the configuration in force; 1 at the start.") \
	X(RELOAD_OK, GAUGE, "causeway_config_last_reload_successful", "", \
	  "", "1 when the last reload of the configuration was taken.") \
	X(RELOAD_TIME, GAUGE, \
	  "causeway_config_last_reload_success_timestamp_seconds", \
	  "seconds", "", \
	  "When a configuration was last taken, in Unix time.") \
	X(CERT_NOT_AFTER, GAUGE, "causeway_tls_cert_not_after_seconds", \
	  "seconds", "name", \
	  "When the certificate of a listener ends, in Unix time.") \
	X(HTTP_REQUESTS, COUNTER, "causeway_http_requests", "", "code", \
	  "Requests at the admin listener.") \
	X(METRIC_OVERFLOWS, COUNTER, "causeway_metric_overflows", "", "", \
	  "Label values counted as other because a family was full.") \
	/* process; the names every exporter uses */ \
	X(PROCESS_CPU, COUNTER, "process_cpu_seconds", "seconds", "", \
	  "User and system time of the process.") \
	X(PROCESS_RSS, GAUGE, "process_resident_memory_bytes", "bytes", "", \
	  "Resident memory of the process.") \
	X(PROCESS_VSIZE, GAUGE, "process_virtual_memory_bytes", "bytes", "", \
	  "Virtual memory of the process.") \
	X(PROCESS_FDS, GAUGE, "process_open_fds", "", "", \
	  "Open file descriptors.") \
	X(PROCESS_MAX_FDS, GAUGE, "process_max_fds", "", "", \
	  "File descriptors that may be open.") \
	X(PROCESS_START, GAUGE, "process_start_time_seconds", "seconds", "", \
	  "When the process began, in Unix time.")
