# tests/tests.mk: what "make test", demo, bench, fuzz, lint and conformance do.
# Included by the Makefile; run from the root.

# The set-up names what is missing and installs it (sudo when not root).
$(SETUP_STAMP): Makefile
	@mkdir -p build
	@tests/setup.sh $(DEB_BUILD) $(DEB_TEST)
	@touch $@
setup: $(SETUP_STAMP)
