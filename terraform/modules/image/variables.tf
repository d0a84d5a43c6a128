variable "image_id" {
  description = "Image to take whatever its tags say; null: the newest that matches."
  type        = string
  default     = null

  validation {
    condition     = var.image_id == null ? true : startswith(var.image_id, "ami-")
    error_message = "image_id: expected an id like ami-0123456789abcdef0, got ${coalesce(var.image_id, "null")}."
  }
}

variable "project" {
  description = "Value of the image's tag Project."
  type        = string
}

variable "software" {
  description = "Value of the image's tag Software, which Packer sets."
  type        = string
}

variable "software_version" {
  description = "Value of the image's tag SoftwareVersion; `*` stands for anything, e.g. 4.0.*."
  type        = string
}

variable "architecture" {
  description = "Processor of the image: x86_64 or arm64."
  type        = string

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture: expected x86_64 or arm64, got ${var.architecture}."
  }
}
