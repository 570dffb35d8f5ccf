"""The package llama-index-llms-openai-like: `llama_index_client.py GATEWAY PROVIDER`."""

import sys
from importlib.metadata import version

import openai
from checks import ASK_BOTH, ASK_DOG, ASK_IMAGE, ASK_WEATHER, GREETING, HELLO, IMAGE, TIMEOUT_S
from checks import error_checks, expect_both_calls, expect_image_seen, expect_left, expect_timeout, expect_words, run
from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

gateway, provider = sys.argv[1:]


class Dog(BaseModel):
    name: str
    age: int


def get_weather(city: str) -> str:
    """The weather in a city."""
    return city


def get_time(city: str) -> str:
    """The time in a city."""
    return city


def llm(model, **more):
    options = {"is_chat_model": True, "is_function_calling_model": True, "max_retries": 0, **more}
    return OpenAILike(model=model, api_base=f"{gateway}/v1", api_key="unused", **options)


def ask(model):
    return llm(model).chat([ChatMessage(role="user", content=HELLO)])


def calls(question, *functions):
    tools = [FunctionTool.from_defaults(function) for function in functions]
    asked = llm("simulator/tools")
    answer = asked.chat_with_tools(tools, user_msg=question, allow_parallel_tool_calls=len(tools) > 1)
    return asked.get_tool_calls_from_response(answer)


def tools():
    call = calls(ASK_WEATHER, get_weather)[0]
    assert "city" in call.tool_kwargs, f"no city: {call}"


def structured():
    dog = llm("simulator/json", should_use_structured_outputs=True).as_structured_llm(Dog).complete(ASK_DOG).raw
    assert isinstance(dog, Dog), f"no dog: {dog}"


def vision():
    picture = ImageBlock(image=IMAGE.encode(), image_mimetype="image/png")
    llm("scripted/plain").chat([ChatMessage(role="user", blocks=[TextBlock(text=ASK_IMAGE), picture])])
    expect_image_seen(provider)


def usage():
    assert ask("simulator/chat").raw.usage.total_tokens > 0


def abort():
    stream = llm("scripted/endless").stream_chat([ChatMessage(role="user", content=HELLO)])
    next(stream)
    stream.close()
    expect_left(provider)


run(
    version("llama-index-llms-openai-like"),
    {
        "models": "It has no call for it.",
        "chat": lambda: expect_words(ask("simulator/chat").message.content, GREETING),
        "stream": lambda: expect_words(
            "".join(part.delta for part in llm("simulator/chat").stream_complete(HELLO)), GREETING
        ),
        "tools": tools,
        "parallel tools": lambda: expect_both_calls([call.tool_name for call in calls(ASK_BOTH, get_weather, get_time)]),
        "structured output": structured,
        "vision": vision,
        "usage": usage,
        **error_checks(ask, openai.APIStatusError),
        "abort": abort,
        "timeout": lambda: expect_timeout(
            provider, lambda: llm("scripted/silent", timeout=TIMEOUT_S).complete(HELLO), openai.APITimeoutError
        ),
        "embeddings": "It is for language models; `llama-index-embeddings-openai-like` is another package.",
        "completions": lambda: expect_words(llm("scripted/plain", is_chat_model=False).complete(HELLO).text, GREETING),
    },
)
