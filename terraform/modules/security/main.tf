# One security group for the instances of one cluster: what comes in is listed rule by rule, what goes out is free.

resource "aws_security_group" "this" {
  name        = var.name
  description = var.description
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = var.name, Role = var.role })
}

# Between the instances of the cluster, on private addresses.
resource "aws_vpc_security_group_ingress_rule" "inside" {
  for_each = var.inside

  security_group_id            = aws_security_group.this.id
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value.from
  to_port                      = coalesce(each.value.to, each.value.from)
  referenced_security_group_id = aws_security_group.this.id

  tags = merge(var.tags, { Name = "${var.name}-inside-${each.key}", Role = var.role })
}

# From instances of other groups, e.g. the load generators.
resource "aws_vpc_security_group_ingress_rule" "from" {
  for_each = var.from

  security_group_id            = aws_security_group.this.id
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value.from
  to_port                      = coalesce(each.value.to, each.value.from)
  referenced_security_group_id = each.value.security_group_id

  tags = merge(var.tags, { Name = "${var.name}-from-${each.key}", Role = var.role })
}

# Off unless somebody asks: work on instances goes through Systems Manager, which needs no open port.
resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each = toset(var.ssh_cidr_blocks)

  security_group_id = aws_security_group.this.id
  description       = "SSH"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = each.value

  tags = merge(var.tags, { Name = "${var.name}-ssh", Role = var.role })
}

# Packages, the AWS API, and the rest of the cluster.
resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.this.id
  description       = "Packages, the AWS API and the other instances"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"

  tags = merge(var.tags, { Name = "${var.name}-out", Role = var.role })
}
