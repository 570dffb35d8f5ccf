/** A model server that may run on this machine, and how to tell that it is one. */
interface LocalServer {
  readonly provider: string
  readonly port: number
  readonly probe: string
  readonly isIt: (body: unknown) => boolean
}

const LOCAL_SERVERS: readonly LocalServer[] = [
  { provider: 'ollama', port: 11434, probe: '/api/version', isIt: (body) => hasMember(body, 'version') },
  // Its default port is ours too: what answers there must call itself llama.cpp.
  {
    provider: 'llamacpp',
    port: 8080,
    probe: '/v1/models',
    isIt: (body) =>
      JSON.stringify(body).includes('"owned_by":"llamacpp"') && !JSON.stringify(body).includes('"served_by"'),
  },
]

const hasMember = (body: unknown, name: string): boolean => typeof body === 'object' && body !== null && name in body

/** Loopback answers at once or not at all; the start does not wait for more. */
const PATIENCE_MS = 150

/** Looks for model servers on loopback. Answers base URLs by provider id; never throws. */
export async function findLocalServers(
  wanted: (provider: string) => boolean,
): Promise<Readonly<Record<string, string>>> {
  const found = await Promise.all(LOCAL_SERVERS.filter(({ provider }) => wanted(provider)).map(look))
  return Object.fromEntries(found.flat())
}

async function look({ provider, port, probe, isIt }: LocalServer): Promise<(readonly [string, string])[]> {
  const origin = `http://127.0.0.1:${port}`
  try {
    const answer = await fetch(origin + probe, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'manual' })
    return answer.ok && isIt(await answer.json()) ? [[provider, `${origin}/v1`]] : []
  } catch {
    return []
  }
}
