"""The plain way: Flask under waitress, torch eager as published, one image per request."""

from __future__ import annotations

import sys
import threading

import torch
import waitress
from flask import Flask, Response, jsonify, request

from benchmarks.original import original_network, torch_infer
from benchmarks.peers.work import begin, decode, finish
from worker.machine import cores_given


def make_app() -> Flask:
    """Return the application; the model is loaded once."""
    torch.set_num_threads(cores_given())
    infer = torch_infer(original_network())
    one_at_a_time = threading.Lock()  # without it the requests' threads fight over the cores
    app = Flask("plain")

    @app.post("/predict")
    def predict() -> Response:
        data = request.get_data()
        kept = begin(data)
        tensor, size = decode(data)
        with one_at_a_time:
            depth = infer(tensor[None])[0]
        return jsonify(finish(depth, size, kept))

    return app


if __name__ == "__main__":
    waitress.serve(make_app(), host="127.0.0.1", port=int(sys.argv[1]), threads=4)
