variable "addresses" {
  description = "Subnet and private address of each load generator."
  type        = list(object({ subnet_id = string, private_ip = string }))
}

variable "fleet" {
  description = "The load generators; see variable client in terraform/aws."
  type = object({
    image_id         = string
    instance_type    = string
    root_volume_size = number
  })
}

variable "drivers" {
  description = "What is added to driver files: lines of `DRIVER KEY: VALUE`, from the clusters."
  type        = list(string)
}

variable "secrets" {
  description = "Secrets that drivers take from their environment: variable, parameter name and ARN."
  type        = list(object({ variable = string, name = string, arn = string }))
}
