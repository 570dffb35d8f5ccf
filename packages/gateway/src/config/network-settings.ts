import { bytes, duration, host, int, list, oneOf, origins, path, port, proxyUrl } from './readers.ts'
import type { SettingTable } from './setting.ts'

/** How long, how many, how large on the side of the clients. */
export const serverSettings = {
  server: {
    host: {
      env: 'SERVER_HOST',
      read: host,
      fallback: '0.0.0.0',
      inDevelopment: '127.0.0.1',
      about: 'Address to listen on.',
    },
    port: { env: 'SERVER_PORT', read: port, fallback: '8080', about: 'Port to listen on; 0 picks a free one.' },
    readTimeoutMs: {
      env: 'SERVER_READ_TIMEOUT',
      read: duration,
      fallback: '30s',
      about: 'How long a client may send nothing while its request is being read.',
    },
    writeTimeoutMs: {
      env: 'SERVER_WRITE_TIMEOUT',
      read: duration,
      fallback: '30s',
      about: 'How long a client may accept nothing while bytes wait for it. A quiet stream is not cut by it.',
    },
    idleTimeoutMs: {
      env: 'SERVER_IDLE_TIMEOUT',
      read: duration,
      fallback: '120s',
      about: 'How long a connection without a request is kept. Keep it above that of a load balancer in front.',
    },
    tlsCertPath: {
      env: 'SERVER_TLS_CERT_PATH',
      read: path,
      fallback: null,
      about: 'Certificate chain in PEM. With SERVER_TLS_KEY_PATH the gateway speaks HTTPS.',
    },
    tlsKeyPath: { env: 'SERVER_TLS_KEY_PATH', read: path, fallback: null, about: 'Private key in PEM.' },
    allowedOrigins: {
      env: 'CORS_ALLOWED_ORIGINS',
      read: origins,
      fallback: '',
      inDevelopment: 'loopback',
      about:
        'Origins whose web pages may use the gateway, such as `https://app.example.com`; `loopback` means pages served ' +
        'on this machine, `*` all pages. Requests of others are refused; programs send no origin and are not meant. In development, a gateway that ' +
        'listens on loopback answers to names with a dot only where they are in it.',
    },
    maxRequestBodyBytes: {
      env: 'SERVER_MAX_REQUEST_BODY_SIZE',
      read: bytes,
      fallback: '10485760',
      about: 'Largest request body. Raise it for images in long chats.',
    },
    maxInFlight: {
      env: 'SERVER_MAX_IN_FLIGHT',
      read: int,
      // Far more than one process relays well: a flood shall end in quick refusals, not in a process without memory.
      fallback: '10000',
      about:
        'How many requests may run at once; further ones are answered with 503 and `retry-after`. Lower it where ' +
        'memory is scarce; 0 means any number.',
    },
    lameDuckMs: {
      env: 'SERVER_LAME_DUCK',
      read: duration,
      fallback: '5s',
      about:
        'How long requests are still taken after SIGTERM, while `/ready` says 503, so that load balancers notice first.',
    },
    shutdownTimeoutMs: {
      env: 'SERVER_SHUTDOWN_TIMEOUT',
      read: duration,
      fallback: '25s',
      about:
        'How long running answers may go on after SIGTERM; 0 breaks them off. Keep it below the grace period of the ' +
        'orchestrator.',
    },
  },
  streams: {
    keepaliveIntervalMs: {
      env: 'STREAM_KEEPALIVE_INTERVAL',
      read: duration,
      fallback: '15s',
      about: 'Sends a comment into a stream that was quiet for so long, so that no proxy cuts it. 0 switches it off.',
    },
  },
} as const satisfies SettingTable

/** The same on the side of the providers. */
export const clientSettings = {
  client: {
    timeoutMs: {
      env: 'CLIENT_TIMEOUT',
      read: duration,
      fallback: '30s',
      about: 'Limit to connect to a provider and send the request; for model lists and discovery, to have the answer.',
    },
    responseHeaderTimeoutMs: {
      env: 'CLIENT_RESPONSE_HEADER_TIMEOUT',
      read: duration,
      fallback: '600s',
      about: 'Limit from the sent request to the first byte of the answer. Long reasoning is silent.',
    },
    streamIdleTimeoutMs: {
      env: 'CLIENT_STREAM_IDLE_TIMEOUT',
      read: duration,
      fallback: '300s',
      about: 'How long a provider may be silent in the middle of an answer.',
    },
    maxStreamDurationMs: {
      env: 'CLIENT_MAX_STREAM_DURATION',
      read: duration,
      fallback: '0',
      about: 'Ends a stream after this time although it still talks. 0 means never.',
    },
    maxIdleConnections: {
      env: 'CLIENT_MAX_IDLE_CONNS',
      read: int,
      fallback: '20',
      about: 'Idle connections to providers that are kept open.',
    },
    maxIdleConnectionsPerHost: {
      env: 'CLIENT_MAX_IDLE_CONNS_PER_HOST',
      read: int,
      fallback: '20',
      about: 'The same, for each host.',
    },
    idleConnectionTimeoutMs: {
      env: 'CLIENT_IDLE_CONN_TIMEOUT',
      read: duration,
      fallback: '30s',
      about: 'How long an idle connection to a provider is kept open.',
    },
    tlsMinVersion: {
      env: 'CLIENT_TLS_MIN_VERSION',
      read: oneOf('TLS12', 'TLS13'),
      fallback: 'TLS12',
      about: 'Oldest TLS version spoken with providers.',
    },
    tlsCaPath: {
      env: 'CLIENT_TLS_CA_PATH',
      read: path,
      fallback: null,
      about: 'Certificates, in PEM, of authorities that are trusted besides the well-known ones.',
    },
    httpsProxy: {
      env: 'HTTPS_PROXY',
      alias: 'https_proxy',
      read: proxyUrl,
      fallback: null,
      secret: true,
      about:
        'Proxy that leads to providers at `https:` addresses, such as `http://user:password@proxy:3128`. It is asked for ' +
        'a tunnel and sees neither keys nor prompts. Loopback is always reached directly.',
    },
    httpProxy: {
      env: 'HTTP_PROXY',
      alias: 'http_proxy',
      read: proxyUrl,
      fallback: null,
      secret: true,
      about: 'The same for providers at `http:` addresses. What it passes on, it can read.',
    },
    noProxy: {
      env: 'NO_PROXY',
      alias: 'no_proxy',
      read: list,
      fallback: '',
      about:
        'What is reached without a proxy: names (with their subdomains) and addresses, each with or without a port; ranges ' +
        'such as `10.0.0.0/8` or `fd00::/8`; `*` is everything.',
    },
  },
} as const satisfies SettingTable
