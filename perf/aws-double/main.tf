# What the lab needs of AWS, in small: the proof that the real provider works against the test double.
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

provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  s3_use_path_style           = true

  default_tags {
    tags = {
      ExperimentID = var.experiment_id
      ManagedBy    = "terraform"
    }
  }
}

data "aws_ami" "linux" {
  owners      = ["amazon"]
  most_recent = true
}

resource "aws_vpc" "this" {
  cidr_block = "10.42.0.0/16"
}

resource "aws_subnet" "this" {
  vpc_id                  = aws_vpc.this.id
  cidr_block              = "10.42.1.0/24"
  map_public_ip_on_launch = true
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_route_table_association" "this" {
  subnet_id      = aws_subnet.this.id
  route_table_id = aws_route_table.this.id
}

resource "aws_security_group" "this" {
  name   = var.experiment_id
  vpc_id = aws_vpc.this.id

  ingress {
    from_port = 0
    to_port   = 0
    protocol  = "-1"
    self      = true
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_iam_role" "this" {
  name = var.experiment_id

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "ssm" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "this" {
  name = var.experiment_id
  role = aws_iam_role.this.name
}

resource "aws_launch_template" "this" {
  name          = var.experiment_id
  image_id      = data.aws_ami.linux.id
  instance_type = "t3.small"
  user_data     = base64encode("#!/bin/bash\necho \"booted by user data\" > /srv/state\n")

  iam_instance_profile {
    name = aws_iam_instance_profile.this.name
  }
}

resource "aws_instance" "this" {
  count                  = 2
  subnet_id              = aws_subnet.this.id
  vpc_security_group_ids = [aws_security_group.this.id]

  launch_template {
    id      = aws_launch_template.this.id
    version = "$Latest"
  }

  # The provider hashes the hash of the template's user data that it has read, and so sees a change for ever.
  lifecycle {
    ignore_changes = [user_data]
  }
}

resource "aws_instance" "spot" {
  ami                    = data.aws_ami.linux.id
  instance_type          = "t3.small"
  subnet_id              = aws_subnet.this.id
  vpc_security_group_ids = [aws_security_group.this.id]
  iam_instance_profile   = aws_iam_instance_profile.this.name

  instance_market_options {
    market_type = "spot"
  }

  metadata_options {
    http_tokens = "required"
  }
}

output "instance_ids" {
  value = concat(aws_instance.this[*].id, [aws_instance.spot.id])
}
