# Images of load generators and gateways: what bench needs to start from. bench itself comes at boot, so that it is always
# the version that asks for the experiment.

variable "client_version" {
  type        = string
  default     = "1"
  description = "Version of this image; raise it when its script changes."
}

build {
  name = "client"

  source "amazon-ebs.amazon_linux" {
    ami_name        = "bench-client-${var.client_version}-al2023-${var.architecture}-${local.stamp}"
    ami_description = "Load generator ${var.client_version} on Amazon Linux 2023"
    tags            = merge(local.tags, { Software = "client", SoftwareVersion = var.client_version, OS = "al2023" })
    snapshot_tags   = merge(local.tags, { Software = "client", SoftwareVersion = var.client_version, OS = "al2023" })
  }

  source "amazon-ebs.debian" {
    ami_name        = "bench-client-${var.client_version}-debian12-${var.architecture}-${local.stamp}"
    ami_description = "Load generator ${var.client_version} on Debian 12"
    tags            = merge(local.tags, { Software = "client", SoftwareVersion = var.client_version, OS = "debian12" })
    snapshot_tags   = merge(local.tags, { Software = "client", SoftwareVersion = var.client_version, OS = "debian12" })
  }

  provisioner "file" {
    source      = "${path.root}/scripts/lib.sh"
    destination = "/tmp/bench-install-lib.sh"
  }

  provisioner "shell" {
    execute_command = local.execute
    scripts = [
      "${path.root}/scripts/base.sh",
      "${path.root}/scripts/client.sh",
      "${path.root}/scripts/clean.sh",
    ]
    environment_vars = local.environment
  }
}
