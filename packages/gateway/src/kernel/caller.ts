/** Who asks. `id` is safe to log: a token's subject or a key's name, never the credential itself. */
export interface Caller {
  readonly kind: 'anonymous' | 'oidc' | 'key'
  readonly id: string
  readonly scopes: ReadonlySet<string>
}

export const anonymous: Caller = { kind: 'anonymous', id: 'anonymous', scopes: new Set() }
