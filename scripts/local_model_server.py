"""Serves a GGUF model on loopback with llama.cpp's own OpenAI-compatible HTTP server.

Prints one line, `listening on http://127.0.0.1:PORT`, once the model is loaded. Runs until it is stopped, or,
with --exit-with-stdin, until its standard input ends: whoever started it holds the other end, so the server goes
when its parent goes, however that ends. (The kernel's PR_SET_PDEATHSIG would be wrong here: it fires when the
*thread* that started the server ends, and a Swift program's threads come and go.)
"""

import argparse
import os
import sys
import threading


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="the GGUF file")
    parser.add_argument("--name", required=True, help="the name that requests call the model by")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--threads", type=int, default=1, help="more than one only pays on idle cores")
    parser.add_argument("--context", type=int, default=4096, help="tokens of prompt and reply together, per slot")
    parser.add_argument("--parallel", type=int, default=1, help="requests answered side by side; above 1 no reply is repeatable")
    parser.add_argument("--cache-prompt", action="store_true", help="reuse prefixes: faster, but a reply then depends on the ones before")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input ends")
    return parser.parse_args()


def main():
    options = arguments()
    if not os.path.isfile(options.model):
        sys.exit(f"there is no model file at {options.model}")
    if not 0 <= options.port <= 65535:
        sys.exit(f"{options.port} is no port: it must be between 0 and 65535")
    if min(options.threads, options.context, options.parallel) < 1:
        sys.exit("--threads, --context and --parallel must be at least 1")
    os.closerange(3, 4096)  # whatever the starting program had open is not for this one to hold
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = options.model
    parameters.model_alias = {options.name}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = options.port
    parameters.n_ctx = options.context * options.parallel
    parameters.n_parallel = options.parallel
    parameters.cpuparams.n_threads = options.threads
    parameters.cpuparams_batch.n_threads = options.threads
    # What was cached changes how the prompt is cut into batches, and with that the last bits of the logits.
    parameters.cache_prompt = options.cache_prompt
    if not options.cache_prompt:
        parameters.cache_ram_mib = 0
        parameters.cache_idle_slots = False
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.cors_origins = "null"
    parameters.verbosity = 2  # warnings and errors, on standard error
    try:
        server = xllamacpp.Server(parameters)
    except Exception as error:
        sys.exit(f"the model server did not start: {error}")
    print(f"listening on {server.listening_address}", flush=True)
    if options.exit_with_stdin:
        while sys.stdin.buffer.read(4096):
            pass
        os._exit(0)  # a request may be running; nobody waits for it any more
    threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        os._exit(130)
