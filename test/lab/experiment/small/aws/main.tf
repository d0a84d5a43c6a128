# An experiment in small, in the place of terraform/: a broker and a load generator that boot within a second, with the
# variables and outputs of the real root, so that every step of an experiment's life is short.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

variable "experiment_id" {
  type = string
}

variable "experiment_name" {
  type = string
}

variable "project" {
  type = string
}

variable "expires_at" {
  type = string
}

variable "region" {
  type = string
}

variable "tags" {
  type = map(string)
}

variable "bench_archive" {
  type = string
}

variable "use_spot_instances" {
  type = bool
}

locals {
  name  = "bench-${var.experiment_id}"
  roles = ["kafka", "client"]
  tags = merge(var.tags, {
    Project      = var.project
    ExperimentID = var.experiment_id
    Experiment   = var.experiment_name
    ManagedBy    = "terraform"
    TTL          = var.expires_at
  })
}

provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "this" {
  vpc_id                  = aws_vpc.this.id
  cidr_block              = "10.0.1.0/24"
  map_public_ip_on_launch = true
}

resource "aws_security_group" "this" {
  name   = local.name
  vpc_id = aws_vpc.this.id

  ingress {
    from_port = 0
    to_port   = 0
    protocol  = "-1"
    self      = true
  }
}

resource "aws_iam_role" "this" {
  name = local.name

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_instance_profile" "this" {
  name = local.name
  role = aws_iam_role.this.name
}

resource "aws_s3_bucket" "this" {
  bucket_prefix = "${local.name}-"
  force_destroy = true
}

resource "aws_s3_object" "bench" {
  bucket = aws_s3_bucket.this.id
  key    = "bench/bench.tar.gz"
  source = var.bench_archive
}

resource "aws_instance" "this" {
  count = 2

  ami                    = "ami-0deb1a12000000001"
  instance_type          = "t3.small"
  subnet_id              = aws_subnet.this.id
  private_ip             = "10.0.1.${10 + count.index}"
  vpc_security_group_ids = [aws_security_group.this.id]
  iam_instance_profile   = aws_iam_instance_profile.this.name
  user_data              = "#!/bin/bash\nBUCKET=${aws_s3_bucket.this.id} exec /usr/local/bin/small-boot ${local.roles[count.index]}\n"

  dynamic "instance_market_options" {
    for_each = var.use_spot_instances ? [1] : []
    content {
      market_type = "spot"
    }
  }

  volume_tags = local.tags
  tags        = { Name = "${local.name}-${local.roles[count.index]}-1", Role = local.roles[count.index] }
}

output "bucket" {
  value = aws_s3_bucket.this.bucket
}

output "instances" {
  value = [for i, each in aws_instance.this : { id = each.id, role = local.roles[i] }]
}
