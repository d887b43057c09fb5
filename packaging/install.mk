# packaging/install.mk: make install and make uninstall, with DESTDIR and
# PREFIX. Configuration that is there already is not overwritten; uninstall
# leaves it, and the state, where they are. Included by the Makefile.

SYSCONF := $(DESTDIR)/etc/causeway
MANDIR := $(DESTDIR)$(PREFIX)/share/man
DOCDIR := $(DESTDIR)$(PREFIX)/share/doc/causeway
UNITDIR := $(DESTDIR)$(PREFIX)/lib/systemd/system
MAN_PAGES := man8/causewayd.8 man1/causewayctl.1 man5/causeway.conf.5 \
	man7/causeway-metrics.7 man7/causeway-log.7
EXAMPLES := $(wildcard conf/examples/*)
INSTALLED = $(DESTDIR)$(PREFIX)/sbin/causewayd \
	$(DESTDIR)$(PREFIX)/bin/causewayctl \
	$(addprefix $(MANDIR)/,$(MAN_PAGES)) \
	$(DESTDIR)$(PREFIX)/share/bash-completion/completions/causewayctl \
	$(UNITDIR)/causeway.service \
	$(DESTDIR)$(PREFIX)/lib/sysusers.d/causeway.conf \
	$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/causeway.conf \
	$(DESTDIR)/etc/logrotate.d/causeway \
	$(addprefix $(DESTDIR)/etc/fail2ban/filter.d/,$(notdir \
		$(wildcard packaging/fail2ban/*.conf))) \
	$(addprefix $(DOCDIR)/examples/,$(notdir $(EXAMPLES))) \
	$(DOCDIR)/README.md

# The pages come out of the programs they are about.
$(B)/man/causewayd.8: $(B)/causewayd
	@mkdir -p $(@D)
	@$< --print-man daemon >$@
$(B)/man/causeway.conf.5: $(B)/causewayd
	@mkdir -p $(@D)
	@$< --print-man conf >$@
$(B)/man/causeway-metrics.7: $(B)/causewayd
	@mkdir -p $(@D)
	@$< --print-man metrics >$@
$(B)/man/causeway-log.7: $(B)/causewayd
	@mkdir -p $(@D)
	@$< --print-man log >$@
$(B)/man/causewayctl.1: $(B)/causewayctl
	@mkdir -p $(@D)
	@$< --print man >$@
$(B)/man/causewayctl.bash: $(B)/causewayctl
	@mkdir -p $(@D)
	@$< --print completion >$@
man: $(addprefix $(B)/man/,$(notdir $(MAN_PAGES))) $(B)/man/causewayctl.bash

install: all man
	install -D -m 755 $(B)/causewayd $(DESTDIR)$(PREFIX)/sbin/causewayd
	install -D -m 755 $(B)/causewayctl $(DESTDIR)$(PREFIX)/bin/causewayctl
	@for page in $(MAN_PAGES); do \
		install -D -m 644 $(B)/man/$$(basename $$page) \
			$(MANDIR)/$$page || exit 1; \
	done
	install -D -m 644 $(B)/man/causewayctl.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/causewayctl
	@mkdir -p $(UNITDIR)
	sed 's,/usr/sbin/,$(PREFIX)/sbin/,' packaging/systemd/causeway.service \
		>$(UNITDIR)/causeway.service
	@chmod 644 $(UNITDIR)/causeway.service
	install -D -m 644 packaging/sysusers/causeway.conf \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d/causeway.conf
	install -D -m 644 packaging/tmpfiles/causeway.conf \
		$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/causeway.conf
	install -D -m 644 packaging/logrotate/causeway \
		$(DESTDIR)/etc/logrotate.d/causeway
	@for f in $(wildcard packaging/fail2ban/*.conf); do \
		install -D -m 644 $$f \
			$(DESTDIR)/etc/fail2ban/filter.d/$$(basename $$f) || \
			exit 1; \
	done
	@install -d -m 755 $(SYSCONF) $(SYSCONF)/conf.d
	@install -d -m 700 $(SYSCONF)/secrets
	@[ -e $(SYSCONF)/causeway.conf ] || \
		install -m 644 packaging/causeway.conf $(SYSCONF)/causeway.conf
	@for f in $(EXAMPLES); do \
		install -D -m 644 $$f $(DOCDIR)/examples/$$(basename $$f) || \
			exit 1; \
	done
	install -D -m 644 README.md $(DOCDIR)/README.md
ifeq ($(DESTDIR),)
	@if [ -d /run/systemd/system ]; then \
		systemd-sysusers causeway.conf && systemctl daemon-reload; \
		echo "now: systemctl enable --now causeway"; \
	fi
endif

uninstall:
	rm -f $(INSTALLED)
	@rmdir $(DOCDIR)/examples $(DOCDIR) 2>/dev/null || true

.PHONY: man install uninstall
