"""Clients at once, as a web server has them: threads of a few processes."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connections

# Called with the client's number and when to stop (`time.perf_counter`); answers with its figures.
Work = Callable[[int, float], Any]
START_SECONDS = 30


def together(
    work: Work, clients: int, *, seconds: float, warm_up: float
) -> tuple[list[Any], float]:
    """`work` by so many clients, all let go at once after a warm-up of their own.

    Answers with what each had to tell, None for one that broke, and with the seconds that all took.
    """
    fork = multiprocessing.get_context("fork")
    processes = min(clients, os.cpu_count() or 1)
    gate, answers = fork.Barrier(clients + 1), fork.SimpleQueue()

    def client(number: int) -> None:
        told = None
        try:
            work(number, time.perf_counter() + warm_up)
            gate.wait(START_SECONDS)
            told = work(number, time.perf_counter() + seconds)
        finally:
            answers.put(told)
            connections.close_all()

    def process(first: int) -> None:
        numbers = range(first, clients, processes)
        threads = [threading.Thread(target=client, args=(number,)) for number in numbers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    connections.close_all()
    children = [fork.Process(target=process, args=(one,), daemon=True) for one in range(processes)]
    for child in children:
        child.start()
    gate.wait(START_SECONDS)
    began = time.perf_counter()
    told = [answers.get() for _ in range(clients)]
    took = time.perf_counter() - began
    for child in children:
        child.join()
    return told, took
