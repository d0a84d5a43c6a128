# Images with Apache Kafka.

variable "kafka_version" {
  type        = string
  default     = "4.3.1"
  description = "Version of Kafka."
}

variable "kafka_checksum" {
  type        = string
  default     = "sha512:c7d7b2318cb51aa0c61d3246a51c349210073c5c9b754947ef965a439f2f939e8600f204e134a75ac31faf3829c9370960ef7c6a9886c8a1dbf0339a21f4c54c"
  description = "sha512:HEX of the archive. For another version give its own, or `published`: what upstream publishes beside it."
}

variable "kafka_download_base" {
  type        = string
  default     = "https://archive.apache.org/dist/kafka"
  description = "Where VERSION/kafka_2.13-VERSION.tgz is; a mirror of your own will do, the checksum stays."
}

build {
  name = "kafka"

  source "amazon-ebs.amazon_linux" {
    ami_name        = "bench-kafka-${var.kafka_version}-al2023-${var.architecture}-${local.stamp}"
    ami_description = "Apache Kafka ${var.kafka_version} on Amazon Linux 2023"
    tags            = merge(local.tags, { Software = "kafka", SoftwareVersion = var.kafka_version, OS = "al2023" })
    snapshot_tags   = merge(local.tags, { Software = "kafka", SoftwareVersion = var.kafka_version, OS = "al2023" })
  }

  source "amazon-ebs.debian" {
    ami_name        = "bench-kafka-${var.kafka_version}-debian12-${var.architecture}-${local.stamp}"
    ami_description = "Apache Kafka ${var.kafka_version} on Debian 12"
    tags            = merge(local.tags, { Software = "kafka", SoftwareVersion = var.kafka_version, OS = "debian12" })
    snapshot_tags   = merge(local.tags, { Software = "kafka", SoftwareVersion = var.kafka_version, OS = "debian12" })
  }

  provisioner "file" {
    source      = "${path.root}/scripts/lib.sh"
    destination = "/tmp/bench-install-lib.sh"
  }

  provisioner "shell" {
    execute_command = local.execute
    scripts = [
      "${path.root}/scripts/base.sh",
      "${path.root}/scripts/kafka.sh",
      "${path.root}/scripts/clean.sh",
    ]
    environment_vars = concat(local.environment, [
      "KAFKA_VERSION=${var.kafka_version}",
      "KAFKA_CHECKSUM=${var.kafka_checksum}",
      "KAFKA_DOWNLOAD_BASE=${var.kafka_download_base}",
    ])
  }
}
