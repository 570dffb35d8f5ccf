import { textAnswer, type Answer } from '../answer.ts'
import { keyWords, talk } from './chat.ts'
import { lastUserText, type ChatRequest } from '../request.ts'

/** Thinks aloud, then answers as `chat` does. */
export function reasonAnswer(request: ChatRequest): Answer {
  const words = keyWords(lastUserText(request))
  const seen =
    words.length === 0 ? 'I find no word to hold on to.' : `The words that stand out are ${words.join(', ')}.`
  const reasoning = `Let me look at what was asked. ${seen} I go through my rules from the top and take the first that fits.`
  return textAnswer(talk(request), reasoning)
}
