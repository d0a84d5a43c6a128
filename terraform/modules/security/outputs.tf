output "id" {
  description = "Id of the group."
  # Instances must not start before their rules are there: nodes of a cluster look for each other at once.
  value = aws_security_group.this.id
  depends_on = [
    aws_vpc_security_group_ingress_rule.inside,
    aws_vpc_security_group_ingress_rule.from,
    aws_vpc_security_group_egress_rule.all,
  ]
}
