import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { until } from '../../support/wire.ts'
import type { Origin } from './origins.ts'

const program = Bun.which('nginx')

/** Starts nginx in front of an address. `null`: it is not on this machine. */
export const startNginx = program === null ? null : (upstream: string) => start(program, upstream)

async function start(path: string, upstream: string): Promise<Origin> {
  const folder = mkdtempSync(`${tmpdir()}/nginx-`)
  writeFileSync(`${folder}/nginx.conf`, config(folder, upstream))
  const command = ['-e', `${folder}/error.log`, '-c', `${folder}/nginx.conf`]
  const child = spawn(path, command, { stdio: ['ignore', 'ignore', 'inherit'] })
  const exited = new Promise((resolve) => child.on('exit', resolve))
  // Written once it listens.
  await until(() => existsSync(`${folder}/pid`))
  const door = await openDoor(`${folder}/socket`)
  return {
    url: door.url,
    async close() {
      door.close()
      child.kill()
      await exited
      rmSync(folder, { recursive: true })
    },
  }
}

/** A port that leads to a socket in a folder: nginx cannot be told to take any port that is free. */
async function openDoor(path: string): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((client) => {
    const inner = connect(path)
    const cut = (): void => void [client, inner].map((socket) => socket.destroy())
    for (const [from, to] of [[client, inner] as const, [inner, client] as const])
      from.on('error', cut).on('close', cut).pipe(to)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // of a socket that listens on one
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() }
}

const config = (folder: string, upstream: string): string => `
# As root it would give its worker to another user, who may not write here.
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/client_body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen unix:${folder}/socket;
    location / {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
    }
  }
}
`
