# Images with Apache Pulsar: ZooKeeper, bookies and brokers start from the same one.

variable "pulsar_version" {
  type        = string
  default     = "4.0.8"
  description = "Version of Pulsar."
}

variable "pulsar_checksum" {
  type        = string
  default     = "published"
  description = "sha512:HEX or sha256:HEX of the archive, or `published`: what upstream publishes beside it, asked of upstream's own site whatever the mirror."
}

variable "pulsar_download_base" {
  type        = string
  default     = "https://archive.apache.org/dist/pulsar"
  description = "Where pulsar-VERSION/apache-pulsar-VERSION-bin.tar.gz is."
}

build {
  name = "pulsar"

  source "amazon-ebs.amazon_linux" {
    ami_name        = "bench-pulsar-${var.pulsar_version}-al2023-${var.architecture}-${local.stamp}"
    ami_description = "Apache Pulsar ${var.pulsar_version} on Amazon Linux 2023"
    tags            = merge(local.tags, { Software = "pulsar", SoftwareVersion = var.pulsar_version, OS = "al2023" })
    snapshot_tags   = merge(local.tags, { Software = "pulsar", SoftwareVersion = var.pulsar_version, OS = "al2023" })
  }

  source "amazon-ebs.debian" {
    ami_name        = "bench-pulsar-${var.pulsar_version}-debian12-${var.architecture}-${local.stamp}"
    ami_description = "Apache Pulsar ${var.pulsar_version} on Debian 12"
    tags            = merge(local.tags, { Software = "pulsar", SoftwareVersion = var.pulsar_version, OS = "debian12" })
    snapshot_tags   = merge(local.tags, { Software = "pulsar", SoftwareVersion = var.pulsar_version, OS = "debian12" })
  }

  provisioner "file" {
    source      = "${path.root}/scripts/lib.sh"
    destination = "/tmp/bench-install-lib.sh"
  }

  provisioner "shell" {
    execute_command = local.execute
    scripts = [
      "${path.root}/scripts/base.sh",
      "${path.root}/scripts/pulsar.sh",
      "${path.root}/scripts/clean.sh",
    ]
    environment_vars = concat(local.environment, [
      "PULSAR_VERSION=${var.pulsar_version}",
      "PULSAR_CHECKSUM=${var.pulsar_checksum}",
      "PULSAR_DOWNLOAD_BASE=${var.pulsar_download_base}",
    ])
  }
}
