output "instances" {
  description = "The instances, in order: id, role, addresses."
  value = [
    for i, instance in aws_instance.this : {
      id         = instance.id
      role       = var.role
      name       = "${var.role}-${i + 1}"
      private_ip = var.addresses[i].private_ip
      public_ip  = instance.public_ip
    }
  ]
}
