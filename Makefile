.DEFAULT_GOAL := help
PYTHON = $(or $(MANIFOLD_MIXUP_PYTHON),python3)
.PHONY: help demo bench test build libtorch plotly lint format docs example check-resume clean swift

help: ## print the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: build ## compare no mixup, Input Mixup and Manifold Mixup on real digits (a minute)
	.build/release/manifold-mixup compare --recipe recipes/digits.yaml --seeds 5

test: swift libtorch ## build and run the tests
	swift test --disable-xctest

build: swift libtorch ## build the manifold-mixup tool with optimisation
	swift build -c release

bench: build ## time this package against PyTorch in turns; ROUNDS=5 CASES="mlp narrow" JSON=FILE
	$(PYTHON) scripts/benchmark $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(CASES),--cases $(CASES)) \
		$(if $(JSON),--json $(JSON)) $(BENCH_OPTIONS)

libtorch: ## install libtorch into .libtorch, once; LIBTORCH=FOLDER uses another one
	@scripts/get-libtorch

plotly: ## fetch plotly.js into .plotly, once, which draws the charts of reports
	@scripts/get-plotly

lint: swift ## check the format of the Swift and C++ files
	scripts/format --check

format: swift ## format the Swift and C++ files in place
	scripts/format

docs: swift libtorch ## build the documentation of the libraries
	scripts/build-docs

example: swift libtorch ## build and run the package in Examples/OwnModel
	swift run --package-path Examples/OwnModel --scratch-path .build

check-resume: build ## kill and resume training runs, and compare their weights
	scripts/check-resume

clean: ## remove what was built; libtorch stays
	rm -rf .build .build-kernels .build-tools .build-without

# Says in one line what is wrong with the Swift toolchain, if something is.
swift:
	@found=$$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p'); \
	set -- $$found; \
	if [ -z "$$found" ]; then \
		echo "make: swift was not found: install Swift 6.2 or later" >&2; exit 1; \
	elif [ $$1 -lt 6 ] || { [ $$1 -eq 6 ] && [ $$2 -lt 2 ]; }; then \
		echo "make: Swift $$1.$$2 is too old: install Swift 6.2 or later" >&2; exit 1; \
	fi
