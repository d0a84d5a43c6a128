variable "kafka" {
  description = "A Kafka cluster (KRaft), or null. Heap sizes are Java's: 512M, 4G."
  type = object({
    version          = optional(string, "4.3.1")
    image_id         = optional(string)
    count            = optional(number, 3)
    instance_type    = optional(string, "t3.small")
    root_volume_size = optional(number, 10)
    data_volume = optional(object({
      size       = number
      type       = optional(string, "gp3")
      iops       = optional(number)
      throughput = optional(number)
    }), { size = 20 })
    heap_size = optional(string, "1G")
    settings  = optional(map(string), {})
  })
  default = null

  validation {
    condition     = var.kafka == null ? true : contains([1, 3, 5, 7], var.kafka.count)
    error_message = "kafka.count: expected 1, 3, 5 or 7 (every node is a controller, and a quorum needs an odd number), got ${try(var.kafka.count, 0)}."
  }
  validation {
    condition     = var.kafka == null ? true : can(regex("^[1-9][0-9]*[mMgG]$", var.kafka.heap_size))
    error_message = "kafka.heap_size: expected a size like 512M or 4G, got ${try(var.kafka.heap_size, "null")}."
  }
}

module "kafka" {
  source = "../modules/kafka"
  count  = var.kafka == null ? 0 : 1

  lab        = local.lab
  first_host = local.hosts.kafka
  cluster    = var.kafka
}
