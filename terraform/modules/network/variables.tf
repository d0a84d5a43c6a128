variable "name" {
  description = "Name of the network, e.g. bench-exp-20261121-101500."
  type        = string
}

variable "vpc_cidr" {
  description = "IPv4 range of the VPC, a /16; each zone gets a /24 of it."
  type        = string

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && endswith(var.vpc_cidr, "/16")
    error_message = "vpc_cidr: expected an IPv4 range with a prefix of 16, e.g. 10.0.0.0/16, got ${var.vpc_cidr}."
  }
}

variable "availability_zones" {
  description = "Zones to spread instances over; empty: the region's first."
  type        = list(string)
  default     = []

  validation {
    condition     = length(distinct(var.availability_zones)) == length(var.availability_zones)
    error_message = "availability_zones: expected each zone once, got ${join(", ", var.availability_zones)}."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
