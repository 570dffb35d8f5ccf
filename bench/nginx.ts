import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ChildServer, freePort, startServer } from './child-server.ts'
import { SERVER_CORE } from './cores.ts'

/**
 * The baselines: a reverse proxy to the same provider with an access log, passing answers on as they arrive. `plain` is
 * `proxy_pass` as nginx has it by default: a new connection to the provider for every request. `kept` is tuned to keep
 * those connections, without limit.
 */
export type Tuning = 'plain' | 'kept'

export async function startNginx(upstreamPort: number, parent: string, tuning: Tuning): Promise<ChildServer> {
  if (!Bun.which('nginx')) throw new Error('nginx is the baseline and is missing: apt-get install nginx-light')
  const port = freePort()
  const name = `nginx-${tuning}`
  const folder = join(parent, name)
  const file = join(folder, 'nginx.conf')
  mkdirSync(folder)
  writeFileSync(file, config(port, folder, tuning === 'plain' ? plain(upstreamPort) : kept(upstreamPort)))
  const command = ['nginx', '-e', join(folder, 'error.log'), '-c', file]
  return startServer({ name, command, port, core: SERVER_CORE, readyPath: '/v1/models', folder: parent })
}

/** What goes before the server, and what says where to pass on to. */
interface Provider {
  readonly upstream: string
  readonly pass: string
}

const plain = (port: number): Provider => ({ upstream: '', pass: `proxy_pass http://127.0.0.1:${port};` })

const kept = (port: number): Provider => ({
  upstream: `
  upstream provider {
    server 127.0.0.1:${port};
    keepalive 256;
    keepalive_requests 100000000;
  }`,
  pass: `
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header connection "";`,
})

function config(port: number, folder: string, { upstream, pass }: Provider): string {
  // As root nginx would give its worker to another user, who may not write here.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `
${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 4096; }
http {
  access_log ${folder}/access.log;
  client_body_temp_path ${folder}/client_body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 100000000;${upstream}
  server {
    listen 127.0.0.1:${port};
    location / {
      ${pass}
      proxy_set_header authorization "Bearer bench-key";
      proxy_buffering off;
    }
  }
}
`
}
