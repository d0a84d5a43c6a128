# Private addresses that are known before anything is made, so that the nodes of a cluster can name each other in their
# settings, with no discovery and no right to describe instances. No resources here.

locals {
  addresses = [
    for i in range(var.size) : {
      private_ip = cidrhost(var.subnets[i % length(var.subnets)].cidr, var.first_host + floor(i / length(var.subnets)))
      subnet_id  = var.subnets[i % length(var.subnets)].id
    }
  ]
}

variable "subnets" {
  description = "Subnets to spread over in turn."
  type        = list(object({ id = string, cidr = string, zone = string }))
}

variable "first_host" {
  description = "Number of the first address in each subnet; the range of each role is its own."
  type        = number

  validation {
    # AWS keeps the first four addresses and the last of a subnet.
    condition     = var.first_host >= 4
    error_message = "first_host: expected at least 4, got ${var.first_host}: AWS keeps the addresses before."
  }
}

variable "size" {
  description = "Number of addresses."
  type        = number
}

output "addresses" {
  description = "Subnet and private address of each instance."
  value       = local.addresses
}

output "private_ips" {
  description = "The addresses alone."
  value       = local.addresses[*].private_ip
}
