output "instances" {
  description = "All instances of the cluster."
  value       = concat(module.zookeeper.instances, module.bookkeeper.instances, module.broker.instances)
}

output "drivers" {
  description = "What load generators add to driver files: lines of `DRIVER KEY: VALUE`."
  value       = ["pulsar servers: [${join(", ", [for address in local.brokers : "${address}:6650"])}]"]
}

output "secrets" {
  description = "Secrets that load generators read: environment variable, parameter name and ARN."
  value       = []
}
