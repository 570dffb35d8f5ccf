"""
Chat through the gateway with the `openai` package: whole, then streamed.

    pip install openai
    python examples/chat.py [model]
"""

import os
import sys

import openai

model = sys.argv[1] if len(sys.argv) > 1 else "simulator/chat"
messages = [{"role": "user", "content": "What is a gateway?"}]

client = openai.OpenAI(
    base_url=os.environ.get("INFERENCE_GATEWAY_URL", "http://localhost:8080/v1"),
    # The package insists on a key. While the gateway asks for none, any word will do.
    api_key=os.environ.get("INFERENCE_GATEWAY_API_KEY", "unused"),
)


def list_models():
    for listed in client.models.list():
        print(f"{listed.id}  ({listed.owned_by})")


def chat():
    answer = client.chat.completions.create(model=model, messages=messages, max_tokens=60)
    print(answer.choices[0].message.content)
    print(answer.usage)


def stream():
    chunks = client.chat.completions.create(
        model=model, messages=messages, max_tokens=60, stream=True, stream_options={"include_usage": True}
    )
    for chunk in chunks:
        # The chunk that carries the usage has no choices.
        if chunk.choices:
            print(chunk.choices[0].delta.content or "", end="", flush=True)
        if chunk.usage:
            print(f"  ({chunk.usage.completion_tokens} tokens)", end="")
    print()


try:
    list_models()
    chat()
    stream()
except openai.APIError as error:
    sys.exit(f"{type(error).__name__}: {error.message}")
