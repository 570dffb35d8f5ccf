import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface CertificateOptions {
  /** The IPv4 address it is made out to; `null`: it is an authority. */
  readonly address: string | null
  /** Days from now to its end. */
  readonly days?: number
  /** Who signs it; itself by default. */
  readonly issuer?: Certificate
}

/** One field of DER: tag, length, content. */
function field(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { byteLength: size } = content
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const sequence = (...parts: readonly Uint8Array[]) => field(0x30, ...parts)
const identifier = (hex: string) => field(0x06, Buffer.from(hex, 'hex'))
const bytes = (...parts: readonly Uint8Array[]) => field(0x04, ...parts)
const TRUE = field(0x01, Buffer.from([255]))

const ECDSA_WITH_SHA256 = sequence(identifier('2a8648ce3d040302'))
const COMMON_NAME = identifier('550403')
const BASIC_CONSTRAINTS = identifier('551d13')
const SUBJECT_ALT_NAME = identifier('551d11')

const named = (name: string) => sequence(field(0x31, sequence(COMMON_NAME, field(0x0c, Buffer.from(name)))))

/** `YYMMDDHHMMSSZ`. */
const time = (daysFromNow: number) => {
  const iso = new Date(Date.now() + daysFromNow * 86_400_000).toISOString()
  return field(0x17, Buffer.from(`${iso.slice(2, 19).replaceAll(/\D/g, '')}Z`))
}

/** Lines of 64 characters (RFC 7468): readers refuse longer ones. */
const pem = (der: Buffer) =>
  [
    '-----BEGIN CERTIFICATE-----',
    ...(der.toString('base64').match(/.{1,64}/g) ?? []),
    '-----END CERTIFICATE-----',
    '',
  ].join('\n')

/** Makes a certificate as RFC 5280 has it, with a key of its own. Nothing lies on disk, nothing runs out. */
export function makeCertificate({ address, days = 30, issuer }: CertificateOptions): Certificate {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subject = named(address ?? 'Authority of the tests')
  const body = sequence(
    field(0xa0, field(0x02, Buffer.from([2]))), // version 3
    field(0x02, Buffer.from([1]), randomBytes(8)),
    ECDSA_WITH_SHA256,
    issuer === undefined ? subject : named('Authority of the tests'),
    sequence(time(-60), time(days)),
    subject,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    field(0xa3, sequence(address === null ? authority() : madeOutTo(address))),
  )
  const signer: KeyObject = issuer === undefined ? pair.privateKey : createPrivateKey(issuer.key)
  const signature = field(0x03, Buffer.from([0]), sign('sha256', body, signer))
  return {
    cert: pem(sequence(body, ECDSA_WITH_SHA256, signature)),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }
}

const authority = () => sequence(BASIC_CONSTRAINTS, TRUE, bytes(sequence(TRUE)))

const madeOutTo = (address: string) =>
  sequence(SUBJECT_ALT_NAME, bytes(sequence(field(0x87, Buffer.from(address.split('.').map(Number))))))
