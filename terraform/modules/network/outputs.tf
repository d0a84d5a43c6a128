output "vpc_id" {
  description = "Id of the VPC."
  # Instances start only where packages can be brought from.
  value      = aws_vpc.this.id
  depends_on = [aws_route.internet, aws_route_table_association.this]
}

output "subnets" {
  description = "Subnets, one a zone."
  value       = [for subnet in aws_subnet.this : { id = subnet.id, cidr = subnet.cidr_block, zone = subnet.availability_zone }]
  depends_on  = [aws_route.internet, aws_route_table_association.this]
}
