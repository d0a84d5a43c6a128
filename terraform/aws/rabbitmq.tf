variable "rabbitmq" {
  description = "A RabbitMQ cluster for quorum queues, or null."
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
    memory_watermark = optional(number, 0.6)
    settings         = optional(map(string), {})
  })
  default = null

  validation {
    condition     = var.rabbitmq == null ? true : contains([1, 3, 5, 7], var.rabbitmq.count)
    error_message = "rabbitmq.count: expected 1, 3, 5 or 7 (quorum queues need an odd number), got ${try(var.rabbitmq.count, 0)}."
  }
  validation {
    condition     = var.rabbitmq == null ? true : var.rabbitmq.memory_watermark > 0 && var.rabbitmq.memory_watermark < 1
    error_message = "rabbitmq.memory_watermark: expected a share between 0 and 1, got ${try(var.rabbitmq.memory_watermark, 0)}."
  }
}

variable "rabbitmq_secrets" {
  description = "Password of RabbitMQ's user and the Erlang cookie, for the first apply. Give them by TF_VAR_rabbitmq_secrets, never in a file: they go to Systems Manager and into no state."
  type        = object({ password = string, erlang_cookie = string })
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.rabbitmq_secrets == null ? true : can(regex("^[A-Za-z0-9_-]{16,200}$", var.rabbitmq_secrets.password)) && can(regex("^[A-Za-z0-9]{20,200}$", var.rabbitmq_secrets.erlang_cookie))
    error_message = "rabbitmq_secrets: expected a password of 16 to 200 letters, digits, _ and -, and a cookie of 20 to 200 letters and digits."
  }
}

module "rabbitmq" {
  source = "../modules/rabbitmq"
  count  = var.rabbitmq == null ? 0 : 1

  lab        = local.lab
  first_host = local.hosts.rabbitmq
  cluster    = var.rabbitmq
  secrets    = var.rabbitmq_secrets
}
