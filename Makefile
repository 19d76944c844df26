# Everything a developer does, from a fresh checkout on Debian 12 with Swift 6.3 on.
#
#   make deps    install what is missing from Debian (as root), or print it
#   make build   the release binaries, the Swift runtime in them: .build/release
#   make man     manual pages and shell completions: .build/man, .build/completions
#   make deb     the Debian package: .build-deb/*.deb, looked over by lintian
#   make package-test  the package on three machines that boot (as root)
#   make demo    break a pair in every way that matters, and see what clients see (as root)
#   make test    everything that is tested, end to end included if root; ends with the verdict
#   make bench   the figures of docs/benchmarks.md (as root, 40 minutes)
#   make deaths  agents killed between any two effects and at random instants (as root, half an hour)
#   make sim     the simulation alone, SEEDS=n FRESH=n for more or fewer runs
#   make lint    the formatter's verdict
#   make gate    compile the gate's eBPF program and embed its bytes; a test tells when it is time
#   make clean   remove what was built, and what killed labs have left

SWIFT_BUILD = swift build -c release
# One after the other: the end-to-end tests measure time, and want the machine for themselves.
SWIFT_TEST = swift test -c release --skip-build --disable-xctest --no-parallel
BINARIES = .build/release
MUTATIONS = .build-mutations
SEEDS ?= 2000
# And so many that are drawn anew each time. The base is printed, to make the same runs again.
FRESH ?= 1000

# Libraries for the build; tools that make, break and serve the hosts of the lab; those that make
# and check the manual.
PACKAGES = pkg-config libnl-route-3-dev libbpf-dev libtomlplusplus-dev \
	iproute2 nftables nginx-light \
	jq lowdown mandoc \
	debhelper lintian debootstrap systemd-container e2fsprogs

# The packages: what is shipped, and the same under an earlier version, for tests of upgrades.
PACKAGE = .build-deb
EARLIER = .build-deb/earlier
PREVIOUS_VERSION = $$(sed -n '1s/.*(\(.*\)).*/\1/p' packaging/debian/changelog)~previous

.PHONY: all deps build man deb packages image package-test demo test bench deaths sim mutations gate lint clean

all: build

# nginx is installed for its binary: a policy keeps the service from being started, and is removed
# again. Package lists are fetched only when the ones at hand do not suffice.
deps:
	@missing=; for package in $(PACKAGES); do \
		dpkg-query -W -f '$${db:Status-Abbrev}' $$package 2>/dev/null | grep -q '^ii' \
			|| missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ]; then \
		echo "missing from Debian:$$missing; as root: apt-get install$$missing" >&2; exit 1; \
	fi; \
	policy=/usr/sbin/policy-rc.d; \
	if [ ! -e $$policy ]; then \
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT; trap 'exit 1' HUP INT TERM; \
		printf '#!/bin/sh\nexit 101\n' > $$policy; chmod 755 $$policy; \
	fi; \
	export DEBIAN_FRONTEND=noninteractive; \
	install="apt-get install -qq -y --no-install-recommends$$missing"; \
	$$install > /dev/null 2>&1 || { apt-get update -qq && $$install > /dev/null; }

build: deps
	$(SWIFT_BUILD)

man: build
	packaging/man/build $(BINARIES) .build/man
	packaging/completions/build $(BINARIES) .build/completions

# Lintian's errors and warnings fail it; what is pedantic is shown.
deb: deps
	packaging/build-deb $(PACKAGE)
	lintian --fail-on error,warning --pedantic $(PACKAGE)/*.changes

packages: deb
	packaging/build-deb $(EARLIER) "$(PREVIOUS_VERSION)"

# What the machines of the package's tests are made of: kept in /var/cache/viplab, a minute if new.
image: build
	@if [ "$$(id -u)" = 0 ]; then $(BINARIES)/viplab image; fi

package-test: packages image
	$(SWIFT_BUILD) --build-tests
	@VIP_PACKAGES=$(PACKAGE) $(SWIFT_TEST) --filter PackageTests

demo: build
	@$(BINARIES)/viplab demo

bench: build
	@$(BINARIES)/viplab bench

deaths: build mutations
	@$(BINARIES)/viplab deaths

sim: build
	@$(BINARIES)/vipsim --seeds $(SEEDS) --fresh $(FRESH)

# Each lease rule broken on purpose, one at a time: the simulation has to notice all of them. The
# same build has an agent that can be told to die, for the tests and for `make deaths`: they take
# none that is older than its sources.
mutations: deps
	VIP_MUTATIONS=1 $(SWIFT_BUILD) --scratch-path $(MUTATIONS) --product vipsim
	VIP_MUTATIONS=1 $(SWIFT_BUILD) --scratch-path $(MUTATIONS) --product vip-agent
	@touch $(MUTATIONS)/release/vip-agent
	@$(MUTATIONS)/release/vipsim --mutations

gate: deps
	Sources/CGate/embed

lint:
	swift format lint --strict -r Package.swift Sources Tests

test: deps lint
	$(SWIFT_BUILD) --build-tests
	@$(BINARIES)/vipsim --seeds $(SEEDS) --fresh $(FRESH)
	@$(MAKE) --no-print-directory mutations
	@$(MAKE) --no-print-directory packages image
	@{ VIP_PACKAGES=$(PACKAGE) $(SWIFT_TEST); echo $$? > .build/verdict; } 2>&1 | tee .build/test.log; \
	if [ "$$(cat .build/verdict)" != 0 ]; then grep '^.[^ ]* *✘\|^✘' .build/test.log; exit 1; fi

clean:
	@if [ -x $(BINARIES)/viplab ] && [ "$$(id -u)" = 0 ]; then $(BINARIES)/viplab clean; fi
	rm -rf .build $(MUTATIONS) $(PACKAGE)
