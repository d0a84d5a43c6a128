output "instances" {
  description = "The gateways."
  value       = module.nodes.instances
}

output "drivers" {
  description = "What load generators add to driver files: lines of `DRIVER KEY: VALUE`."
  value = [
    "otlp servers: [${join(", ", [for address in module.addresses.private_ips : "http://${address}:4318, grpc://${address}:4317"])}]",
    "otlp sinkHost: ${var.sink_address}",
  ]
}

output "secrets" {
  description = "Secrets that load generators read: environment variable, parameter name and ARN."
  value       = []
}
