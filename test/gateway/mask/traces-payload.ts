/** Bytes of a field whose content has a length. */
export function field(number: number, ...content: readonly (readonly number[])[]): number[] {
  const flat = content.flat()
  return [...varint(number * 8 + 2), ...varint(flat.length), ...flat]
}

export function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return bytes
}

export function text(number: number, value: string): number[] {
  return field(number, [...Buffer.from(value)])
}

/** A KeyValue's content: key, and an AnyValue with `value` as its content. */
export function keyValue(key: string, value: readonly number[]): number[] {
  return [...text(1, key), ...field(2, value)]
}

/** AnyValue's content: a string. */
export function stringValue(value: string): number[] {
  return text(1, value)
}

/** AnyValue's content: a small integer. */
export function intValue(value: number): number[] {
  return [0x18, ...varint(value)]
}

function span(index: number, tenant: string): number[] {
  const id = [1, 2, 3, 4, 5, 6, 7, index]
  return [
    ...field(1, new Array(16).fill(7)),
    ...field(2, id),
    ...field(4, id),
    ...text(5, `GET /api/v1/orders/${index}`),
    ...[0x30, 2],
    ...[0x39, ...id],
    ...[0x41, ...id],
    ...field(9, keyValue('tenant_id', stringValue(tenant))),
    ...field(9, keyValue('http.request.method', stringValue('GET'))),
    ...field(9, keyValue('http.response.status_code', intValue(200))),
    ...field(9, keyValue('url.path', stringValue(`/api/v1/orders/${index}`))),
    ...field(9, keyValue('user.email', stringValue('someone@example.org'))),
    ...field(9, keyValue('net.peer.name', stringValue('db-1.internal.example'))),
    ...field(9, keyValue('db.system', stringValue('postgresql'))),
    ...field(9, keyValue('thread.id', intValue(17))),
    ...field(15),
  ]
}

/** An ExportTraceServiceRequest as SDKs send it: `spans` spans with 8 attributes, about 330 bytes each. */
export function tracesPayload(spans: number, tenant: string): Uint8Array<ArrayBuffer> {
  const all = Array.from({ length: spans }, (_, index) => field(2, span(index % 256, tenant)))
  const resource = field(1, field(1, keyValue('service.name', stringValue('checkout'))))
  return Uint8Array.from(field(1, resource, field(2, field(1, text(1, 'http')), ...all)))
}
