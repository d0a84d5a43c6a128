# Images with RabbitMQ: upstream's release with upstream's Erlang on Amazon Linux, Debian's own packages on Debian.

variable "rabbitmq_version" {
  type        = string
  default     = "4.3.1"
  description = "Version of RabbitMQ on Amazon Linux."
}

variable "rabbitmq_checksum" {
  type        = string
  default     = "sha256:fc65179276a5e929258caab98d5ad1f1b10b51ccc56a128c50a00ed06e518103"
  description = "sha256:HEX of the archive rabbitmq-server-generic-unix-VERSION.tar.xz."
}

variable "rabbitmq_download_base" {
  type        = string
  default     = "https://github.com/rabbitmq/rabbitmq-server/releases/download"
  description = "Where vVERSION/rabbitmq-server-generic-unix-VERSION.tar.xz is."
}

variable "erlang_version" {
  type        = string
  default     = "27.3.4.6"
  description = "Version of Erlang on Amazon Linux."
}

variable "erlang_download_base" {
  type        = string
  default     = "https://github.com/rabbitmq/erlang-rpm/releases/download"
  description = "Where vVERSION/erlang-VERSION-1.el9.ARCHITECTURE.rpm is; packages are checked by RabbitMQ's signing key."
}

variable "rabbitmq_debian_version" {
  type        = string
  default     = "3.10.8"
  description = "Version of RabbitMQ that Debian 12 packs; apt checks its signature."
}

build {
  name = "rabbitmq"

  source "amazon-ebs.amazon_linux" {
    ami_name        = "bench-rabbitmq-${var.rabbitmq_version}-al2023-${var.architecture}-${local.stamp}"
    ami_description = "RabbitMQ ${var.rabbitmq_version} on Amazon Linux 2023"
    tags            = merge(local.tags, { Software = "rabbitmq", SoftwareVersion = var.rabbitmq_version, OS = "al2023" })
    snapshot_tags   = merge(local.tags, { Software = "rabbitmq", SoftwareVersion = var.rabbitmq_version, OS = "al2023" })
  }

  source "amazon-ebs.debian" {
    ami_name        = "bench-rabbitmq-${var.rabbitmq_debian_version}-debian12-${var.architecture}-${local.stamp}"
    ami_description = "RabbitMQ ${var.rabbitmq_debian_version} on Debian 12"
    tags            = merge(local.tags, { Software = "rabbitmq", SoftwareVersion = var.rabbitmq_debian_version, OS = "debian12" })
    snapshot_tags   = merge(local.tags, { Software = "rabbitmq", SoftwareVersion = var.rabbitmq_debian_version, OS = "debian12" })
  }

  provisioner "file" {
    source      = "${path.root}/scripts/lib.sh"
    destination = "/tmp/bench-install-lib.sh"
  }

  provisioner "shell" {
    execute_command = local.execute
    scripts = [
      "${path.root}/scripts/base.sh",
      "${path.root}/scripts/rabbitmq.sh",
      "${path.root}/scripts/clean.sh",
    ]
    environment_vars = concat(local.environment, [
      "RABBITMQ_VERSION=${var.rabbitmq_version}",
      "RABBITMQ_CHECKSUM=${var.rabbitmq_checksum}",
      "RABBITMQ_DOWNLOAD_BASE=${var.rabbitmq_download_base}",
      "RABBITMQ_DEBIAN_VERSION=${var.rabbitmq_debian_version}",
      "ERLANG_VERSION=${var.erlang_version}",
      "ERLANG_DOWNLOAD_BASE=${var.erlang_download_base}",
    ])
  }
}
