output "instances" {
  description = "All instances of the cluster."
  value       = module.nodes.instances
}

output "drivers" {
  description = "What load generators add to driver files: lines of `DRIVER KEY: VALUE`."
  value = [
    "rabbitmq servers: [${join(", ", [for address in local.nodes : "${address}:5672"])}]",
    "rabbitmq username: bench",
    "rabbitmq passwordEnv: BENCH_RABBITMQ_PASSWORD",
  ]
}

output "secrets" {
  description = "Secrets that load generators read: environment variable, parameter name and ARN."
  value = [{
    variable = "BENCH_RABBITMQ_PASSWORD"
    name     = aws_ssm_parameter.password.name
    arn      = aws_ssm_parameter.password.arn
  }]
}
