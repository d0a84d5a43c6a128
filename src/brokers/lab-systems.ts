import { kafkaLab } from './kafka/kafka-lab.ts'
import type { LabSystem } from './lab-system.ts'
import { otlpLab } from './otlp/otlp-lab.ts'
import { pulsarLab } from './pulsar/pulsar-lab.ts'
import { rabbitmqLab } from './rabbitmq/rabbitmq-lab.ts'

/** Systems that cloud experiments can have; the first is there when none is named. */
export const LAB_SYSTEMS: readonly LabSystem[] = [pulsarLab, kafkaLab, rabbitmqLab, otlpLab]

/** Tag Project when nobody gives one: that of terraform/aws and of the images. */
export const DEFAULT_PROJECT = 'pulsar-aws-lab'
