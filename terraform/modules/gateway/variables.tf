variable "first_host" {
  description = "Number of the first address in each subnet."
  type        = number
}

variable "sink_address" {
  description = "Private address of the load generator whose sink takes what gateways export."
  type        = string
}

variable "gateway" {
  description = "The gateways; see variable gateway in terraform/aws."
  type = object({
    image_id         = string
    count            = number
    instance_type    = string
    root_volume_size = number
    settings         = map(string)
  })
}
