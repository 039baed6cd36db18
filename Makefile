# make demo   set up, build, and serve the app: make demo [HOST=0.0.0.0] [PORT=5123]
# make test   set up, then lint, types, unit tests and end-to-end tests
# make bench  measure the app against the plain recipe; writes docs/benchmarks.md
# make clean  remove all that the above made

HOST = 127.0.0.1
PORT ?= 5173

.PHONY: demo test bench clean

demo:
	@scripts/python.sh scripts/demo.py --host "$(HOST)" --port "$(PORT)" $(if $(CERT),--cert "$(CERT)" --key "$(KEY)")

test:
	@scripts/python.sh scripts/run_tests.py

bench:
	@scripts/python.sh scripts/setup.py --extra export --extra test
	@.venv/bin/python -m export bench

clean:
	rm -rf .venv node_modules web/dist web/dev-dist test-results build *.egg-info
