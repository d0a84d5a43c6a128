import type { Protocol } from './api-call.ts'

/** An error as AWS names it. */
export interface ApiError {
  readonly code: string
  readonly message: string
  /** HTTP status; default 400. */
  readonly status?: number
}

const REQUEST_ID = '00000000-0000-4000-8000-000000000000'
const XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'

/** An error in the form of the protocol. */
export function errorAnswer(protocol: Protocol, error: ApiError): Response {
  const { code, message, status = 400 } = error
  const xml = `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`
  switch (protocol) {
    case 'json':
      return json({ __type: code, message }, status)
    case 'ec2':
      return xmlAnswer(
        `<Response><Errors><Error>${xml}</Error></Errors><RequestID>${REQUEST_ID}</RequestID></Response>`,
        status,
      )
    case 'query':
      return xmlAnswer(
        `<ErrorResponse><Error><Type>Sender</Type>${xml}</Error><RequestId>${REQUEST_ID}</RequestId></ErrorResponse>`,
        status,
      )
    case 'rest':
      return xmlAnswer(`<Error>${xml}<RequestId>${REQUEST_ID}</RequestId></Error>`, status)
  }
}

/** A JSON answer of the protocol AWS JSON 1.1. */
export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': REQUEST_ID },
  })
}

/** An XML answer; `body` without its declaration. */
export function xmlAnswer(body: string, status = 200): Response {
  return new Response(`${XML_HEAD}\n${body}`, { status, headers: { 'content-type': 'text/xml' } })
}

/** The answer of an EC2 call: its elements within `<ActionResponse>`. */
export function ec2Answer(action: string, elements: string): Response {
  return xmlAnswer(
    `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>${REQUEST_ID}</requestId>${elements}</${action}Response>`,
  )
}

/** Text as XML content. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
