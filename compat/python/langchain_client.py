"""The package langchain-openai: `langchain_client.py GATEWAY PROVIDER`."""

import sys
from importlib.metadata import version

import openai
from checks import ASK_BOTH, ASK_DOG, ASK_IMAGE, ASK_WEATHER, CITY, DOG, GREETING, HELLO, IMAGE_URL, TIMEOUT_S
from checks import error_checks, expect_both_calls, expect_image_seen, expect_left, expect_timeout, expect_words, run
from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings

gateway, provider = sys.argv[1:]
options = {"base_url": f"{gateway}/v1", "api_key": "unused", "max_retries": 0}


def chat(model, **more):
    return ChatOpenAI(model=model, **options, **more)


def ask(model):
    return chat(model).invoke(HELLO)


def tool(name):
    return {"type": "function", "function": {"name": name, "description": name, "parameters": CITY}}


def tools():
    call = chat("simulator/tools").bind_tools([tool("get_weather")]).invoke(ASK_WEATHER).tool_calls[0]
    assert "city" in call["args"], f"no city: {call}"


def parallel_tools():
    both = chat("simulator/tools").bind_tools([tool("get_weather"), tool("get_time")]).invoke(ASK_BOTH)
    expect_both_calls([call["name"] for call in both.tool_calls])


def structured():
    schema = {"title": "dog", "description": "A dog", **DOG}
    dog = chat("simulator/json").with_structured_output(schema, method="json_schema").invoke(ASK_DOG)
    assert isinstance(dog["name"], str) and isinstance(dog["age"], int), f"no dog: {dog}"


def vision():
    parts = [{"type": "text", "text": ASK_IMAGE}, {"type": "image_url", "image_url": {"url": IMAGE_URL}}]
    chat("scripted/plain").invoke([{"role": "user", "content": parts}])
    expect_image_seen(provider)


def usage():
    assert ask("simulator/chat").usage_metadata["total_tokens"] > 0
    parts = list(chat("simulator/chat", stream_usage=True).stream(HELLO))
    assert sum((part.usage_metadata or {}).get("total_tokens", 0) for part in parts) > 0


def abort():
    stream = chat("scripted/endless").stream(HELLO)
    next(stream)
    stream.close()
    expect_left(provider)


def embeddings():
    # It sends arrays of tokens where it is not told to send the text.
    embedder = OpenAIEmbeddings(model="simulator/embed", check_embedding_ctx_length=False, **options)
    assert len(embedder.embed_query(HELLO)) > 100


run(
    version("langchain-openai"),
    {
        "models": "It has no call for it.",
        "chat": lambda: expect_words(ask("simulator/chat").text, GREETING),
        "stream": lambda: expect_words("".join(part.text for part in chat("simulator/chat").stream(HELLO)), GREETING),
        "tools": tools,
        "parallel tools": parallel_tools,
        "structured output": structured,
        "vision": vision,
        "usage": usage,
        **error_checks(ask, openai.APIStatusError),
        "abort": abort,
        "timeout": lambda: expect_timeout(
            provider, lambda: chat("scripted/silent", timeout=TIMEOUT_S).invoke(HELLO), openai.APITimeoutError
        ),
        "embeddings": embeddings,
        "completions": lambda: expect_words(OpenAI(model="scripted/plain", **options).invoke(HELLO), GREETING),
    },
)
