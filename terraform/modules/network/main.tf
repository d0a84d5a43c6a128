# A VPC with one public subnet a zone. Instances have public addresses to bring packages and to reach the AWS API without
# a NAT gateway (which would cost more than the smallest cluster); who may come in is the security groups' matter.

data "aws_availability_zones" "available" {
  state = "available"

  # Local and wavelength zones lack most instance types.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  # One zone by default: traffic between zones is slower and is paid for.
  zones = length(var.availability_zones) > 0 ? var.availability_zones : slice(data.aws_availability_zones.available.names, 0, 1)
}

resource "aws_vpc" "this" {
  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = merge(var.tags, { Name = var.name, Role = "network" })
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = merge(var.tags, { Name = var.name, Role = "network" })
}

resource "aws_subnet" "this" {
  count = length(local.zones)

  vpc_id            = aws_vpc.this.id
  availability_zone = local.zones[count.index]
  # 10.0.0.0/16 gives 10.0.1.0/24, 10.0.2.0/24, …
  cidr_block = cidrsubnet(var.vpc_cidr, 8, count.index + 1)
  # Each instance says itself that it wants one.
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "${var.name}-${local.zones[count.index]}", Role = "network" })
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id

  tags = merge(var.tags, { Name = var.name, Role = "network" })
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "this" {
  count = length(aws_subnet.this)

  subnet_id      = aws_subnet.this[count.index].id
  route_table_id = aws_route_table.this.id
}
