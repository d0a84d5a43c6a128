output "instances" {
  description = "All instances of the cluster."
  value       = module.nodes.instances
}

output "drivers" {
  description = "What load generators add to driver files: lines of `DRIVER KEY: VALUE`."
  value       = ["kafka servers: [${join(", ", [for address in local.nodes : "${address}:9092"])}]"]
}

output "secrets" {
  description = "Secrets that load generators read: environment variable, parameter name and ARN."
  value       = []
}
