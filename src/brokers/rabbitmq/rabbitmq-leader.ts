import type { NativePlan, NodePlan } from './rabbitmq-files.ts'
import { control } from './rabbitmq-node.ts'

/** Node of the queues of a topic's first partition: of a quorum queue its leader, else where the queue lives. */
const NODES_OF = (topic: string) =>
  `[case amqqueue:get_pid(Q) of {_, N} -> N; P when is_pid(P) -> node(P); _ -> none end || ` +
  'Q <- rabbit_amqqueue:list(), {resource, _, queue, Name} <- [amqqueue:get_name(Q)], ' +
  `binary:match(Name, <<"${topic}.">>) =:= {0, ${topic.length + 1}}, binary:last(Name) =:= $0].`

/** Index of the node that leads the first partition of a topic, for its first subscription; null when none does. */
export async function rabbitmqLeader(
  broker: NativePlan,
  topic: string,
  signal: AbortSignal,
): Promise<number | null> {
  const told = await control(broker, broker.nodes[0] as NodePlan, ['eval', NODES_OF(topic)], signal)
  const index = broker.nodes.findIndex(({ erlangName }) => told.includes(erlangName))
  return index < 0 ? null : index
}
