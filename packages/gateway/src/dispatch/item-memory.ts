import { isObject, type JsonObject, objectsIn, parseObject, textOf } from '../providers/dialects/json.ts'

/**
 * Items of translated responses. Nobody stores these, yet some clients refer to an item by its id instead of sending it
 * again: the AI SDK does so in every loop of tools. Kept in memory, each for the caller it was told to.
 */
export interface ItemMemory {
  note(caller: string, output: unknown): void
  /** The request with the items it refers to in their places; a reference to what is not known stays. */
  recall(caller: string, request: JsonObject): JsonObject
}

const LIMIT_CHARACTERS = 16 * 1024 * 1024

/** Forgets the oldest once all together are over the limit. */
export function createItemMemory(limit = LIMIT_CHARACTERS): ItemMemory {
  const items = new Map<string, string>()
  let size = 0

  function forget(key: string): void {
    size -= items.get(key)?.length ?? 0
    items.delete(key)
  }

  return {
    note(caller, output) {
      for (const item of objectsIn(output)) {
        const key = keyOf(caller, item['id'])
        const text = JSON.stringify(item)
        forget(key)
        items.set(key, text)
        size += text.length
      }
      for (const key of items.keys()) {
        if (size <= limit) break
        forget(key)
      }
    },
    recall(caller, request) {
      const { input } = request
      if (!Array.isArray(input) || !input.some(isReference)) return request
      const known = (item: unknown): unknown =>
        isReference(item) ? (parseObject(items.get(keyOf(caller, item['id'])) ?? '') ?? item) : item
      const recalled: readonly unknown[] = input.map(known)
      return recalled.every((item, index) => item === input[index]) ? request : { ...request, input: recalled }
    },
  }
}

const keyOf = (caller: string, id: unknown): string => `${caller}\n${textOf(id)}`

const isReference = (item: unknown): item is JsonObject => isObject(item) && item['type'] === 'item_reference'
