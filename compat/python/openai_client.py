"""The package openai: `openai_client.py GATEWAY PROVIDER`."""

import sys

import openai
from checks import ASK_BOTH, ASK_DOG, ASK_IMAGE, ASK_WEATHER, CITY, DOG, GREETING, HELLO, IMAGE_URL, TIMEOUT_S
from checks import error_checks, expect_abort, expect_both_calls, expect_dog, expect_image_seen, expect_timeout, expect_words, run

gateway, provider = sys.argv[1:]
client = openai.OpenAI(base_url=f"{gateway}/v1", api_key="unused", max_retries=0)


def chat(model, content=HELLO, **more):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}], **more)


def models():
    expect_words(" ".join(model.id for model in client.models.list()), "simulator/chat")


def stream():
    parts = [chunk.choices[0].delta.content or "" for chunk in chat("simulator/chat", stream=True)]
    expect_words("".join(parts), GREETING)


def tools():
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": CITY}}
    message = chat("simulator/tools", ASK_WEATHER, tools=[tool]).choices[0].message
    expect_words(message.tool_calls[0].function.arguments, "city")


def parallel_tools():
    both = [{"type": "function", "function": {"name": name, "parameters": CITY}} for name in ("get_weather", "get_time")]
    message = chat("simulator/tools", ASK_BOTH, tools=both).choices[0].message
    expect_both_calls([call.function.name for call in message.tool_calls])


def vision():
    chat("scripted/plain", [{"type": "text", "text": ASK_IMAGE}, {"type": "image_url", "image_url": {"url": IMAGE_URL}}])
    expect_image_seen(provider)


def structured():
    response_format = {"type": "json_schema", "json_schema": {"name": "dog", "schema": DOG, "strict": True}}
    expect_dog(chat("simulator/json", ASK_DOG, response_format=response_format).choices[0].message.content)


def usage():
    assert chat("simulator/chat").usage.total_tokens > 0
    chunks = list(chat("simulator/chat", stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].usage.total_tokens > 0


def embeddings():
    assert len(client.embeddings.create(model="simulator/embed", input=HELLO).data[0].embedding) > 100


run(
    openai.__version__,
    {
        "models": models,
        "chat": lambda: expect_words(chat("simulator/chat").choices[0].message.content, GREETING),
        "stream": stream,
        "tools": tools,
        "parallel tools": parallel_tools,
        "structured output": structured,
        "vision": vision,
        "usage": usage,
        **error_checks(chat, openai.APIStatusError),
        "abort": lambda: expect_abort(provider, chat("scripted/endless", stream=True)),
        "timeout": lambda: expect_timeout(
            provider, lambda: chat("scripted/silent", timeout=TIMEOUT_S), openai.APITimeoutError
        ),
        "embeddings": embeddings,
        "completions": lambda: expect_words(
            client.completions.create(model="scripted/plain", prompt=HELLO).choices[0].text, GREETING
        ),
    },
)
