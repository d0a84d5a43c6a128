variable "pulsar" {
  description = "A Pulsar cluster, or null. Heap sizes are Java's: 512M, 4G."
  type = object({
    version  = optional(string, "4.0.8")
    image_id = optional(string)
    zookeeper = optional(object({
      count            = optional(number, 3)
      instance_type    = optional(string, "t3.micro")
      root_volume_size = optional(number, 10)
      heap_size        = optional(string, "512M")
      settings         = optional(map(string), {})
    }), {})
    bookkeeper = optional(object({
      count            = optional(number, 3)
      instance_type    = optional(string, "t3.small")
      root_volume_size = optional(number, 10)
      data_volume = optional(object({
        size       = number
        type       = optional(string, "gp3")
        iops       = optional(number)
        throughput = optional(number)
      }), { size = 20 })
      heap_size          = optional(string, "768M")
      direct_memory_size = optional(string, "512M")
      settings           = optional(map(string), {})
    }), {})
    broker = optional(object({
      count                        = optional(number, 2)
      instance_type                = optional(string, "t3.small")
      root_volume_size             = optional(number, 10)
      heap_size                    = optional(string, "1G")
      direct_memory_size           = optional(string, "512M")
      managed_ledger_cache_size_mb = optional(number, 256)
      ensemble_size                = optional(number)
      write_quorum                 = optional(number)
      ack_quorum                   = optional(number)
      settings                     = optional(map(string), {})
    }), {})
  })
  default = null

  validation {
    condition     = var.pulsar == null ? true : contains([1, 3, 5, 7], var.pulsar.zookeeper.count)
    error_message = "pulsar.zookeeper.count: expected 1, 3, 5 or 7 (a quorum needs an odd number), got ${try(var.pulsar.zookeeper.count, 0)}."
  }
  validation {
    condition     = var.pulsar == null ? true : contains(range(1, 41), var.pulsar.bookkeeper.count) && contains(range(1, 31), var.pulsar.broker.count)
    error_message = "pulsar: expected 1 to 40 bookies and 1 to 30 brokers, got ${try(var.pulsar.bookkeeper.count, 0)} and ${try(var.pulsar.broker.count, 0)}."
  }
  validation {
    condition = var.pulsar == null ? true : alltrue([
      for size in [var.pulsar.zookeeper.heap_size, var.pulsar.bookkeeper.heap_size, var.pulsar.bookkeeper.direct_memory_size, var.pulsar.broker.heap_size, var.pulsar.broker.direct_memory_size] :
      can(regex("^[1-9][0-9]*[mMgG]$", size))
    ])
    error_message = "pulsar: expected memory sizes like 512M or 4G in heap_size and direct_memory_size."
  }
  # Each is held against what is taken where the next is not given; modules/pulsar has the same defaults.
  validation {
    condition = var.pulsar == null ? true : alltrue([
      for copies in [var.pulsar.broker.ensemble_size, var.pulsar.broker.write_quorum, var.pulsar.broker.ack_quorum] :
      copies == null ? true : contains(range(1, 41), copies)
    ])
    error_message = "pulsar.broker: expected whole numbers from 1 to 40 in ensemble_size, write_quorum and ack_quorum, got ${try(join(", ", [for copies in [var.pulsar.broker.ensemble_size, var.pulsar.broker.write_quorum, var.pulsar.broker.ack_quorum] : copies if copies != null]), "none")}."
  }
  validation {
    condition     = var.pulsar == null ? true : coalesce(var.pulsar.broker.ensemble_size, 1) <= var.pulsar.bookkeeper.count
    error_message = "pulsar.broker.ensemble_size: expected at most bookkeeper.count (${try(var.pulsar.bookkeeper.count, 0)}), got ${try(coalesce(var.pulsar.broker.ensemble_size), 0)}."
  }
  validation {
    condition     = var.pulsar == null ? true : coalesce(var.pulsar.broker.write_quorum, 1) <= coalesce(var.pulsar.broker.ensemble_size, min(3, var.pulsar.bookkeeper.count))
    error_message = "pulsar.broker.write_quorum: expected at most ensemble_size (${try(coalesce(var.pulsar.broker.ensemble_size, min(3, var.pulsar.bookkeeper.count)), 0)}; by default 3, or all bookies where there are fewer), got ${try(coalesce(var.pulsar.broker.write_quorum), 0)}."
  }
  validation {
    condition     = var.pulsar == null ? true : coalesce(var.pulsar.broker.ack_quorum, 1) <= coalesce(var.pulsar.broker.write_quorum, min(3, coalesce(var.pulsar.broker.ensemble_size, min(3, var.pulsar.bookkeeper.count))))
    error_message = "pulsar.broker.ack_quorum: expected at most write_quorum (${try(coalesce(var.pulsar.broker.write_quorum, min(3, coalesce(var.pulsar.broker.ensemble_size, min(3, var.pulsar.bookkeeper.count)))), 0)}; by default 3, or ensemble_size where it is less), got ${try(coalesce(var.pulsar.broker.ack_quorum), 0)}."
  }
}

module "pulsar" {
  source = "../modules/pulsar"
  count  = var.pulsar == null ? 0 : 1

  lab        = local.lab
  first_host = local.hosts.pulsar
  cluster    = var.pulsar
}
