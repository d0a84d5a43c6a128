variable "name" {
  description = "Name of the experiment's resources; the role is added."
  type        = string

  validation {
    condition     = length(var.name) <= 48
    error_message = "name: expected at most 48 characters (IAM allows 64 with the role), got ${length(var.name)}."
  }
}

variable "role" {
  description = "What the instances do, e.g. broker; the folder in the bucket that they may write."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}$", var.role))
    error_message = "role: expected 2 to 15 of a-z, 0-9 and -, got ${var.role}."
  }
}

variable "bucket_arn" {
  description = "Bucket of the results."
  type        = string
}

variable "parameter_arns" {
  description = "Parameters that hold the role's secrets."
  type        = list(string)
  default     = []
}

variable "readable_object_arns" {
  description = "Objects of the bucket that instances read."
  type        = list(string)
  default     = []
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the role, where the account demands one."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
