"""What children do in tests; a module that they can import by name."""

import os


def answer(number):
    return number, os.getpid()


def raises(error):
    raise error


def dies(how):
    print("about to go", flush=True)
    if how == "exit":
        os._exit(7)
    os.kill(os.getpid(), how)


def exchange_words(one, other):
    one.write_text("first")
    return other.read_text()


def exchange_words_later(one, other):
    word = one.read_text()
    other.write_text("second")
    return word


def wait_for_a_word(started, pipe):
    started.touch()
    return pipe.read_text()


def see_gpus(fn, *args):
    fn(*args)
    return os.environ.get("CUDA_VISIBLE_DEVICES")
