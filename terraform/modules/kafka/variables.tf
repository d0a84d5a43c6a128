variable "first_host" {
  description = "Number of the cluster's first address in each subnet."
  type        = number
}

variable "cluster" {
  description = "The cluster; see variable kafka in terraform/aws."
  type = object({
    version          = string
    image_id         = string
    count            = number
    instance_type    = string
    root_volume_size = number
    data_volume      = object({ size = number, type = optional(string, "gp3"), iops = optional(number), throughput = optional(number) })
    heap_size        = string
    settings         = map(string)
  })
}
