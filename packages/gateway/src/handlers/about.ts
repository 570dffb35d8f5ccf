import type { Handler } from '../kernel/exchange.ts'

export interface AboutParts {
  readonly name: string
  readonly version: string
  /** What this server speaks itself, whatever stands in front of it. */
  readonly scheme: 'http' | 'https'
  /** Ids of those that are set up. */
  readonly providers: readonly string[]
  /** Method and path of every route. */
  readonly routes: readonly string[]
}

/** GET /: tells a person, or a program, what answers here. */
export function about({ name, version, scheme, providers, routes }: AboutParts): Handler {
  return ({ headers }) => {
    if (!headers.get('accept')?.includes('text/html'))
      return Response.json({ name, version, contract: '/openapi.json', providers, routes })
    const url = `${scheme}://${headers.get('host') ?? ''}` // the host it was asked at is one that leads here
    return new Response(page({ name, version, url, routes }), {
      headers: { 'content-type': 'text/html; charset=utf-8' },
    })
  }
}

const page = ({
  name,
  version,
  url,
  routes,
}: Pick<AboutParts, 'name' | 'version' | 'routes'> & { url: string }) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(name)}</title>
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{padding:1rem;border:1px solid #8884;border-radius:.5rem;overflow:auto}</style>
<h1>Inference Gateway</h1>
<p><strong>${escape(name)}</strong>, version ${escape(version)}, is running. It speaks OpenAI's API for every provider it has a key for:
point a client's base URL at <code>${escape(url)}/v1</code>.</p>
<pre>curl -s ${escape(url)}/v1/models</pre>
<p>The contract: <a href="/openapi.json">/openapi.json</a>. The routes:</p>
<pre>${escape(routes.join('\n'))}</pre>
</html>
`

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** GET /openapi.json: the contract this server keeps. */
export const contract =
  (read: () => Promise<unknown>): Handler =>
  async () =>
    Response.json(await read())
