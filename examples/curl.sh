#!/bin/sh
# Chat through the gateway with curl: the models, one answer whole, one streamed.
#
#   sh examples/curl.sh [model]
set -eu

url=${INFERENCE_GATEWAY_URL:-http://localhost:8080/v1}
model=${1:-simulator/chat}
messages='[{"role": "user", "content": "What is a gateway?"}]'

# Shows the answer also when it is an error, and fails then.
ask() {
  curl --silent --show-error --no-buffer --fail-with-body "$@"
  echo
}

ask "$url/models"
ask "$url/chat/completions" --data "{\"model\": \"$model\", \"messages\": $messages, \"max_tokens\": 60}"
ask "$url/chat/completions" --data "{\"model\": \"$model\", \"messages\": $messages, \"max_tokens\": 60, \"stream\": true}"
