import type { Model, ModelList } from '@inference-gateway/protocol/models'
import { withoutBasePath } from '../kernel/base-path.ts'
import { GatewayError } from '../kernel/errors.ts'
import type { Handler } from '../kernel/exchange.ts'
import { closest } from '../routing/closest.ts'
import type { ModelListing } from '../routing/model-listing.ts'
import { unreadLists } from '../routing/model-name.ts'

export interface ModelsParts {
  readonly listing: ModelListing
  /** The id of a provider that can be asked. Throws provider_not_found, provider_not_configured. */
  readonly requireProvider: (provider: string) => string
}

/** GET /v1/models[?provider=]: what can be asked for, from memory. */
export function listModels({ listing, requireProvider }: ModelsParts): Handler {
  return async (exchange) => {
    const asked = exchange.query('provider')
    if (asked === null || asked === '')
      return Response.json({ object: 'list', data: await listing.all() } satisfies ModelList)
    const provider = requireProvider(asked)
    return Response.json({ provider, object: 'list', data: await listing.of(provider) } satisfies ModelList)
  }
}

/** GET /v1/models/{id}: one model. Ids hold slashes and colons, and may come percent-encoded. */
export function getModel({ listing }: Pick<ModelsParts, 'listing'>): Handler {
  return async ({ path }) => {
    const id = decode(withoutBasePath(path).slice('/models/'.length))
    const found = await listing.find(id)
    const [model, ...others] = found
    if (model === undefined) throw notFound(id, await listing.all(), listing.unread())
    if (others.length > 0) throw ambiguous(id, found)
    return Response.json(model)
  }
}

function decode(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch (error) {
    throw new GatewayError('invalid_target', 'The model id is not properly percent-encoded.', { cause: error })
  }
}

function notFound(id: string, models: readonly Model[], unread: readonly string[]): GatewayError {
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

const ambiguous = (id: string, models: readonly Model[]) =>
  new GatewayError(
    'ambiguous_model',
    `Several providers serve this model. Name one: ${models.map((model) => `${model.served_by}/${id}`).join(', ')}.`,
    { param: 'model' },
  )
