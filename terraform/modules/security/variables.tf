variable "name" {
  description = "Name of the group."
  type        = string
}

variable "description" {
  description = "What the group protects, for people."
  type        = string
}

variable "role" {
  description = "Value of the tag Role."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the group."
  type        = string
}

variable "inside" {
  description = "TCP ports open between members of the group, by a word for each."
  type        = map(object({ from = number, to = optional(number) }))
  default     = {}
}

variable "from" {
  description = "TCP ports open to members of another group, by a word for each."
  type        = map(object({ from = number, to = optional(number), security_group_id = string }))
  default     = {}
}

variable "ssh_cidr_blocks" {
  description = "IPv4 ranges that may open SSH; empty: nobody."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for range in var.ssh_cidr_blocks : can(cidrhost(range, 0))])
    error_message = "ssh_cidr_blocks: expected IPv4 ranges, e.g. 203.0.113.7/32, got ${join(", ", var.ssh_cidr_blocks)}."
  }
  validation {
    condition     = !contains(var.ssh_cidr_blocks, "0.0.0.0/0")
    error_message = "ssh_cidr_blocks: expected your own address (e.g. 203.0.113.7/32), got the whole internet."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
