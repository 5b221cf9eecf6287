# The work is done by deploy/local (plain Python of the system); `make help` lists what there is.
SHELL := /bin/bash
ARGS ?=
LOCAL = @python=$$(bash deploy/local/python.sh) && "$$python" -m deploy.local

.DEFAULT_GOAL := help
.PHONY: help up down status logs purge packages test lint bench

help:
	@echo 'make up       install what is missing, start everything, print the address and the logins'
	@echo 'make down     stop what make up started; guests keep running'
	@echo 'make status   tell how every part is; exit status 1 if something is down'
	@echo 'make logs     follow all logs'
	@echo 'make test     install what the tests need and run them (ARGS="-k name" to choose)'
	@echo 'make lint     all checks of style, types, imports and schema'
	@echo 'make bench    measure, print a table, write var/bench.json'
	@echo 'make purge    remove this installation with its guests and state (FORCE=1: do not ask)'
	@echo 'make packages only install Debian packages (the one part that needs root)'

up down status logs purge packages:
	$(LOCAL) $@

test:
	$(LOCAL) test-setup
	.venv/bin/pytest $(ARGS)

lint:
	$(LOCAL) developer
	@bash deploy/lint.sh

bench:
	$(LOCAL) developer
	.venv/bin/python -m tests.bench $(ARGS)
