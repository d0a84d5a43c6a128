variable "first_host" {
  description = "Number of the cluster's first address in each subnet."
  type        = number
}

variable "cluster" {
  description = "The cluster; see variable rabbitmq in terraform/aws."
  type = object({
    version          = string
    image_id         = string
    count            = number
    instance_type    = string
    root_volume_size = number
    data_volume      = object({ size = number, type = optional(string, "gp3"), iops = optional(number), throughput = optional(number) })
    memory_watermark = number
    settings         = map(string)
  })
}

variable "secrets" {
  description = "Password of the user bench, and the cookie by which nodes know each other; see terraform/aws."
  type        = object({ password = string, erlang_cookie = string })
  ephemeral   = true
}
