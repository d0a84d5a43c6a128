variable "gateway" {
  description = "bench's own OTLP gateway as a system under test, or null; settings are its variables (gateway/README.md)."
  type = object({
    image_id         = optional(string)
    count            = optional(number, 1)
    instance_type    = optional(string, "t3.small")
    root_volume_size = optional(number, 10)
    settings         = optional(map(string), {})
  })
  default = null

  validation {
    condition     = var.gateway == null ? true : contains(range(1, 21), var.gateway.count)
    error_message = "gateway.count: expected 1 to 20, got ${try(var.gateway.count, 0)}."
  }
  validation {
    condition     = var.gateway == null ? true : !contains(keys(var.gateway.settings), "OTLP_UPSTREAM_HEADERS")
    error_message = "gateway.settings: expected no OTLP_UPSTREAM_HEADERS: they hold secrets, and settings stand in user data."
  }
}

module "gateway" {
  source = "../modules/gateway"
  count  = var.gateway == null ? 0 : 1

  lab          = local.lab
  first_host   = local.hosts.gateway
  sink_address = module.client_addresses.private_ips[0]
  gateway      = var.gateway
}
