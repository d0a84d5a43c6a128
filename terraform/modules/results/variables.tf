variable "name" {
  description = "Name of the experiment's resources."
  type        = string
}

variable "bench_archive" {
  description = "Path of a .tar.gz of bench on this machine, or null."
  type        = string
  default     = null

  validation {
    condition     = var.bench_archive == null ? true : fileexists(var.bench_archive)
    error_message = "bench_archive: expected a file, found none at ${coalesce(var.bench_archive, "null")}."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
