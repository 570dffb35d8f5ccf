//! The crate inference-gateway-sdk: `compat GATEWAY PROVIDER`. It names providers from a list of its own, so the scripted
//! provider stands in groq's place; what it told is printed as lines of JSON.

use futures_util::{pin_mut, StreamExt};
use inference_gateway_sdk::{
    FunctionObject, GatewayError, InferenceGatewayAPI, InferenceGatewayClient, Message, MessageRole, Provider, Tool,
    ToolType,
};
use serde_json::{json, Value};

type Outcome = Result<(), String>;

const GREETING: &str = "the gateway's simulator";

fn client(gateway: &str) -> InferenceGatewayClient {
    InferenceGatewayClient::new(&format!("{gateway}/v1"))
}

fn hello() -> Vec<Message> {
    vec![Message { role: MessageRole::User, content: "Hello!".to_string(), ..Default::default() }]
}

fn tool(name: &str) -> Tool {
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let function = FunctionObject { name: name.to_string(), description: name.to_string(), parameters };
    Tool { r#type: ToolType::Function, function }
}

fn expect(condition: bool, problem: impl Into<String>) -> Outcome {
    if condition { Ok(()) } else { Err(problem.into()) }
}

fn told(error: GatewayError) -> String {
    error.to_string()
}

async fn models(gateway: &str) -> Outcome {
    let all = client(gateway).list_models().await.map_err(told)?;
    expect(all.data.iter().any(|model| model.id == "simulator/chat"), "no simulator/chat")?;
    let groq = client(gateway).list_models_by_provider(Provider::Groq).await.map_err(told)?;
    expect(groq.data.iter().any(|model| model.id == "plain"), "no plain")?;
    expect(client(gateway).health_check().await.map_err(told)?, "not healthy")
}

async fn chat(gateway: &str) -> Outcome {
    let answer = client(gateway).generate_content(Provider::Groq, "plain", hello()).await.map_err(told)?;
    expect(answer.choices[0].message.content.contains(GREETING), "another answer")
}

async fn stream(gateway: &str) -> Outcome {
    let client = client(gateway);
    let events = client.generate_content_stream(Provider::Groq, "plain", hello());
    pin_mut!(events);
    let mut text = String::new();
    while let Some(event) = events.next().await {
        let data = event.map_err(told)?.data;
        if data == "[DONE]" {
            break;
        }
        let chunk: Value = serde_json::from_str(&data).map_err(|error| error.to_string())?;
        text += chunk["choices"][0]["delta"]["content"].as_str().unwrap_or("");
    }
    expect(text.contains(GREETING), text)
}

async fn tools(gateway: &str, names: &[&str]) -> Outcome {
    let client = client(gateway).with_tools(Some(names.iter().map(|name| tool(name)).collect()));
    let answer = client.generate_content(Provider::Groq, "plain", hello()).await.map_err(told)?;
    let calls = answer.choices[0].message.tool_calls.clone().unwrap_or_default();
    let called: Vec<&str> = calls.iter().map(|call| call.function.name.as_str()).collect();
    expect(called == names, format!("calls of {called:?}"))?;
    expect(calls[0].function.arguments.contains("city"), "no city")
}

async fn failure(gateway: &str, model: &str, words: &str) -> Outcome {
    match client(gateway).generate_content(Provider::Groq, model, hello()).await {
        Ok(_) => Err("no error was returned".to_string()),
        Err(error) => expect(error.to_string().contains(words), error.to_string()),
    }
}

async fn abort(gateway: &str) -> Outcome {
    let client = client(gateway);
    let events = client.generate_content_stream(Provider::Groq, "endless", hello());
    pin_mut!(events);
    expect(events.next().await.is_some(), "nothing arrived")
}

fn tell(feature: &str, outcome: Outcome) {
    let (outcome, reason) = match outcome {
        Ok(()) => ("works", String::new()),
        Err(reason) => ("fails", reason),
    };
    println!("{}", json!({"feature": feature, "outcome": outcome, "reason": reason}));
}

fn lack(feature: &str, reason: &str) {
    println!("{}", json!({"feature": feature, "outcome": "not offered", "reason": reason}));
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let gateway = std::env::args().nth(1).expect("the gateway's origin");
    println!("{}", json!({"version": "0.9.1"}));
    tell("models", models(&gateway).await);
    tell("chat", chat(&gateway).await);
    tell("stream", stream(&gateway).await);
    tell("tools", tools(&gateway, &["get_weather"]).await);
    tell("parallel tools", tools(&gateway, &["get_weather", "get_time"]).await);
    lack("structured output", "Its requests have no place for a schema.");
    lack("vision", "Its messages are text.");
    lack("usage", "Its answers have no place for it.");
    tell("error 400", failure(&gateway, "error-400", "no such speed").await);
    tell("error 401", failure(&gateway, "error-401", "he API key is not valid").await);
    tell("error 404", failure(&gateway, "error-404", "no model").await);
    tell("error 429", failure(&gateway, "error-429", "oo many requests").await);
    tell("error 500", failure(&gateway, "error-500", "server failed").await);
    tell("abort", abort(&gateway).await);
    lack("timeout", "It has none; the future that waits is dropped.");
    lack("embeddings", "It has no call for them.");
    lack("completions", "It has no call for them.");
}
