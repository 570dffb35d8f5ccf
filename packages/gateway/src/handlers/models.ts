import type { ModelList } from '@inference-gateway/protocol/models'
import { withoutBasePath } from '../kernel/base-path.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Exchange, Handler } from '../kernel/exchange.ts'
import { closest } from '../routing/closest.ts'
import type { ModelListing, ShownModel } from '../routing/model-listing.ts'
import { unreadLists } from '../routing/unknown-model.ts'
import { modelObject } from './model-object.ts'

export interface ModelsParts {
  readonly listing: ModelListing
  /** The id of a provider that can be asked. Throws provider_not_found, provider_not_configured. */
  readonly requireProvider: (provider: string) => string
}

/** GET /v1/models[?provider=][&limit=][&after_id=]: what can be asked for, from memory. */
export function listModels({ listing, requireProvider }: ModelsParts): Handler {
  return async (exchange) => {
    const asked = exchange.query('provider')
    if (asked === null || asked === '') return Response.json(pageOf(await listing.all(), exchange))
    const provider = requireProvider(asked)
    return Response.json({ provider, ...pageOf(await listing.of(provider), exchange) } satisfies ModelList)
  }
}

/** Pages as Anthropic's clients turn them; without a limit the whole list is one. */
function pageOf(models: readonly ShownModel[], exchange: Exchange): ModelList {
  const after = exchange.query('after_id')
  const last = after === null ? -1 : models.findIndex(({ id }) => id === after)
  if (after !== null && last === -1) throw invalidQuery('after_id', 'is not the id of a listed model')
  const rest = models.slice(last + 1)
  const shown = rest.slice(0, readLimit(exchange.query('limit')))
  const data = shown.map(modelObject)
  return {
    object: 'list',
    data,
    has_more: shown.length < rest.length,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  }
}

function readLimit(text: string | null): number {
  if (text === null) return Infinity
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw invalidQuery('limit', 'has to be a whole number above 0')
}

const invalidQuery = (param: string, expected: string) =>
  new GatewayError('invalid_request', `\`${param}\` ${expected}.`, { param })

/** GET /v1/models/{id}: one model. Ids hold slashes and colons, and may come percent-encoded. */
export function getModel({ listing }: Pick<ModelsParts, 'listing'>): Handler {
  return async ({ path }) => {
    const id = decode(withoutBasePath(path).slice('/models/'.length))
    const found = await listing.find(id)
    const [model, ...others] = found
    if (model === undefined) throw notFound(id, await listing.all(), listing.unread())
    if (others.length > 0) throw ambiguous(id, found)
    return Response.json(modelObject(model))
  }
}

function decode(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch (error) {
    throw new GatewayError('invalid_target', 'The model id is not properly percent-encoded.', { cause: error })
  }
}

function notFound(id: string, models: readonly ShownModel[], unread: readonly string[]): GatewayError {
  const suggestions = closest(
    id,
    models.map((model) => model.id),
  )
  const hint = suggestions.length === 0 ? 'GET /v1/models lists them.' : `Did you mean ${suggestions.join(', ')}?`
  const about = `No configured provider lists a model \`${id.slice(0, 200)}\`.`
  return new GatewayError('model_not_found', `${about} ${hint}${unreadLists(unread)}`, {
    param: 'model',
    extra: { suggestions },
  })
}

const ambiguous = (id: string, models: readonly ShownModel[]) =>
  new GatewayError(
    'ambiguous_model',
    `Several providers serve this model. Name one: ${models.map((model) => `${model.served_by}/${id}`).join(', ')}.`,
    { param: 'model' },
  )
