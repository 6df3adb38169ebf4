# `make document` and `make test` set up what they need: Python 3.11 or later with pip is enough.
# Every command runs through the interpreter of the virtual environment, by a relative path: scripts such as
# .venv/bin/pytest hold an absolute path, which may have spaces in it or change when the checkout is moved.

PYTHON ?= python3
ARGS ?=
# A file of tests that have passed, which are left out; .ci/run gives one, so that it runs none twice.
ONCE ?=

ENV := .venv
RUN := $(ENV)/bin/python -m
PYTEST := $(RUN) pytest -n auto --dist worksteal $(if $(ONCE),-p tests.support.once --once="$(ONCE)")
READY := $(ENV)/ready
LINT_READY := $(ENV)/lint-ready
MUTANTS_READY := $(ENV)/mutants-ready
FUZZ_READY := $(ENV)/fuzz-ready
ACCEPTANCE_READY := $(ENV)/acceptance-ready
ADAPTERS_READY := $(ENV)/adapters-ready
DOCS_READY := $(ENV)/docs-ready
RELEASE_READY := $(ENV)/release-ready
# What needs JAX or PyTorch; the rest of these folders has been run without them.
OF_ADAPTERS := tests/unit/adapters tests/unit/runtime/test_backends.py tests/unit/runtime/test_jax.py \
    tests/unit/runtime/test_torch.py tests/unit/runtime/test_pytree.py tests/unit/runtime/test_capabilities.py \
    tests/unit/runtime/test_loss.py tests/unit/runtime/test_mixed_weights.py tests/unit/test_contracts.py \
    tests/unit/optimizers/test_known.py tests/unit/optimizers/test_lift_optax.py \
    tests/unit/optimizers/test_lift_torch.py tests/unit/optimizers/test_equivalence_libraries.py \
    tests/unit/optimizers/test_rules_in_all_forms.py tests/unit/optimizers/test_findings.py \
    tests/unit/testing/test_updates_libraries.py physsym/adapters physsym/runtime/backends \
    physsym/optimizers/lifting

.DEFAULT_GOAL := help
.PHONY: help document picture test slow acceptance adapters docs release check selftest certify lint guards mutants scores fuzz clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile
	@echo 'ARGS is handed on, as in make test ARGS="-k momentum"; PYTHON names the interpreter to set up with.'

document: $(READY)  ## write the derivations as documents into build/
	$(RUN) physsym document $(ARGS)

picture: $(ACCEPTANCE_READY)  ## take the pictures that README shows; needs Chromium
	$(RUN) physsym document --format html --out build
	$(RUN) physsym explorer --out build/explorer.html
	$(ENV)/bin/python docs/picture.py build/derivations.html build/explorer.html "$$(command -v chromium || command -v google-chrome)"

test: $(READY)  ## run the fast tier of the tests
	$(PYTEST) $(ARGS)

slow: $(ACCEPTANCE_READY)  ## run the slow tier: browser, notebook, TeX, Coq, same bits, tests of the self-test
	$(PYTEST) -m slow $(ARGS)

acceptance: $(ACCEPTANCE_READY)  ## open the documents in Chromium, Firefox, a notebook and TeX, which must be installed
	PHYSSYM_REQUIRE=browser,axe,firefox,tex,jupyter $(RUN) pytest -n auto -m acceptance $(ARGS)

adapters: $(ADAPTERS_READY)  ## train with JAX and PyTorch, also on several devices; installs both (large)
	PHYSSYM_REQUIRE=jax,optax,torch,sklearn,llvmlite $(PYTEST) -m '' $(or $(ARGS),$(OF_ADAPTERS))

docs: $(DOCS_READY)  ## build the site into build/site; it needs no network, and a warning is an error
	$(RUN) sphinx -q -W --keep-going -E -d build/site-pages -b html docs build/site $(ARGS)
	$(RUN) tests.support.site build/site

.PHONY: links
links: $(DOCS_READY)  ## follow every link of the site to elsewhere; needs the network, and is not in the gate
	$(RUN) sphinx -q -d build/site-pages -b linkcheck docs build/links $(ARGS) || { grep -h broken build/links/output.txt; exit 1; }

release: $(RELEASE_READY)  ## build sdist and wheel into dist/, try them with the oldest and newest dependencies and every Python found
	$(RUN) tests.support.release $(ARGS)

check: $(READY)  ## check every step of every derivation, and every claim
	$(RUN) physsym check $(ARGS)

selftest: $(READY)  ## spoil ten thousand lines and see that the check refuses them (some minutes)
	$(RUN) tests.fuzz --count 10000 --jobs 2 $(ARGS)

certify: $(READY)  ## write every derivation as lemmas and have the Coq proof assistant check them
	$(RUN) physsym certify $(ARGS)

lint: $(LINT_READY)  ## look for mistakes of style, of types and of layers
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(ENV)/bin/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

guards: $(READY)  ## take every guard away and see its test fail
	$(RUN) tests.remove_guards $(ARGS)

mutants: $(MUTANTS_READY) guards  ## take every guard away, then change the checking code everywhere (hours)
	-$(RUN) tests.mutate --decorated
	PATH="$(CURDIR)/$(ENV)/bin:$$PATH" $(RUN) mutmut run
	$(RUN) mutmut results

scores: $(READY)  ## count the mutants of ten rules that tests of optimizers notice, into docs/mutants.md (half an hour)
	$(RUN) tests.mutation_scores $(ARGS)

fuzz: $(FUZZ_READY)  ## feed the reader of formulas with what no one would think of
	$(ENV)/bin/python tests/fuzz/fuzz_parsing.py -max_total_time=60 $(ARGS)

.PHONY: findings
findings: $(ADAPTERS_READY)  ## compare code, displayed formula and paper of all optax and torch, into docs/findings.md
	$(RUN) tests.findings $(ARGS)

.PHONY: bench
BENCH_READY := $(ENV)/bench-ready
BRIAN := $(ENV)/brian2
bench: $(BENCH_READY)  ## measure speed beside all that one could use instead, into docs/benchmarks.md (some minutes); ARGS=--quick prints some rows
	-@$(MAKE) --no-print-directory $(BRIAN)-ready
	$(RUN) tests.benchmarks $(ARGS)

$(BENCH_READY): groups := bench
$(BENCH_READY): extras := fast,jax,torch
$(BENCH_READY): $(READY)
	$(install)

# brian2 wants an older NumPy than everything else, hence an environment of its own, without constraints. The row
# that needs it says so where it could not be set up.
$(BRIAN)-ready: $(READY)
	@echo 'Setting up $(BRIAN) for brian2.'
	@"$(PYTHON)" -m venv --clear $(BRIAN)
	@$(RUN) pip --python $(BRIAN) install --quiet --disable-pip-version-check --editable . --group brian2
	@touch $@

clean:  ## remove what was built, but not the virtual environment
	rm -rf build dist mutants .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./$(ENV) -prune -o -name __pycache__ -prune -exec rm -rf {} +

# Set-up. The stamp comes last, so that a set-up that failed is done again; an environment in which a set-up was
# cut short while packages were written is thrown away first. The pip that is pinned in constraints.txt is put into
# the environment first, since groups of dependencies need one of 25.1 or later. A pip working from outside does
# that, with no need of ensurepip, which some systems keep in a package of its own; one before 22.3 cannot, and is
# copied into the environment. Extras and groups are variables, not arguments, because of the commas in them.

define install
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo 'Set-up needs Python 3.11 or later, which "$(PYTHON)" is not.' \
	        'Name one that is, as in: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; \
	    exit 1; }
	@echo 'Setting up $(ENV) for $(groups); this takes about half a minute.'
	@set -e; \
	if test -e $(ENV)/unfinished; then rm -rf $(ENV); fi; \
	"$(PYTHON)" -m venv --without-pip $(ENV); \
	touch $(ENV)/unfinished; \
	export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1; \
	set -- install --quiet --no-compile --constraint constraints.txt; \
	"$(PYTHON)" -m pip --python $(ENV) "$$@" pip 2>/dev/null || { "$(PYTHON)" -m venv $(ENV); $(RUN) pip "$$@" pip; }; \
	$(RUN) pip "$$@" --editable '.$(if $(extras),[$(extras)])' $(addprefix --group ,$(groups)); \
	rm $(ENV)/unfinished; \
	touch $@
endef

$(READY): groups := test
$(READY): extras := document,fast
$(READY): pyproject.toml constraints.txt
	$(install)

$(LINT_READY): groups := lint
$(DOCS_READY): groups := docs
$(RELEASE_READY): groups := release
$(MUTANTS_READY): groups := mutants
$(FUZZ_READY): groups := fuzz
$(ACCEPTANCE_READY): groups := acceptance
$(ADAPTERS_READY): groups := adapters-test
$(ADAPTERS_READY): extras := jax,torch
$(LINT_READY) $(MUTANTS_READY) $(FUZZ_READY) $(ACCEPTANCE_READY) $(ADAPTERS_READY) $(DOCS_READY) $(RELEASE_READY): $(READY)
	$(install)
