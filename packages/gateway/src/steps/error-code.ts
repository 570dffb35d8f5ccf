import { GatewayError } from '../kernel/errors.ts'
import { ProviderError } from '../kernel/provider-error.ts'

/** What an error is called in logs, metrics and traces. */
export function codeOf(error: unknown): string | null {
  if (error === null) return null
  if (error instanceof ProviderError) return plainCode(String(error.fault.code ?? error.fault.type))
  return error instanceof GatewayError ? error.code : 'internal_error'
}

/** Some providers write a sentence for a code: it may repeat the prompt, which is nobody's to log or count. */
export const plainCode = (code: string): string => (/^[\w.:-]{1,64}$/.test(code) ? code : 'other')
