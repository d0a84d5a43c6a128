variable "name" {
  description = "Name of the experiment's resources; role and number are added."
  type        = string
}

variable "role" {
  description = "Value of the tag Role."
  type        = string
}

variable "addresses" {
  description = "Subnet and private address of each instance."
  type        = list(object({ subnet_id = string, private_ip = string }))
}

variable "user_data" {
  description = "Boot text of each instance, in the order of the addresses."
  type        = list(string)
}

variable "image_id" {
  description = "Image of the instances."
  type        = string
}

variable "instance_type" {
  description = "Type of the instances."
  type        = string
}

variable "security_group_ids" {
  description = "Security groups of the instances."
  type        = list(string)
}

variable "instance_profile" {
  description = "Name of the instance profile."
  type        = string
}

variable "ssh_key_name" {
  description = "EC2 key pair for SSH, or null."
  type        = string
  default     = null
}

variable "root_volume_size" {
  description = "Size of the root volume (gp3, encrypted), in GiB."
  type        = number
  default     = 20
}

variable "data_volume" {
  description = "Volume for the role's data (encrypted), or null for the root volume: size in GiB, type, IOPS, throughput in MiB/s."
  type = object({
    size       = number
    type       = optional(string, "gp3")
    iops       = optional(number)
    throughput = optional(number)
  })
  default = null

  validation {
    condition     = var.data_volume == null ? true : contains(["gp3", "io1", "io2"], var.data_volume.type)
    error_message = "data_volume.type: expected gp3, io1 or io2, got ${try(var.data_volume.type, "null")}."
  }
  validation {
    condition     = var.data_volume == null ? true : var.data_volume.size >= 1
    error_message = "data_volume.size: expected at least 1 GiB, got ${try(var.data_volume.size, 0)}."
  }
}

variable "spot" {
  description = "Whether the instances are spot instances."
  type        = bool
}

variable "spot_max_price" {
  description = "Highest price an hour in US dollars, or null for the on-demand price."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
}
