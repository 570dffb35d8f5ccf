import { expect, test } from 'bun:test'
import { Call } from './call.ts'
import { ConnectionPool } from './pool.ts'

const MIB = 1024 * 1024
const HEAD = `HTTP/1.1 200 OK\r\ncontent-length: ${MIB}\r\n\r\n`

/** Gives whoever connects a MiB, as fast as it is taken. */
function providerOfMuch() {
  return Bun.listen<{ rest: Buffer }>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket) {
        socket.data = { rest: Buffer.from(HEAD + 'x'.repeat(MIB)) }
        pour(socket)
      },
      drain: pour,
    },
  })
}

function pour(socket: Bun.Socket<{ rest: Buffer }>): void {
  socket.data.rest = socket.data.rest.subarray(socket.write(socket.data.rest))
}

test('a reader is given a large answer in pieces of 64 KiB at most, however much has come', async () => {
  using provider = providerOfMuch()
  const pool = new ConnectionPool({ maxIdle: 0, maxIdlePerHost: 0, idleTimeoutMs: 0 })
  const begun = Promise.withResolvers<void>()
  const origin = { host: '127.0.0.1', port: provider.port, tls: null, proxy: null }
  const request = {
    origin,
    method: 'GET',
    head: 'GET / HTTP/1.1\r\n\r\n',
    body: null,
    isChunked: false,
    onNewConnection: true,
  }
  const call = new Call(request, pool, { head: () => begun.resolve(), fault: begun.reject, over() {} })
  await begun.promise

  const sizes: number[] = []
  await new Promise<void>((resolve, reject) => {
    const sink = {
      part(bytes: Uint8Array) {
        sizes.push(bytes.length)
        call.next(sink)
      },
      end: resolve,
      fault: reject,
    }
    call.next(sink)
  })
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(MIB)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 1024)
})
