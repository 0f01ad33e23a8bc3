# The task runner. `make help` lists the targets; `make setup` is what the others begin with.

STAGE ?= dev
# The param `prefix` of that stage, if it has one that serverless.yml does not say.
PREFIX :=
PLAYERS ?= 8
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
# Almost half of the tests' time is waiting, so there are two workers more than there are cores.
WORKERS ?= $(shell expr $(CORES) + 2)
# The interpreters that .venv is made with, the first that is new enough.
PYTHONS ?= python3 python3.14 python3.13 python3.12 python3.11
# Targets side by side, the output of each in one piece where make can do that.
TOGETHER := $(MAKE) -j $(CORES) --no-print-directory $(if $(filter output-sync,$(.FEATURES)),--output-sync)
MINUTES ?= 10
# Images of containers often set this. Then each process of the tests and each function of a local stack compiles all
# that it imports, and hundreds of them start.
unexport PYTHONDONTWRITEBYTECODE
# The same for Node.js, from 22.1 on: the tests run the deployment tool some eighty times.
NODE_COMPILE_CACHE ?= $(CURDIR)/.build/compiled
export NODE_COMPILE_CACHE

PYTHON := .venv/bin/python
SLS := node_modules/.bin/sls
CLIENT := clients/javascript/node_modules
# Stand-ins for what the edge's stack asks a deployed stage for.
EDGE := $(foreach name,httpApiId=api socketApiId=sockets webClientId=web edgeSecret=secret serviceRegion=eu-central-1,--param $(name))
# What makes a template quickly, of a protected stage as well: no packages, no bytecode, a sender.
TEMPLATE := --param requirements=local/none.txt --param bytecode=none --param email=ses --param emailFrom=no-reply@play.example.com
REQUIREMENTS := requirements.txt local/requirements.txt tests/requirements.txt
# Modules compile when they are first imported, and most never are: 72 s of processor for all three lists, not 116.
LOCKED := -qq --disable-pip-version-check --require-hashes --no-compile

# A value that a command gets in one piece, whatever characters it has.
quoted = '$(subst ','\'',$(1))'
PREFIXED := $(if $(PREFIX),--param $(call quoted,prefix=$(PREFIX)))
OF_STAGE := --stage $(call quoted,$(STAGE)) --prefix $(call quoted,$(PREFIX))
OF_PLAYER := $(if $(PLAYER),--user $(call quoted,$(PLAYER)))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup dev page screenshot unit test check format audit preflight lock soak bench package doctor deploy \
	smoke machine moderator rotate \
	check-code check-types check-clients check-service check-edge test-javascript test-python

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: .venv/.ready node_modules/.ready $(CLIENT)/.ready ## prepare the machine: .venv, node_modules
	@:

dev: setup ## run the whole service here, with sample players (PORT=8080: the page's; the API's is the next)
	@$(PYTHON) -m local up --players $(PLAYERS) --watch $(if $(PORT),--page-port $(PORT) --port $(shell expr $(PORT) + 1))

page: setup ## serve the page here against the deployed STAGE=dev
	@$(PYTHON) -m local page $(OF_STAGE)

screenshot: setup ## take the README's pictures of the page
	@$(PYTHON) -m tests.browser.screenshot docs/page.png docs/moving.webp

unit: setup ## the unit and structure tests, for every save
	@$(PYTHON) -m pytest -q -n $(CORES) tests/unit tests/structure

test: setup ## every test, on all cores, and the coverage
	@$(MAKE) -j 2 --no-print-directory test-javascript test-python

# Beside the others: it says how it ended, and all of it if that was badly.
test-javascript:
	@mkdir -p .build
	@cd clients/javascript && if npm test --silent >../../.build/javascript.txt 2>&1; \
		then echo "JavaScript: $$(sed -n 's/^# pass //p' ../../.build/javascript.txt) passed"; \
		else cat ../../.build/javascript.txt; exit 1; fi

# The searches draw the same in each run; `make soak` draws others.
test-python:
	@$(PYTHON) -m coverage erase
	@PYTHONHASHSEED=0 $(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -p tests.lines
	@$(PYTHON) -m coverage combine --quiet
	@$(PYTHON) -m coverage report

format: setup ## put the code into its form, and mend what can be mended
	@$(PYTHON) -m ruff check --fix
	@$(PYTHON) -m ruff format

check: setup ## lint, format, types, the packaged templates
	@$(TOGETHER) check-types check-service check-edge check-clients check-code

check-code:
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m ruff format --check

check-types:
	@$(PYTHON) -m mypy

# The page beside the package, as they are served.
check-clients:
	@rm -rf .build/web && mkdir -p .build && cp -R web .build/web && cp -R clients/javascript/src .build/web/client
	@$(CLIENT)/.bin/tsc --project .build/web
	@cd clients/javascript && npm run check --silent && npm pack --silent --pack-destination "$(CURDIR)/.build"

check-service:
	@$(SLS) package --stage dev --package .build/template --param requirements=local/none.txt --param bytecode=none >/dev/null
	@.venv/bin/cfn-lint -i W3005 -- .build/template/cloudformation-template-update-stack.json

check-edge:
	@cd infra/edge && EDGE_SECRET_VERSION=none "$(CURDIR)/$(SLS)" package --stage dev --package "$(CURDIR)/.build/edge" $(EDGE) >/dev/null
	@.venv/bin/cfn-lint -r us-east-1 -- .build/edge/cloudformation-template-update-stack.json

audit: setup ## the templates against checkov, the packages against known holes (needs the network)
	@test -d .build/audit || { echo "audit: its own environment"; $(PYTHON) -m venv .build/audit; }
	@.build/audit/bin/python -m pip install $(LOCKED) -r tests/audit.txt
	@$(SLS) package --stage prod --package .build/audited/service $(TEMPLATE) --param edge=cloudfront >/dev/null
	@cd infra/edge && EDGE_SECRET_VERSION=none "$(CURDIR)/$(SLS)" package --stage prod --package "$(CURDIR)/.build/audited/edge" $(EDGE) \
		--param domain=own --param domainName=play.example.com --param certificateArn=arn:aws:acm:us-east-1:123456789012:certificate/0 >/dev/null
	@.build/audit/bin/checkov --config-file infra/checkov.yml \
		-f .build/audited/service/cloudformation-template-update-stack.json \
		-f .build/audited/edge/cloudformation-template-update-stack.json
	@.build/audit/bin/pip-audit --strict --disable-pip --require-hashes $(REQUIREMENTS:%=-r %)
	@npm audit --omit=dev && cd clients/javascript && npm audit --omit=dev

preflight: setup ## the packaged templates against what AWS refuses at a deploy (installs its tools once)
	@test -d .build/preflight || { echo "preflight: its own environment"; $(PYTHON) -m venv .build/preflight; }
	@.build/preflight/bin/python -m pip install $(LOCKED) --no-deps -r tools/preflight.txt
	@for stage in dev prod; do $(SLS) package --stage $$stage --package .build/preflighted/$$stage $(TEMPLATE) >/dev/null || exit 1; done
	@cd infra/edge && EDGE_SECRET_VERSION=none "$(CURDIR)/$(SLS)" package --stage prod --package "$(CURDIR)/.build/preflighted/edge" $(EDGE) \
		--param domain=own --param domainName=play.example.com --param certificateArn=arn:aws:acm:us-east-1:123456789012:certificate/0 >/dev/null
	@.build/preflight/bin/python -m tools.preflight .build/preflighted/*/cloudformation-template-update-stack.json

lock: setup ## lock the Python packages after a change of a *.in (UPGRADE=1: take newer ones)
	@test -d .build/lock || { echo "lock: its own environment"; $(PYTHON) -m venv .build/lock; }
	@.build/lock/bin/python -m pip install $(LOCKED) -r tools/lock.txt
	@.build/lock/bin/python -m tools.lock $(if $(UPGRADE),--upgrade)

soak: setup ## tell random stories and plays for MINUTES=10, from SEED or anywhere
	@$(PYTHON) -m tests.integration.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

bench: setup ## measure, and print the figures beside their baselines
	@$(PYTHON) -m bench

package: setup ## build what a deployment of STAGE=dev would upload, into .serverless/
	@$(SLS) package --stage $(call quoted,$(STAGE)) $(PREFIXED)

doctor: setup ## say what would stop a deployment of STAGE=dev, with the AWS credentials of this shell
	@$(PYTHON) -m tools.doctor --stage $(call quoted,$(STAGE)) $(PREFIXED)

deploy: setup ## deploy STAGE=dev with the AWS credentials of this shell, once the doctor finds nothing wrong
	@$(PYTHON) -m tools.doctor --stage $(call quoted,$(STAGE)) $(PREFIXED)
	@$(SLS) deploy --stage $(call quoted,$(STAGE)) $(PREFIXED)

smoke: setup ## check the deployed STAGE=dev from outside, and remove what the check made
	@$(PYTHON) -m tools.smoke $(OF_STAGE)

machine: setup ## print the commands for a trusted write to STAGE=dev
	@$(PYTHON) -m tools.machine $(OF_STAGE) $(OF_PLAYER)

moderator: setup ## print the commands to moderate PLAYER=userId on STAGE=dev
	@$(PYTHON) -m tools.machine --client moderator $(OF_STAGE) $(OF_PLAYER)

rotate: setup ## give STAGE=dev a new key for its tickets (REVOKE=1 after a leak: drop the others)
	@$(PYTHON) -m local rotate $(OF_STAGE) $(if $(REVOKE),--revoke)

$(PYTHON):
	@for python in $(PYTHONS); do \
		$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
			&& { echo "setup: .venv with $$($$python --version)"; exec $$python -m venv --clear .venv; }; \
	done; \
	echo "setup: Python 3.11 or newer with venv is needed (found: $$(python3 --version 2>/dev/null || echo none))." >&2; exit 1

.venv/.ready: $(PYTHON) $(REQUIREMENTS) clients/python/pyproject.toml
	@echo "setup: Python packages"
	@$(PYTHON) -m pip install $(LOCKED) $(REQUIREMENTS:%=-r %)
# The package of this repository is no release, so it has no hash; what it needs is in the lists.
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-compile -e ./clients/python
	@touch $@

node_modules/.ready: package.json package-lock.json
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null \
		|| { echo "setup: Node.js 20.19 or newer is needed (found: $$(node --version 2>/dev/null || echo none))." >&2; exit 1; }
	@npm --version >/dev/null 2>&1 || { echo "setup: npm is needed beside Node.js." >&2; exit 1; }
	@echo "setup: Node packages"
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(CLIENT)/.ready: clients/javascript/package.json clients/javascript/package-lock.json node_modules/.ready
	@cd clients/javascript && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
