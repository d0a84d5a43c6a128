import type { ClientOptions, KafkaClient } from './client.ts'
export async function createKafkajsClient(_options: ClientOptions): Promise<KafkaClient> {
  throw new Error('later')
}
