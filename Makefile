# Every target needs Go, git and a POSIX shell, nothing else. Tools are pinned here or in go.mod and run with go run.

GOLANGCI_LINT = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
CHECK_SPEC = go run ./client/internal/check api/openapi.yaml
FUZZTIME = 30s

.PHONY: help run test test-all generate check drift format vet tidy lint spec serve contract fleet fuzz bench breaking words workflow-files

help: ## What the targets do (the default)
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: export ARGS := $(ARGS)
run: ## Run the contract's workflow and print its text: make run ARGS="a story about a dog named charlie"
	@$(CHECK_SPEC)
	@go run ./client/examples/run $${ARGS:+"$$ARGS"}

test: ## Run the tests, with the race detector if there is a C compiler; make test ARGS=-short is quick and without it
	@case ' $(ARGS) ' in *' -short '*) echo 'race detector: off (-short)'; exec go test $(ARGS) ./...;; esac; \
	if go build -race -o /dev/null runtime/cgo >/dev/null 2>&1; then \
		echo 'race detector: on'; go test -race $${AITUTOR_TEST_ALL:+-timeout 30m} $(ARGS) ./...; \
	else \
		echo 'race detector: off (no C compiler)'; CGO_ENABLED=0 go test $${AITUTOR_TEST_ALL:+-timeout 30m} $(ARGS) ./...; \
	fi

test-all: export AITUTOR_TEST_ALL := 1
test-all: test ## Run all tests, also those that take minutes: deep suites, changed specs in copies of the module, the fleet, other libraries
	@echo 'the fleet example, another module, on SQLite$(if $(FLEET_TEST_POSTGRES), and PostgreSQL)'
	@cd client/examples/fleet && go vet ./... && go mod tidy -diff && go test -timeout 20m ./...
	@echo 'the client with other libraries, another module'
	@cd client/examples/interop && go vet ./... && go mod tidy -diff && go test ./...

generate: ## Generate the code in gen/ from api/openapi.yaml
	@$(CHECK_SPEC)
	@go generate ./...
	@$(CHECK_SPEC) gen/openapi.gen.go

check: drift spec format vet tidy words lint ## Everything that is checked without running the tests: drift, spec, format, vet, tidy, words, lint

drift:
	@echo 'check: gen/ is what api/openapi.yaml generates'
	@sh .ci/drift

format:
	@echo 'check: every Go file is formatted'
	@files=$$(gofmt -l .) || exit; test -z "$$files" || { \
		for file in $$files; do echo "$$file is not formatted: run 'gofmt -w $$file'" >&2; done; exit 1; }

vet:
	@echo 'check: go vet'
	@go vet ./...

tidy:
	@echo 'check: go.mod and go.sum are tidy'
	@go mod tidy -diff || { echo "go.mod or go.sum is not tidy (the change above): run 'go mod tidy'" >&2; exit 1; }

words:
	@echo 'check: comments, errors and docs are in plain English'
	@go run .ci/words.go

lint:
	@echo 'check: golangci-lint (the first run downloads and builds it, which takes minutes and prints nothing)'
	@$(GOLANGCI_LINT) config verify
	@$(GOLANGCI_LINT) run || { echo "golangci-lint: fix the findings above" >&2; exit 1; }

spec:
	@echo 'check: api/openapi.yaml is valid, and so are its examples'
	@$(CHECK_SPEC) gen/openapi.gen.go

serve: ## Serve the contract on loopback, to try a program or make contract on: make serve ARGS=-text
	@trap 'exit 0' INT; go run ./client/examples/serve $(ARGS)

contract: ## Check a running server against the contract (starts runs, which are billed): make contract URL=http://localhost:8080 ARGS=-no-runs
	@test -n "$(URL)" || { echo 'make contract needs the address of a server: make contract URL=http://localhost:8080' >&2; exit 1; }
	@go run ./client/examples/contract -url "$(URL)" $(ARGS)

fleet: ## Show the fleet example: 200 runs from a durable queue, on a test server
	@cd client/examples/fleet && go run . demo

fuzz: ## Run each fuzz target for FUZZTIME (30s): make fuzz FUZZTIME=1m
	@sh .ci/fuzz $(FUZZTIME)

bench: ## Measure what a call, and validation, costs, and print it as ratios
	@go test ./client ./client/contract -run '^$$' -bench '^BenchmarkRatios$$' -benchtime 1x

breaking: ## What changed in the contract and in the Go API since BASE, and does it break users: make breaking BASE=v1.0.0
	@$(CHECK_SPEC)
	@sh .ci/breaking $(BASE)

workflow-files: ## List the files that are the story workflow's own: the ones to replace for another workflow
	@find api client gen -path '*story*' -type f | sort
