import type { NativeRequest } from '../chat-dialect.ts'
import { isObject, type JsonObject } from '../json.ts'
import { createLosses, type Losses } from '../losses.ts'
import { conversationFromChat } from './contents-from-chat.ts'
import { familyOf } from './family.ts'
import { CONFIG_MEMBERS, generationConfigOf } from './generation-config.ts'
import { callingOf, toolsFromChat } from './tools-from-chat.ts'

/** Google's own, which pass as they are. */
const OWN = ['safetySettings', 'cachedContent', 'serviceTier', 'labels'] as const

const KNOWN = new Set<string>([
  ...CONFIG_MEMBERS,
  ...OWN,
  'model',
  'messages',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'generationConfig',
  'toolConfig',
  'extra_body',
])

/**
 * A chat request as one to `generateContent`. Members of Google's own pass as they are; `generationConfig` and `toolConfig`
 * are added to what chat's members say, and win over it.
 */
export function requestFromChat(request: JsonObject, model: string): NativeRequest {
  const losses = createLosses()
  for (const [name, value] of Object.entries(request)) if (!KNOWN.has(name) && value !== null) losses.add(name)
  // Google makes several calls at once whenever it likes.
  if (request['parallel_tool_calls'] === false) losses.add('parallel_tool_calls')
  const isThird = familyOf(model).thinking === 'level'
  const { system, contents, isMarked } = conversationFromChat(request['messages'], losses, isThird)
  const { thinking_config: thinkingConfig, ...compat } = compatMembers(request['extra_body'], losses)
  const config = {
    ...generationConfigOf(request, model, losses),
    ...(isObject(thinkingConfig) ? { thinkingConfig } : {}),
    ...objectOf(request['generationConfig']),
  }
  const body = {
    ...(system.length === 0 ? {} : { systemInstruction: { parts: system } }),
    contents,
    ...toolMembers(request, losses),
    ...(Object.keys(config).length === 0 ? {} : { generationConfig: config }),
    ...compat,
    ...Object.fromEntries(OWN.flatMap((name) => ((request[name] ?? null) === null ? [] : [[name, request[name]]]))),
  }
  return { body, dropped: losses.names, added: isMarked ? ['thought_signature'] : [] }
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {})

function toolMembers(request: JsonObject, losses: Losses): JsonObject {
  const tools = toolsFromChat(request['tools'], losses)
  const own = objectOf(request['toolConfig'])
  const { tool_choice: choice = null } = request
  // Without tools there is nothing to choose.
  if (tools.length === 0 && choice !== null && choice !== 'auto' && choice !== 'none') losses.add('tool_choice')
  const calling = tools.length === 0 ? null : callingOf(choice, losses)
  const functionCallingConfig = { ...calling, ...objectOf(own['functionCallingConfig']) }
  const config = { ...own, ...(Object.keys(functionCallingConfig).length === 0 ? {} : { functionCallingConfig }) }
  return {
    ...(tools.length === 0 ? {} : { tools }),
    ...(Object.keys(config).length === 0 ? {} : { toolConfig: config }),
  }
}

/** Where Google's OpenAI-compatible endpoint wants what chat has no word for. */
const COMPAT = new Map([
  ['thinking_config', 'thinking_config'],
  ['cached_content', 'cachedContent'],
  ['safety_settings', 'safetySettings'],
])

function compatMembers(extra: unknown, losses: Losses): JsonObject {
  const { google, ...others } = objectOf(extra)
  losses.addUnknown(others, new Set(), 'extra_body')
  losses.addUnknown(objectOf(google), new Set(COMPAT.keys()), 'extra_body.google')
  const told = Object.entries(objectOf(google)).flatMap(([name, value]) => {
    const theirs = COMPAT.get(name)
    return theirs === undefined || value === null ? [] : [[theirs, value] as const]
  })
  return Object.fromEntries(told)
}
