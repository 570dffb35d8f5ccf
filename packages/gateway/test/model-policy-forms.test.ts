import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { startGateway, type TestGateway } from './support/gateway.ts'
import { json, type ScriptedProvider, startScriptedProvider } from './support/scripted-provider.ts'

let provider: ScriptedProvider
let gateway: TestGateway
beforeAll(async () => {
  provider = await startScriptedProvider(json({ text: 'Hi' }), { models: ['ok', 'bad'] })
  gateway = await startGateway({ providers: { openai: provider.origin }, env: { DISALLOWED_MODELS: 'bad' } })
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const FORM = 'multipart/form-data; boundary=b'
const WAYS = ['/v1/audio/transcriptions?provider=openai', '/proxy/openai/audio/transcriptions']

const statusOf = async (path: string, body: BodyInit, type?: string) => {
  const headers = type === undefined ? {} : { 'content-type': type }
  return (await fetch(gateway.url + path, { method: 'POST', body, headers })).status
}

const part = (head: string, value: string) => `--b\r\ncontent-disposition: form-data; ${head}\r\n\r\n${value}\r\n`
const good = part('name="model"', 'ok')
const end = '--b--\r\n'

describe('a form that readers may read differently is refused where there are rules for models', () => {
  const forms: [what: string, form: string, type?: string][] = [
    ['a folded line', part('\r\n name="model"', 'bad')],
    ['line feeds alone', '--b\ncontent-disposition: form-data; name="model"\n\nbad\n'],
    ['line feeds alone in a head', part('x="y"\ncontent-disposition: form-data; name="model"', 'bad')],
    ['another parameter that ends in name', part('xname="x"; name="model"', 'bad')],
    ['a file name in front', part('filename="x"; name="model"', 'bad')],
    ['a name inside of another value', part('name="model"; filename="; name=x"', 'bad')],
    ['two names', part('name="x"; name="model"', 'bad')],
    ['a name in its extended form', part("name*=UTF-8''mod%65l", 'bad')],
    ['a name in two pieces', part('name*0="mo"; name*1="del"', 'bad')],
    ['a quote that is escaped or not', part(String.raw`filename="\"; name="model"; x="`, 'bad')],
    ['quotes in a file name in front', part(String.raw`filename="a \"b\".mp3"; name="model"`, 'bad')],
    ['a name behind an escaped quote', part(String.raw`name="x"; filename="\"; name*=utf-8''model; x=\""`, 'bad')],
    ['a quote that is escaped in a name', part(String.raw`name="x\"; filename="y"`, 'bad')],
    ['two file names', part(String.raw`name="x"; filename="y"; filename="\""`, 'bad')],
    ['a name that some take for a list', part('name="model[]"', 'bad')],
    ['a name with a blank', part('name=" model"', 'bad')],
    ['a name that is percent-encoded', part('name="mod%65l"', 'bad')],
    ['a name as mail has it', part('name="=?utf-8?q?model?="', 'bad')],
    ['two dispositions', part('name="x"\r\ncontent-disposition: form-data; name="model"', 'bad')],
    ['none', '--b\r\nname: model\r\n\r\nbad\r\n'],
    ['a value in quoted-printable', part('name="model"\r\ncontent-transfer-encoding: quoted-printable', 'b=61d')],
    ['a value in base64', part('name="model"\r\ncontent-transfer-encoding: base64', 'YmFk')],
    ['a value in UTF-7', part('name="model"\r\ncontent-type: text/plain; charset=utf-7', '+AGI-ad')],
    ['an encoding of all values', part('name="_charset_"', 'utf-7')],
    ['a value beyond ASCII', part('name="model"', 'b\u0430d')],
    ['a delimiter within a line', part('name="x"', `x--b\r\n${part('name="model"', 'bad')}`)],
    ['a delimiter that goes on', `--bx${part('name="model"', 'bad').slice('--b'.length)}`],
    ['something behind its end', `${end}${part('name="model"', 'bad')}`],
    ['two boundaries', part('name="model"', 'bad').replace('--b', '--c'), `${FORM}; boundary=c`],
    [
      'two boundaries, turned round',
      part('name="model"', 'bad').replace('--b', '--c'),
      `${FORM.replace('=b', '=c')}; boundary=b`,
    ],
    ['a value in UTF-7 by the form', part('name="x"', 'x'), 'multipart/form-data; charset=utf-7; boundary=b'],
    ['two charsets', part('name="x"', 'x'), `${FORM}; charset=utf-8; charset=us-ascii`],
    [
      'a boundary that may go on',
      part('name="x"', 'bad').replace('--b', '--b; charset=utf-8'),
      `${FORM}; charset=utf-8`,
    ],
    ['an odd boundary', '', 'multipart/form-data; boundary=b"'],
    ['another kind of parts', '', 'multipart/mixed; boundary=b'],
  ]
  test.each(forms)('%s', async (_, form, type = FORM) => {
    for (const path of WAYS)
      for (const whole of [good + form + end, form + good + end]) {
        provider.forget()
        expect([400, 403]).toContain(await statusOf(path, whole, type))
        expect(provider.requests).toEqual([])
      }
  })

  test('and so is what stands in front of one', async () => {
    for (const path of WAYS) expect(await statusOf(path, `x\r\n${good}${end}`, FORM)).toBe(403)
  })
})

describe('a form as clients write it passes', () => {
  const file = (head: string) => part(head, 'RIFF\0\r\n\r\n--\r\n')
  const forms: [who: string, form: string, type?: string][] = [
    ['curl', good + file('name="file"; filename="a b.wav"\r\ncontent-type: audio/wav') + end],
    ['the file first', file('name="file"; filename="\xe9.wav"\r\ncontent-type: audio/wav') + good + end],
    ['.NET', part("name=file; filename=a.wav; filename*=utf-8''a.wav", 'x') + part('name=model', 'ok') + end],
    [
      'Java',
      `${part('name="model"\r\ncontent-type: text/plain; charset=UTF-8\r\ncontent-transfer-encoding: 8bit\r\ncontent-length: 2', 'ok')}${end}`,
      'multipart/form-data; charset=UTF-8; boundary="b"',
    ],
    ['with quotes in a file name', file(String.raw`name="file"; filename="a \"b\".mp3"`) + good + end],
    ['with a charset behind the boundary', good + end, `${FORM}; charset=utf-8`],
    ['without a line end at its end', `${good}--b--`],
  ]
  test.each(forms)('%s', async (_, form, type = FORM) => {
    for (const path of WAYS) expect([path, await statusOf(path, form, type)]).toEqual([path, 200])
  })

  test('a browser', async () => {
    const form = new FormData()
    form.set('file', new File(['x'], 'a "b".wav', { type: 'audio/wav' }))
    form.set('model', 'ok')
    for (const path of WAYS) expect([path, await statusOf(path, form)]).toEqual([path, 200])
    form.set('model', 'bad')
    for (const path of WAYS) expect([path, await statusOf(path, form)]).toEqual([path, 403])
  })
})

test('a model in the query of /proxy is refused, and vouches for no body', async () => {
  const messages = '"messages":[{"role":"user","content":"x"}]'
  expect(await statusOf('/proxy/openai/listen?Model=bad', `{"model":"ok",${messages}}`)).toBe(403)
  expect(await statusOf('/proxy/openai/listen?model=ok', `{${messages}}`)).toBe(403)
  expect(await statusOf('/proxy/openai/listen?model=ok', `{"model":"ok",${messages}}`)).toBe(200)
})
