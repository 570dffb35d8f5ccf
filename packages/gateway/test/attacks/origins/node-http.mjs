// An origin on Node's own parser. Every answer is the list of what it has seen since `/probe` was asked for last.
import { createServer } from 'node:http'

let seen = []

const server = createServer(async (request, response) => {
  const entry = { method: request.method, target: request.url, body: null }
  seen.push(entry)
  try {
    const parts = []
    for await (const part of request) parts.push(part)
    entry.body = Buffer.concat(parts).toString('latin1')
  } catch {
    return // it broke off, and its body stays unknown
  }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(seen))
  if (request.url.endsWith('/probe')) seen = []
})
server.on('clientError', (error, socket) => {
  // Whoever leaves has sent nothing wrong.
  if (error.code !== 'ECONNRESET' && error.code !== 'HPE_INVALID_EOF_STATE')
    seen.push({ method: 'REFUSED', target: error.code, body: null })
  socket.destroy()
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
