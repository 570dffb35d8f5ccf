"""The package anthropic: `anthropic_client.py GATEWAY PROVIDER`."""

import sys

import anthropic
from checks import ASK_BOTH, ASK_DOG, ASK_IMAGE, ASK_WEATHER, CITY, DOG, GREETING, HELLO, IMAGE, TIMEOUT_S
from checks import error_checks, expect_abort, expect_both_calls, expect_dog, expect_image_seen, expect_timeout, expect_words, run

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


def parallel_tools():
    both = [{"name": name, "input_schema": CITY} for name in ("get_weather", "get_time")]
    message = client.messages.create(**question("simulator/tools", ASK_BOTH), tools=both)
    expect_both_calls([block.name for block in message.content if block.type == "tool_use"])


def vision():
    source = {"type": "base64", "media_type": "image/png", "data": IMAGE}
    parts = [{"type": "image", "source": source}, {"type": "text", "text": ASK_IMAGE}]
    client.messages.create(**question("scripted/plain", parts))
    expect_image_seen(provider)


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
        "parallel tools": parallel_tools,
        "structured output": structured,
        "vision": vision,
        "usage": usage,
        **error_checks(chat, anthropic.APIStatusError),
        "abort": lambda: expect_abort(provider, client.messages.create(**question("scripted/endless"), stream=True)),
        "timeout": lambda: expect_timeout(
            provider,
            lambda: client.with_options(timeout=TIMEOUT_S).messages.create(**question("scripted/silent")),
            anthropic.APITimeoutError,
        ),
        "embeddings": "Anthropic has none.",
        "completions": "Anthropic has none by now.",
    },
)
