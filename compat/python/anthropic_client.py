"""The package anthropic: `anthropic_client.py GATEWAY PROVIDER`."""

import sys

import anthropic
from checks import ASK_DOG, ASK_WEATHER, CITY, DOG, GREETING, HELLO
from checks import error_checks, expect_abort, expect_dog, expect_words, run

gateway, provider = sys.argv[1:]
client = anthropic.Anthropic(base_url=gateway, api_key="unused", max_retries=0)


def question(model, content=HELLO):
    return {"model": model, "max_tokens": 500, "messages": [{"role": "user", "content": content}]}


def chat(model):
    return client.messages.create(**question(model))


def models():
    expect_words(" ".join(model.id for model in client.models.list()), "simulator/chat")


def stream():
    with client.messages.stream(**question("simulator/chat")) as events:
        expect_words(events.get_final_text(), GREETING)


def tools():
    tool = {"name": "get_weather", "input_schema": CITY}
    message = client.messages.create(**question("simulator/tools", ASK_WEATHER), tools=[tool])
    calls = [block for block in message.content if block.type == "tool_use"]
    assert "city" in calls[0].input, f"no city: {calls[0].input}"


def structured():
    output_config = {"format": {"type": "json_schema", "schema": DOG}}
    message = client.messages.create(**question("simulator/json", ASK_DOG), extra_body={"output_config": output_config})
    expect_dog(message.content[0].text)


def usage():
    assert chat("simulator/chat").usage.output_tokens > 0
    with client.messages.stream(**question("simulator/chat")) as events:
        assert events.get_final_message().usage.output_tokens > 0


run(
    anthropic.__version__,
    {
        "models": models,
        "chat": lambda: expect_words(chat("simulator/chat").content[0].text, GREETING),
        "stream": stream,
        "tools": tools,
        "structured output": structured,
        "usage": usage,
        **error_checks(chat, anthropic.APIStatusError),
        "abort": lambda: expect_abort(provider, client.messages.create(**question("scripted/endless"), stream=True)),
        "embeddings": "Anthropic has none.",
    },
)
