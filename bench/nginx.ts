import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ChildServer, freePort, startServer } from './child-server.ts'
import { SERVER_CORE } from './cores.ts'

/**
 * The baseline: a plain reverse proxy to the same provider, as one would deploy it, with an access log. Connections are
 * kept alive without limit on both sides, and an answer is passed on as it arrives.
 */
export async function startNginx(upstreamPort: number, folder: string): Promise<ChildServer> {
  if (!Bun.which('nginx')) throw new Error('nginx is the baseline and is missing: apt-get install nginx-light')
  const port = freePort()
  const file = join(folder, 'nginx.conf')
  mkdirSync(join(folder, 'nginx'))
  writeFileSync(file, config(port, upstreamPort, join(folder, 'nginx')))
  const command = ['nginx', '-e', join(folder, 'nginx', 'error.log'), '-c', file]
  return startServer({ name: 'nginx', command, port, core: SERVER_CORE, readyPath: '/v1/models', folder })
}

function config(port: number, upstreamPort: number, folder: string): string {
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
  keepalive_requests 100000000;
  upstream provider {
    server 127.0.0.1:${upstreamPort};
    keepalive 256;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header connection "";
      proxy_set_header authorization "Bearer bench-key";
      proxy_buffering off;
    }
  }
}
`
}
