"""What the checks of every Python client have in common: they run one by one and are told as lines of JSON."""

import json
import time
import urllib.request

HELLO = "Hello!"
GREETING = "the gateway's simulator"
ASK_WEATHER = "Call get weather for Berlin."
ASK_BOTH = "Call get weather and get time for Berlin."
ASK_DOG = "Invent a dog."
ASK_IMAGE = "What is in this picture?"
# A picture of one pixel, as PNG in base64.
IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE_URL = f"data:image/png;base64,{IMAGE}"
TIMEOUT_S = 0.5
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
DOG = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}

FAILURES = {
    "error 400": (400, "simulator/chat?speed=2", "speed"),
    "error 401": (401, "simulator/error-401", "he API key is not valid"),
    "error 404": (404, "simulator/gpt-9", "no model"),
    "error 429": (429, "simulator/error-429", "oo many requests"),
    "error 500": (500, "simulator/error-500", "server failed"),
}


def expect_words(text, words):
    assert isinstance(text, str) and words in text, f"expected {words!r}, got {text!r}"


def expect_dog(text):
    dog = json.loads(text)
    assert isinstance(dog["name"], str) and isinstance(dog["age"], int), f"no dog: {text}"


def expect_both_calls(names):
    assert sorted(names) == ["get_time", "get_weather"], f"calls of {names}"


def expect_image_seen(provider):
    """The picture and its question have arrived at the provider as they were sent."""
    seen = urllib.request.urlopen(f"{provider}/seen").read().decode()
    assert ASK_IMAGE in seen and IMAGE in seen, f"the provider was asked {seen[:300]}"


def expect_failure(ask, error_type, failure):
    status, model, words = failure
    try:
        ask(model)
    except error_type as error:
        assert error.status_code == status, f"status is {error.status_code}: {error}"
        expect_words(str(error), words)
        return
    raise AssertionError("no error was thrown")


def expect_abort(provider, stream):
    """Closes an endless stream after its first part: the provider has to be left within seconds as well."""
    with stream:
        next(iter(stream))
    expect_left(provider)


def expect_timeout(provider, ask, error_type):
    """A model that never answers: the client gives up in its own words, and the provider is left."""
    opened = streams(provider)["opened"]
    try:
        ask()
    except error_type:
        assert streams(provider)["opened"] > opened, "the provider was not asked"
        return expect_left(provider)
    raise AssertionError("no error was thrown")


def streams(provider):
    return json.load(urllib.request.urlopen(f"{provider}/streams"))


def expect_left(provider):
    deadline = time.monotonic() + 3
    while streams(provider)["open"] > 0:
        assert time.monotonic() < deadline, "the provider was still answering after 3 s"
        time.sleep(0.02)


def error_checks(ask, error_type):
    return {
        feature: lambda failure=failure: expect_failure(ask, error_type, failure)
        for feature, failure in FAILURES.items()
    }


def run(version, checks):
    """A check is a function that raises when something is wrong, or the reason why there is none."""
    print(json.dumps({"version": version}), flush=True)
    for feature, check in checks.items():
        if isinstance(check, str):
            print(json.dumps({"feature": feature, "outcome": "not offered", "reason": check}), flush=True)
            continue
        try:
            check()
            told = {"outcome": "works", "reason": ""}
        except Exception as error:  # whatever the client throws is the outcome
            told = {"outcome": "fails", "reason": f"{type(error).__name__}: {error}"}
        print(json.dumps({"feature": feature, **told}), flush=True)
