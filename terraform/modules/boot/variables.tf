variable "role" {
  description = "Name of a script in terraform/user-data, without .sh."
  type        = string
}

variable "settings" {
  description = "What the script gets as BENCH_NAME variables. Never secrets: anybody on the instance can read user data."
  type        = map(string)

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "settings: expected names of A-Z, 0-9 and _, got ${join(", ", keys(var.settings))}."
  }
}

variable "units" {
  description = "systemd units of terraform/user-data/systemd to install, without .service."
  type        = list(string)
}

variable "programs" {
  description = "Programs of terraform/user-data to install below /usr/local/bin."
  type        = list(string)
  default     = []
}
