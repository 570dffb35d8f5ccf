import type { OpenAiErrorBody } from '@inference-gateway/protocol/error'

interface RefusalDetails {
  readonly status: number
  readonly message: string
  readonly type: string
  readonly code: string | null
  readonly param?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer that is an error. Thrown where it is found out; becomes OpenAI's error body. */
export class Refusal extends Error {
  readonly details: RefusalDetails

  constructor(details: RefusalDetails) {
    super(details.message)
    this.name = 'Refusal'
    this.details = details
  }

  get body(): OpenAiErrorBody {
    const { message, type, code, param = null } = this.details
    return { error: { message, type, param, code } }
  }
}

/** The request is not what OpenAI's API asks for; `param` names the field. */
export function badRequest(message: string, param?: string, code: string | null = null): Refusal {
  return new Refusal({
    status: 400,
    message,
    type: 'invalid_request_error',
    code,
    ...(param === undefined ? {} : { param }),
  })
}
