variable "first_host" {
  description = "Number of the cluster's first address in each subnet; it takes 90."
  type        = number
}

variable "cluster" {
  description = "The cluster; see variable pulsar in terraform/aws."
  type = object({
    version  = string
    image_id = string
    zookeeper = object({
      count            = number
      instance_type    = string
      root_volume_size = number
      heap_size        = string
      settings         = map(string)
    })
    bookkeeper = object({
      count              = number
      instance_type      = string
      root_volume_size   = number
      data_volume        = object({ size = number, type = optional(string, "gp3"), iops = optional(number), throughput = optional(number) })
      heap_size          = string
      direct_memory_size = string
      settings           = map(string)
    })
    broker = object({
      count                        = number
      instance_type                = string
      root_volume_size             = number
      heap_size                    = string
      direct_memory_size           = string
      managed_ledger_cache_size_mb = number
      ensemble_size                = number
      write_quorum                 = number
      ack_quorum                   = number
      settings                     = map(string)
    })
  })
}
