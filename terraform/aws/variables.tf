# What every experiment has. Each system's own variable stands in its file.

variable "experiment_id" {
  description = "Id of the experiment: tag ExperimentID, and part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,39}$", var.experiment_id))
    error_message = "experiment_id: expected 1 to 40 of a-z, 0-9 and -, e.g. exp-20261121-101500, got ${var.experiment_id}."
  }
}

variable "experiment_name" {
  description = "Name for people: tag Experiment."
  type        = string
  default     = "benchmark"

  validation {
    condition     = can(regex("^[\\w .:/=+@-]{1,256}$", var.experiment_name))
    error_message = "experiment_name: expected 1 to 256 letters, digits, spaces and . : / = + @ - (AWS allows no others in tags), got ${var.experiment_name}."
  }
}

variable "project" {
  description = "Tag Project; images are looked for under it too."
  type        = string
  default     = "pulsar-aws-lab"
}

variable "expires_at" {
  description = "Instant (RFC 3339, UTC) after which anybody may end the experiment: tag TTL."
  type        = string

  validation {
    condition     = can(formatdate("YYYY", var.expires_at)) && endswith(var.expires_at, "Z")
    error_message = "expires_at: expected an instant like 2026-11-21T18:00:00Z, got ${var.expires_at}."
  }
}

variable "tags" {
  description = "Your own tags, on everything."
  type        = map(string)
  default     = {}

  validation {
    condition = length(setintersection(
      [for key in keys(var.tags) : lower(key)],
      ["project", "role", "experimentid", "experiment", "managedby", "ttl", "name"],
    )) == 0
    error_message = "tags: expected names of your own, got one of Project, Role, ExperimentID, Experiment, ManagedBy, TTL, Name, which are set for you: ${join(", ", keys(var.tags))}."
  }
  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:")]) && length(var.tags) <= 40
    error_message = "tags: expected at most 40 names that do not begin with aws:, got ${length(var.tags)}: ${join(", ", keys(var.tags))}."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "availability_zones" {
  description = "Zones to spread over; empty: the region's first zone. Traffic between zones is slower and is paid for."
  type        = list(string)
  default     = []
}

variable "vpc_cidr" {
  description = "IPv4 range of the experiment's own network, a /16."
  type        = string
  default     = "10.0.0.0/16"
}

variable "architecture" {
  description = "Processors of all instances: x86_64 or arm64 (with instance types that fit)."
  type        = string
  default     = "x86_64"
}

variable "use_spot_instances" {
  description = "Spot instances: cheaper, and AWS may take them back at two minutes' notice, which ends a run."
  type        = bool
  default     = false
}

variable "spot_max_price" {
  description = "Highest price of an instance hour in US dollars, e.g. 0.05; null: up to the on-demand price."
  type        = string
  default     = null

  validation {
    condition     = var.spot_max_price == null ? true : can(regex("^[0-9]+(\\.[0-9]+)?$", var.spot_max_price)) && try(tonumber(var.spot_max_price) > 0, false)
    error_message = "spot_max_price: expected a price above 0 like 0.05, got ${coalesce(var.spot_max_price, "null")}."
  }
}

variable "ssh" {
  description = "SSH for debugging, off by default: an EC2 key pair and the addresses that may connect."
  type = object({
    key_name    = optional(string)
    cidr_blocks = optional(list(string), [])
  })
  default = {}

  validation {
    condition     = (var.ssh.key_name == null) == (length(var.ssh.cidr_blocks) == 0)
    error_message = "ssh: expected both key_name and cidr_blocks, or neither: one alone opens nothing."
  }
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the instances' roles, where your account demands one."
  type        = string
  default     = null
}

variable "bench_archive" {
  description = "Path of a .tar.gz of bench (git archive) that load generators and gateways run; null: their image holds it."
  type        = string
  default     = null
}

variable "client" {
  description = "Load generators."
  type = object({
    image_id         = optional(string)
    count            = optional(number, 1)
    instance_type    = optional(string, "t3.small")
    root_volume_size = optional(number, 20)
  })
  default = {}

  validation {
    condition     = var.client.count >= 1 && var.client.count <= 50 && floor(var.client.count) == var.client.count
    error_message = "client.count: expected a whole number from 1 to 50, got ${var.client.count}."
  }
}
