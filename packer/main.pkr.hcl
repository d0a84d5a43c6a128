# Images of the lab: `packer build -only 'kafka.*' packer` makes those of one software, for Amazon Linux 2023 and Debian;
# `-only 'kafka.amazon-ebs.amazon_linux'` one of them. What is installed stands in scripts/, which run on any such machine.

packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.3, < 2"
    }
  }
}

variable "region" {
  type        = string
  description = "AWS region that the images are made in and for."
}

variable "project" {
  type        = string
  default     = "pulsar-aws-lab"
  description = "Tag Project, under which Terraform looks for images."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Your own tags, on images, snapshots and what builds them."
}

variable "run_tags" {
  type        = map(string)
  default     = {}
  description = "More tags of what builds an image and ends with it; bench finds by them what a broken build left."
}

variable "architecture" {
  type        = string
  default     = "x86_64"
  description = "Processor of the images: x86_64 or arm64."

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "Variable architecture: expected x86_64 or arm64."
  }
}

variable "instance_type" {
  type        = string
  default     = ""
  description = "Type of the machine that builds; empty: t3.small, or t4g.small for arm64."
}

variable "subnet_id" {
  type        = string
  default     = ""
  description = "Subnet to build in; empty: one of the default VPC."
}

variable "ssm_agent_url" {
  type        = string
  default     = "https://s3.amazonaws.com/ec2-downloads-windows/SSMAgent/latest/debian_amd64/amazon-ssm-agent.deb"
  description = "Debian only: package of the Systems Manager agent (Amazon Linux has it)."
}

variable "ssm_agent_checksum" {
  type        = string
  default     = ""
  description = "Debian only: sha256:HEX of that package. AWS publishes none, so pin the version you have checked."
}

locals {
  stamp          = formatdate("YYYYMMDDhhmmss", timestamp())
  debian_machine = { x86_64 = "amd64", arm64 = "arm64" }
  instance_type  = var.instance_type != "" ? var.instance_type : var.architecture == "arm64" ? "t4g.small" : "t3.small"
  # On everything; each software adds its name and version.
  tags = merge(var.tags, {
    Project   = var.project
    ManagedBy = "packer"
    Role      = "image"
  })
  # What all scripts get.
  environment = [
    "SSM_AGENT_URL=${var.ssm_agent_url}",
    "SSM_AGENT_CHECKSUM=${var.ssm_agent_checksum}",
  ]
  # Scripts are root's; the shell must be bash on both systems.
  execute = "sudo env {{ .Vars }} bash {{ .Path }}"
}

source "amazon-ebs" "amazon_linux" {
  region        = var.region
  instance_type = local.instance_type
  subnet_id     = var.subnet_id
  ssh_username  = "ec2-user"

  source_ami_filter {
    filters = {
      name                = "al2023-ami-2023.*-kernel-6.1-${var.architecture}"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
    owners      = ["amazon"]
    most_recent = true
  }

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_type           = "gp3"
    volume_size           = 10
    encrypted             = true
    delete_on_termination = true
  }

  # Instances of the image answer to IMDSv2 alone, as the one that builds it.
  imds_support = "v2.0"
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  run_tags        = merge(local.tags, var.run_tags, { Name = "bench image build" })
  run_volume_tags = merge(local.tags, var.run_tags)
}

source "amazon-ebs" "debian" {
  region        = var.region
  instance_type = local.instance_type
  subnet_id     = var.subnet_id
  ssh_username  = "admin"

  source_ami_filter {
    filters = {
      name                = "debian-12-${local.debian_machine[var.architecture]}-*"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
    # Debian's own account.
    owners      = ["136693071363"]
    most_recent = true
  }

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_type           = "gp3"
    volume_size           = 10
    encrypted             = true
    delete_on_termination = true
  }

  imds_support = "v2.0"
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  run_tags        = merge(local.tags, var.run_tags, { Name = "bench image build" })
  run_volume_tags = merge(local.tags, var.run_tags)
}
