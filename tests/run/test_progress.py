"""Progress of a command: a line for each step, also where two are told of in turn."""

import threading

from analysis.run import progress
from analysis.run.progress import Bar


def test_two_steps_are_told_of_once_each_and_by_their_own_time(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    bar, turns = Bar(), [threading.Semaphore(0), threading.Semaphore(1)]

    def tell(which, *steps):
        for message, seconds in steps:
            turns[which].acquire()
            now[0] += seconds
            bar(message, 1, 9)
            turns[1 - which].release()

    other = threading.Thread(target=tell, args=(0, ("scores", 1), ("scores", 1), ("short", 0)))
    other.start()
    tell(1, ("topics", 1), ("topics", 1), ("words", 1))
    other.join()
    bar.close()
    said = capsys.readouterr().err.splitlines()
    assert sorted(said) == sorted(["topics …", "scores …", "words …", "topics: 4 s", "short …", "scores: 3 s"]), said
